"""Where a block of lines comes from, and what a decoder of lines gives."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sightline.base.limits import MAX_AHEAD_NS
from sightline.wire.log_rows import LogRows

if TYPE_CHECKING:
    from sightline.wire.log_object import LogObject


@dataclass(frozen=True, slots=True)
class Source:
    """
    What all lines of a block have in common.

    Attributes:
        resource: what describes the sender, such as ``service.name`` and ``log.file.path``.
        time_ns: time of lines before any that tells one; nanoseconds since the epoch.
    """

    resource: dict[str, Any] = field(default_factory=dict)
    time_ns: int = field(default_factory=time.time_ns)


class FileRows:
    """
    Collects the records of a block.

    A record without a time has that of the one before it; one from the far future, which the store would refuse, too.

    Attributes:
        rows: the rows so far.
        unread: lines that were not of the format; they are kept whole, as bodies.
    """

    def __init__(self, source: Source) -> None:
        self.rows = LogRows(source.time_ns)
        self.unread = 0
        self._source = source
        self._time_ns = source.time_ns

    def add(self, record: LogObject) -> None:
        """Add a record."""
        if 0 < record.time_ns <= self._source.time_ns + MAX_AHEAD_NS:
            self._time_ns = record.time_ns
        record.time_ns = self._time_ns
        record.resource = {**self._source.resource, **record.resource} if record.resource else self._source.resource
        record.add_to(self.rows)
