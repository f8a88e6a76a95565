"""Lines on their way into the store: what was read and is inserted together."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from sightline.server.services import Tally
from sightline.state.offsets import Intent, Range
from sightline.store.inserts import ENTRY, RECORD_ENTRY, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    from sightline.server.ingest.quarantine import BadLine
    from sightline.spool.format import Header
    from sightline.spool.reader import Chunk

    Words = np.ndarray[tuple[int], np.dtype[np.uint64]]
    Lengths = np.ndarray[tuple[int], np.dtype[np.int64]]
    Mask = np.ndarray[tuple[int], np.dtype[np.bool]]

ENTRY_BYTES: Final = 16
"""What an entry of a map costs in a row beside its text: two offsets."""

RESOURCES_BYTES: Final = 128 * 1024
"""Bytes of a batch's resources in the statement: each insert parses them, and takes 200 times their memory for it."""

STORED_RESOURCES_BYTES: Final = 256 * 1024
"""Where an intent's resources have more, nothing of it was stored: the engine takes no statement that is longer."""

PLAIN: Final = "plain:"
"""
What the token of an intent begins with whose lines go by the door for logs and spans: a token holds behind one door, so
the lines of an intent of an older version go by the door that this version took.
"""

_LOG: Final = b'{"kind":"log"'
_SPAN: Final = b'{"kind":"span"'
_EVENT: Final = b'{"kind":"event"'
_METRIC: Final = b'{"kind":"metric"'
_PROFILE: Final = b'{"kind":"profile"'
_SAMPLE: Final = b'"value":'
_STACK: Final = b'"stack":'
_NEWLINE: Final = 10
_PASSED: Final = 2
_WORD: Final = np.dtype("<u8")
"""What a line's kind is told by: the eight bytes behind ``{"``, such as ``kind":"l``."""

_LOST: Final = b'"sightline.lost_records":'
_LOST_COUNT: Final = re.compile(re.escape(_LOST) + rb"(\d{1,18})")


class Piece(NamedTuple):
    """A chunk, the bytes that the engine unfolds it to, its records, and whether all its lines are logs or spans."""

    chunk: Chunk
    weight: int
    tally: Tally
    plain: bool


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
        plain: whether all their lines are logs or spans.
        intent: once it was written down.
        sending: the insert that runs or ended, with the lines that could not be stored.
    """

    chunks: list[Chunk] = field(default_factory=list)
    resources: dict[str, dict[str, str]] = field(default_factory=dict)
    size_bytes: int = 0
    weight: int = 0
    resources_bytes: int = 0
    tally: Tally = field(default_factory=Tally)
    plain: bool = True
    intent: Intent | None = None
    sending: Future[list[BadLine]] | None = None

    def takes(self, piece: Piece, weight_limit: int) -> bool:
        """Tell whether the piece may join: one instance has one resource in an insert, and an intent is final."""
        header = piece.chunk.header
        if self.intent is not None or (self.chunks and self.weight + piece.weight > weight_limit):
            return False
        if header.instance in self.resources:
            return self.resources[header.instance] == header.resource
        return not self.chunks or self.resources_bytes + _text_bytes(header) <= RESOURCES_BYTES

    def add(self, piece: Piece) -> None:
        """Let a piece join."""
        chunk = piece.chunk
        self.chunks.append(chunk)
        if chunk.header.instance not in self.resources:
            self.resources[chunk.header.instance] = chunk.header.resource
            self.resources_bytes += _text_bytes(chunk.header)
        self.size_bytes += len(chunk.lines)
        self.weight += piece.weight
        self.tally.add(piece.tally)
        self.plain &= piece.plain

    def parts(self) -> list[Batch]:
        """Give what is inserted by itself: the batch, or parts of one whose resources no statement has room for."""
        if self.resources_bytes <= STORED_RESOURCES_BYTES:
            return [self]
        return gathered(map(weigh, self.chunks), self.weight)

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


def gathered(pieces: Iterable[Piece], weight_limit: int) -> list[Batch]:
    """Gather pieces in batches; the same pieces always in the same way."""
    batches: list[Batch] = []
    for piece in pieces:
        if not batches or not batches[-1].takes(piece, weight_limit):
            batches.append(Batch())
        batches[-1].add(piece)
    return batches


def weigh(chunk: Chunk) -> Piece:
    """
    Count a chunk's records, and estimate the bytes that the engine unfolds it to.

    Every row has all the resource. Logs count twice: where no word of theirs comes twice, the index of words takes
    twenty times their bytes.
    """
    resource = sum(len(key) + len(value) + ENTRY_BYTES for key, value in chunk.header.resource.items())
    kinds, lengths = _kinds(chunk.lines)
    tally = _tally(chunk.lines, kinds)
    stacks = _within(chunk.lines, _PROFILE, _STACK) if _begin(kinds, _PROFILE).any() else 0
    unfolded = len(chunk.lines) + int(lengths[_begin(kinds, _LOG)].sum())
    weight = unfolded + resource * (len(kinds) + tally.samples + stacks)
    return Piece(chunk, weight, tally, tally.logs + tally.spans == len(kinds))


def cut(chunk: Chunk, weight_limit: int) -> Iterator[Piece]:
    """Cut a chunk into pieces of whole lines: of about *weight_limit* each, or a single line."""
    whole = weigh(chunk)
    if whole.weight <= weight_limit:
        yield whole
        return
    step = max(1, len(chunk.lines) * weight_limit // whole.weight)
    start = 0
    while start < len(chunk.lines):
        end = chunk.lines.rfind(b"\n", start, start + step) + 1 or chunk.lines.find(b"\n", start) + 1
        yield weigh(replace(chunk, start=chunk.start + start, end=chunk.start + end, lines=chunk.lines[start:end]))
        start = end


def door_of(token: str) -> str:
    """Tell by which door the lines of an intent go: the same whenever they are sent, and by whichever version."""
    return RECORD_ENTRY if token.startswith(PLAIN) else ENTRY


def count(lines: bytes) -> Tally:
    """Count the records in lines by signal, looking only at how lines begin; metrics are looked through."""
    return _tally(lines, _kinds(lines)[0])


def count_lost(lines: bytes) -> int:
    """Add up the losses that processes report in their own records."""
    if _LOST not in lines:
        return 0
    return sum(int(found) for found in _LOST_COUNT.findall(lines))


def _text_bytes(header: Header) -> int:
    return len(written(header.instance, header.resource).encode())


def _kinds(lines: bytes) -> tuple[Words, Lengths]:
    """Give of every line the word that tells its kind, and its length in bytes."""
    ends = np.flatnonzero(np.frombuffer(lines, dtype=np.uint8) == _NEWLINE)
    begins = np.zeros(len(ends), dtype=np.int64)
    begins[1:] = ends[:-1] + 1
    last = len(lines) - _WORD.itemsize
    if last < 0:
        return np.zeros(len(ends), dtype=_WORD), ends - begins
    # Of the words that begin at every byte those of the lines are taken: a fifth of what counting texts costs.
    words = np.ndarray((last + 1,), dtype=_WORD, buffer=lines, strides=(1,))
    return words[np.minimum(begins + _PASSED, last)], ends - begins


def _begin(kinds: Words, mark: bytes) -> Mask:
    """Tell of every line whether it begins with *mark*, as far as a word tells."""
    found: Mask = kinds == int.from_bytes(mark[_PASSED : _PASSED + _WORD.itemsize], "little")
    return found


def _tally(lines: bytes, kinds: Words) -> Tally:
    logs, spans, metrics, events = (int(_begin(kinds, mark).sum()) for mark in (_LOG, _SPAN, _METRIC, _EVENT))
    return Tally(logs=logs, spans=spans, events=events, samples=_within(lines, _METRIC, _SAMPLE) if metrics else 0)


def _within(lines: bytes, kind: bytes, mark: bytes) -> int:
    """Count *mark* in the lines of one kind."""
    total = 0
    start = 0 if lines.startswith(kind) else lines.find(b"\n" + kind)
    while start >= 0:
        end = lines.find(b"\n", start + 1)
        total += lines.count(mark, start, end)
        start = lines.find(b"\n" + kind, end)
    return total
