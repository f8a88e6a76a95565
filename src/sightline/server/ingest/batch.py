"""Lines on their way into the store: what was read and is inserted together."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sightline.server.services import Tally
from sightline.state.offsets import Intent, Range

if TYPE_CHECKING:
    from sightline.spool.reader import Chunk

_LOG: Final = b'{"kind":"log"'
_SPAN: Final = b'{"kind":"span"'
_EVENT: Final = b'{"kind":"event"'
_METRIC: Final = b'{"kind":"metric"'
_SAMPLE: Final = b'"value":'
_LOST: Final = b'"sightline.lost_records":'
_LOST_COUNT: Final = re.compile(re.escape(_LOST) + rb"(\d{1,18})")


@dataclass(slots=True)
class Batch:
    """
    Chunks that go into one insert.

    Attributes:
        chunks: in the order in which they were read.
        resources: of every instance among them.
        size_bytes: of all their lines.
        tally: of all their records.
        intent: once it was written down.
    """

    chunks: list[Chunk] = field(default_factory=list)
    resources: dict[str, dict[str, str]] = field(default_factory=dict)
    size_bytes: int = 0
    tally: Tally = field(default_factory=Tally)
    intent: Intent | None = None

    def takes(self, chunk: Chunk) -> bool:
        """Tell whether the chunk may join: one instance has one resource in an insert, and an intent is final."""
        header = chunk.header
        return self.intent is None and self.resources.get(header.instance, header.resource) == header.resource

    def add(self, chunk: Chunk, tally: Tally) -> None:
        """Let a chunk join, with the number of its records."""
        self.chunks.append(chunk)
        self.resources[chunk.header.instance] = chunk.header.resource
        self.size_bytes += len(chunk.lines)
        self.tally.add(tally)

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
    """Count the records in lines by signal, looking only at how lines begin; metrics are looked through."""
    logs, spans = _starting(lines, _LOG), _starting(lines, _SPAN)
    if lines.count(b"\n") == logs + spans:  # nearly always, and it spares two more passes
        return Tally(logs=logs, spans=spans)
    return Tally(logs=logs, spans=spans, events=_starting(lines, _EVENT), samples=_samples(lines))


def count_lost(lines: bytes) -> int:
    """Add up the losses that processes report in their own records."""
    if _LOST not in lines:
        return 0
    return sum(int(found) for found in _LOST_COUNT.findall(lines))


def _starting(lines: bytes, mark: bytes) -> int:
    return lines.count(b"\n" + mark) + lines.startswith(mark)


def _samples(lines: bytes) -> int:
    total = 0
    start = 0 if lines.startswith(_METRIC) else lines.find(b"\n" + _METRIC)
    while start >= 0:
        end = lines.find(b"\n", start + 1)
        total += lines.count(_SAMPLE, start, end)
        start = lines.find(b"\n" + _METRIC, end)
    return total
