"""
For tests of code that records: what was recorded, in memory, as records.

``with capture() as captured: …`` and then ``captured.logs``, ``.spans``, ``.events``, ``.metrics``.
"""

from __future__ import annotations

import contextlib
import tempfile
from typing import TYPE_CHECKING, Any

from sightline.model.event import EventRecord
from sightline.model.log import LogRecord
from sightline.model.metric import MetricRecord
from sightline.model.profile import ProfileRecord
from sightline.model.span import SpanRecord
from sightline.sdk.configure import configure, shutdown
from sightline.sdk.recorder import recorder
from sightline.wire.lines import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sightline.wire.lines import Record

__all__ = ["Captured", "capture"]


class Captured:
    """
    What was recorded, in the order of recording.

    Attributes:
        lines: the encoded lines, as a segment would hold them.
    """

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    @property
    def records(self) -> list[Record]:
        """All records, read back from their lines."""
        return [decode(line) for line in self.lines]

    @property
    def logs(self) -> list[LogRecord]:
        """The log records."""
        return [record for record in self.records if isinstance(record, LogRecord)]

    @property
    def spans(self) -> list[SpanRecord]:
        """The spans, in the order of their ends."""
        return [record for record in self.records if isinstance(record, SpanRecord)]

    @property
    def events(self) -> list[EventRecord]:
        """The events."""
        return [record for record in self.records if isinstance(record, EventRecord)]

    @property
    def metrics(self) -> list[MetricRecord]:
        """The snapshots of metrics, one a family."""
        return [record for record in self.records if isinstance(record, MetricRecord)]

    @property
    def profiles(self) -> list[ProfileRecord]:
        """The profiles, one an interval or more."""
        return [record for record in self.records if isinstance(record, ProfileRecord)]

    def clear(self) -> None:
        """Forget what was recorded so far."""
        self.lines.clear()


@contextlib.contextmanager
def capture(**settings: Any) -> Iterator[Captured]:
    """
    Record into memory within the block, with these settings, and nothing afterwards.

    Args:
        settings: as for ``sightline.configure``; the service is ``test`` where none is given.
    """
    captured = Captured()
    with tempfile.TemporaryDirectory(prefix="sightline-test-") as home:
        configure(**{"service": "test", "home": home, **settings})
        recorder.append = captured.lines.append
        try:
            yield captured
        finally:
            shutdown()
