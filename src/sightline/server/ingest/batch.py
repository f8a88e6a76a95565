"""Lines on their way into the store: what was read and is inserted together."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from sightline.server.services import Tally
from sightline.state.offsets import Intent, Range
from sightline.store.inserts import written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    from sightline.server.ingest.quarantine import BadLine
    from sightline.spool.format import Header
    from sightline.spool.reader import Chunk

ENTRY_BYTES: Final = 16
"""What an entry of a map costs in a row beside its text: two offsets."""

RESOURCES_BYTES: Final = 128 * 1024
"""Bytes of a batch's resources in the statement: each insert parses them, and takes 200 times their memory for it."""

STORED_RESOURCES_BYTES: Final = 256 * 1024
"""Where an intent's resources have more, nothing of it was stored: the engine takes no statement that is longer."""

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
        weight: bytes that the engine unfolds them to, see ``weigh``.
        resources_bytes: of the resources' text in the statement.
        tally: of all their records.
        intent: once it was written down.
        sending: the insert that runs or ended, with the lines that could not be stored.
    """

    chunks: list[Chunk] = field(default_factory=list)
    resources: dict[str, dict[str, str]] = field(default_factory=dict)
    size_bytes: int = 0
    weight: int = 0
    resources_bytes: int = 0
    tally: Tally = field(default_factory=Tally)
    intent: Intent | None = None
    sending: Future[list[BadLine]] | None = None

    def takes(self, chunk: Chunk, weight: int, weight_limit: int) -> bool:
        """Tell whether the chunk may join: one instance has one resource in an insert, and an intent is final."""
        header = chunk.header
        if self.intent is not None or (self.chunks and self.weight + weight > weight_limit):
            return False
        if header.instance in self.resources:
            return self.resources[header.instance] == header.resource
        return not self.chunks or self.resources_bytes + _text_bytes(header) <= RESOURCES_BYTES

    def add(self, chunk: Chunk, weight: int, tally: Tally) -> None:
        """Let a chunk join, with its weight and the number of its records."""
        self.chunks.append(chunk)
        if chunk.header.instance not in self.resources:
            self.resources[chunk.header.instance] = chunk.header.resource
            self.resources_bytes += _text_bytes(chunk.header)
        self.size_bytes += len(chunk.lines)
        self.weight += weight
        self.tally.add(tally)

    def parts(self) -> list[Batch]:
        """Give what is inserted by itself: the batch, or parts of one whose resources no statement has room for."""
        if self.resources_bytes <= STORED_RESOURCES_BYTES:
            return [self]
        return gathered(((chunk, weigh(chunk)) for chunk in self.chunks), self.weight)

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


def gathered(pieces: Iterable[tuple[Chunk, int]], weight_limit: int) -> list[Batch]:
    """Gather pieces, with their weights, in batches; the same pieces always in the same way."""
    batches: list[Batch] = []
    for piece, weight in pieces:
        if not batches or not batches[-1].takes(piece, weight, weight_limit):
            batches.append(Batch())
        batches[-1].add(piece, weight, count(piece.lines))
    return batches


def weigh(chunk: Chunk) -> int:
    """Estimate the bytes that the engine unfolds the chunk to: every row has the whole resource."""
    resource = sum(len(key) + len(value) + ENTRY_BYTES for key, value in chunk.header.resource.items())
    return len(chunk.lines) + resource * chunk.lines.count(b"\n")


def cut(chunk: Chunk, weight_limit: int) -> Iterator[tuple[Chunk, int]]:
    """Cut a chunk into pieces of whole lines, with their weights: about *weight_limit* each, or a single line."""
    weight = weigh(chunk)
    if weight <= weight_limit:
        yield chunk, weight
        return
    step = max(1, len(chunk.lines) * weight_limit // weight)
    start = 0
    while start < len(chunk.lines):
        end = chunk.lines.rfind(b"\n", start, start + step) + 1 or chunk.lines.find(b"\n", start) + 1
        piece = replace(chunk, start=chunk.start + start, end=chunk.start + end, lines=chunk.lines[start:end])
        yield piece, weigh(piece)
        start = end


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


def _text_bytes(header: Header) -> int:
    return len(written(header.instance, header.resource).encode())


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
