"""Lines on their way into the store: what was read and is inserted together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sightline.server.services import Tally
from sightline.state.offsets import Intent, Range

if TYPE_CHECKING:
    from sightline.spool.reader import Chunk

_MARKS: Final = (("logs", b'{"kind":"log"'), ("spans", b'{"kind":"span"'), ("events", b'{"kind":"event"'))
_METRIC: Final = b'{"kind":"metric"'
_SAMPLE: Final = b'"value":'


@dataclass(slots=True)
class Batch:
    """
    Chunks that go into one insert.

    Attributes:
        chunks: in the order in which they were read.
        resources: of every instance among them.
        size_bytes: of all their lines.
        intent: once it was written down.
    """

    chunks: list[Chunk] = field(default_factory=list)
    resources: dict[str, dict[str, str]] = field(default_factory=dict)
    size_bytes: int = 0
    intent: Intent | None = None

    def takes(self, chunk: Chunk) -> bool:
        """Tell whether the chunk may join: one instance has one resource in an insert, and an intent is final."""
        header = chunk.header
        return self.intent is None and self.resources.get(header.instance, header.resource) == header.resource

    def add(self, chunk: Chunk) -> None:
        """Let a chunk join."""
        self.chunks.append(chunk)
        self.resources[chunk.header.instance] = chunk.header.resource
        self.size_bytes += len(chunk.lines)

    def ranges(self) -> list[Range]:
        """Give the ranges of the chunks; those that touch are one."""
        found: list[Range] = []
        last: dict[str, int] = {}
        for chunk in self.chunks:
            index = last.get(chunk.segment)
            if index is not None and found[index].end == chunk.start:
                found[index] = Range(chunk.segment, found[index].start, chunk.end)
            else:
                last[chunk.segment] = len(found)
                found.append(Range(chunk.segment, chunk.start, chunk.end))
        return found


def count(lines: bytes) -> Tally:
    """Count the records in lines by signal, without parsing those that are not metrics."""
    tally = Tally()
    for signal, mark in _MARKS:
        setattr(tally, signal, lines.count(b"\n" + mark) + lines.startswith(mark))
    start = 0 if lines.startswith(_METRIC) else lines.find(b"\n" + _METRIC) + 1
    while start or lines.startswith(_METRIC):
        end = lines.find(b"\n", start + 1)
        tally.samples += lines.count(_SAMPLE, start, end if end >= 0 else len(lines))
        if end < 0:
            break
        start = end + 1 if lines.startswith(_METRIC, end + 1) else lines.find(b"\n" + _METRIC, end) + 1
        if not start:
            break
    return tally
