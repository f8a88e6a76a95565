"""
For tests of code that records: what was recorded, in memory, as records; a clock that stands still, and ids that count.

``with capture(clock=FakeClock(), ids=CountingIds()) as captured: …`` and then ``captured.logs``, ``.spans``,
``.events``, ``.metrics``. docs/howto/test-your-telemetry.md shows each.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sightline.model import ids as ready_ids
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

__all__ = ["Captured", "CountingIds", "FakeClock", "capture"]

_MOST_IDS: Final = 20_000
"""Ids that count within one block; those behind them are random again."""

_MONOTONIC_NS: Final = 1_000_000_000
"""Where the monotonic part of a fake clock begins. A span takes 0 for a clock that was never started."""


class FakeClock:
    """
    A clock that stands still until it is told to go on.

    It is a function, too, that gives seconds since the epoch: ``LogFileHandler("app.log", clock=clock)``.
    """

    def __init__(self, now: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        """Begin at *now*, which is in UTC where it has no time zone."""
        start = now if now.tzinfo is not None else now.replace(tzinfo=UTC)
        self._start_ns = (start - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1) * 1000
        self._gone_ns = 0

    def advance(self, seconds: float) -> None:
        """Go on by *seconds*."""
        self._gone_ns += round(seconds * 1e9)

    def now_ns(self) -> int:
        """Wall time in nanoseconds since the epoch."""
        return self._start_ns + self._gone_ns

    def monotonic_ns(self) -> int:
        """Nanoseconds on a clock that never goes back."""
        return _MONOTONIC_NS + self._gone_ns

    def monotonic_s(self) -> float:
        """Seconds on a clock that never goes back."""
        return self.monotonic_ns() / 1e9

    def __call__(self) -> float:
        """Wall time in seconds since the epoch."""
        return self.now_ns() / 1e9

    @contextlib.contextmanager
    def in_force(self) -> Iterator[None]:
        """Let everything recorded within the block, Python's own logs included, be told at this clock's time."""
        taken = {"time_ns": self.now_ns, "perf_counter_ns": self.monotonic_ns, "perf_counter": self.monotonic_s}
        # Recording asks the time under names of its modules, for speed; a look-up more would cost every record.
        places = [
            (module, name)
            for title, module in list(sys.modules.items())
            if title.startswith("sightline.") and title != __name__
            for name in taken
            if getattr(module, name, None) is getattr(time, name)
        ]
        make = logging.getLogRecordFactory()

        def make_now(*args: Any, **kwargs: Any) -> logging.LogRecord:
            record = make(*args, **kwargs)
            record.created = self()
            record.msecs = record.created % 1 * 1000
            return record

        for module, name in places:
            setattr(module, name, taken[name])
        logging.setLogRecordFactory(make_now)
        try:
            yield
        finally:
            logging.setLogRecordFactory(make)
            for module, name in places:
                setattr(module, name, getattr(time, name))


class CountingIds:
    """Ids of traces and spans that count: ``0000000000000001``, ``0000000000000002``, …; the process's own is all 0."""

    @contextlib.contextmanager
    def in_force(self) -> Iterator[None]:
        """Let everything begun within the block have such ids."""
        instance = recorder.instance
        ready_ids.stock([f"{number:016x}" for number in range(1, _MOST_IDS + 1)])
        recorder.instance = f"{0:016x}"
        try:
            yield
        finally:
            recorder.instance = instance
            ready_ids.forget()


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
def capture(*, clock: FakeClock | None = None, ids: CountingIds | None = None, **settings: Any) -> Iterator[Captured]:
    """
    Record into memory within the block, with these settings, and nothing afterwards.

    Args:
        clock: tells the time of what is recorded, instead of the machine.
        ids: gives the ids of traces and spans, instead of chance.
        settings: as for ``sightline.configure``; the service is ``test`` where none is given.
    """
    captured = Captured()
    with contextlib.ExitStack() as around:
        home = around.enter_context(tempfile.TemporaryDirectory(prefix="sightline-test-"))
        for fake in (clock, ids):
            if fake is not None:
                around.enter_context(fake.in_force())
        configure(**{"service": "test", "home": home, **settings})
        recorder.append = captured.lines.append
        try:
            yield captured
        finally:
            shutdown()
