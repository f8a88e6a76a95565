"""Reads segments while they are written: whole lines from a known offset on, and nothing twice."""

from __future__ import annotations

import fcntl
import logging
import os
import re
from dataclasses import dataclass, field
from heapq import heapify, heappop, heapreplace
from typing import TYPE_CHECKING, Final

from sightline.base.errors import SegmentBroken
from sightline.base.limits import MAX_LINE_BYTES
from sightline.spool.format import HEADER_LIMIT_BYTES, Header, SegmentName, decode_header

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_FIRST_STEP: Final = 4 * 1024
"""First read at a position: most segments have nothing new most of the time, and a page tells."""

_LARGEST_STEP: Final = 1024 * 1024
"""Largest single read; also more than the longest line, so that a read always moves on."""

_PIECE_BYTES: Final = 256 * 1024
"""What is read of one segment before it is the turn of another that has older lines."""

_TIME: Final = re.compile(rb'"time":(\d{1,19})')
_TIME_WITHIN: Final = 64
"""Bytes at a line's begin in which its time stands; one that has it elsewhere is read first."""

_WRITTEN: Final = re.compile(rb"[^\0]")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chunk:
    """
    Whole lines of one segment.

    Attributes:
        segment: the file's name.
        start: offset of the first byte, from the file's start.
        end: offset behind the last newline.
        lines: the bytes between.
        header: of the segment.
    """

    segment: str
    start: int
    end: int
    lines: bytes
    header: Header


@dataclass(frozen=True, slots=True)
class Backlog:
    """What lies in the spool: number of segments, their bytes on disk, and bytes that are not stored yet."""

    segments: int
    bytes: int
    behind_bytes: int


@dataclass(slots=True)
class _Segment:
    path: Path
    file: int
    header: Header
    position: int  # read up to here
    given: int  # the last line that was handed out ends here; holes and torn lines may lie between
    stored: int  # stored up to here
    final: bool = False
    exhausted: bool = False
    torn: int = field(default=0)


class SpoolReader:
    """
    Follows all segments of a directory. Used by one thread.

    A final segment is held with a shared lock from the first byte read until it is deleted, so that no writer drops
    it in between.
    """

    def __init__(self, directory: Path, offsets: Mapping[str, int]) -> None:
        """
        Prepare to read.

        Args:
            directory: the spool; it may not exist yet.
            offsets: how far each segment was stored, by its name.
        """
        self.directory = directory
        self.broken: dict[str, str] = {}
        """Segments that cannot be read, and why. They are left where they are."""
        self._offsets = dict(offsets)
        self._segments: dict[str, _Segment] = {}

    def read(self, limit_bytes: int) -> list[Chunk]:
        """
        Read what is new in the order of time, piece by piece, whichever process wrote it.

        Of a backlog, what is stored together is of one time then, and the store merges it in half the time that it
        takes for parts whose rows lie between each other's.

        Args:
            limit_bytes: stop after about so many bytes.
        """
        names = self._names()
        for gone in self._segments.keys() - set(names):
            self._let_go(gone)
        opened = {name: self._segments.get(name) or self._open(name) for name in names}
        waiting = [(_next_time(each), name, each) for name, each in opened.items() if each and not each.exhausted]
        heapify(waiting)
        chunks: list[Chunk] = []
        while waiting and limit_bytes > 0:
            _, name, segment = waiting[0]
            found = list(self._advance(name, segment, min(limit_bytes, _PIECE_BYTES)))
            if found and not segment.exhausted:
                heapreplace(waiting, (_next_time(segment), name, segment))
            else:
                heappop(waiting)
            chunks += found
            limit_bytes -= sum(len(chunk.lines) for chunk in found)
        return chunks

    def range(self, name: str, start: int, end: int) -> Chunk | None:
        """Read a range again; None where the segment is gone or shorter."""
        segment = self._segments.get(name) or self._open(name)
        if segment is None:
            return None
        segment.position = max(segment.position, end)
        segment.given = max(segment.given, end)
        lines = os.pread(segment.file, end - start, start)
        return Chunk(name, start, end, lines, segment.header) if len(lines) == end - start else None

    def stored(self, name: str, offset: int) -> None:
        """Remember that *name* is stored up to *offset*."""
        self._offsets[name] = offset
        if name in self._segments:
            self._segments[name].stored = offset

    def finished(self) -> list[str]:
        """Delete the segments that are final and stored to their end, and name them."""
        done = [n for n, s in self._segments.items() if s.exhausted and s.final and s.stored >= s.given]
        for name in done:
            self._segments[name].path.unlink(missing_ok=True)
            self._let_go(name)
            self._offsets.pop(name, None)
        return done

    def forgotten(self) -> list[str]:
        """Name the segments that an offset is known of and that are no more."""
        gone = self._offsets.keys() - set(self._names())
        for name in gone:
            del self._offsets[name]
        return sorted(gone)

    def backlog(self) -> Backlog:
        """Measure the spool."""
        total = behind = count = 0
        for name in self._names():
            try:
                size = (self.directory / name).stat().st_size
            except OSError:
                continue
            count += 1
            total += size
            segment = self._segments.get(name)
            behind += max(0, segment.given - segment.stored) if segment else max(0, size - self._offsets.get(name, 0))
        return Backlog(count, total, behind)

    def alive(self) -> dict[str, Header]:
        """Give the headers of the segments whose process still writes them, by instance."""
        return {s.header.instance: s.header for s in self._segments.values() if not s.final}

    def close(self) -> None:
        """Let go of all segments."""
        for name in list(self._segments):
            self._let_go(name)

    def _names(self) -> list[str]:
        try:
            with os.scandir(self.directory) as entries:
                return sorted(entry.name for entry in entries if SegmentName.parse(entry.name))
        except FileNotFoundError:
            return []

    def _open(self, name: str) -> _Segment | None:
        if name in self.broken:
            return None
        path = self.directory / name
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                self._set_aside(name, f"It cannot be opened: {error.strerror}.")
            return None
        try:
            header, begin = decode_header(os.pread(file, HEADER_LIMIT_BYTES, 0))
        except (SegmentBroken, OSError) as error:
            os.close(file)
            self._set_aside(name, str(error))
            return None
        offset = max(begin, self._offsets.get(name, 0))
        segment = self._segments[name] = _Segment(path, file, header, offset, offset, offset)
        return segment

    def _set_aside(self, name: str, reason: str) -> None:
        self.broken[name] = reason
        _log.warning("Segment %s is left alone: %s", name, reason)

    def _let_go(self, name: str) -> None:
        os.close(self._segments.pop(name).file)

    def _advance(self, name: str, segment: _Segment, limit_bytes: int) -> Iterator[Chunk]:
        """Give what is new in one segment; whether it is final is looked at first, as nothing comes after that."""
        if not segment.final and _lock_shared(segment.file):
            segment.final = True
            if os.fstat(segment.file).st_nlink == 0:  # a writer that needed room dropped and counted it just now
                segment.exhausted = True
                return
        while limit_bytes > 0:
            written, ended = _read(segment.file, segment.position, limit_bytes)
            end = written.rfind(b"\n") + 1
            if end:
                chunk = Chunk(name, segment.position, segment.position + end, written[:end], segment.header)
                segment.position += end
                segment.given = segment.position
                limit_bytes -= end
                yield chunk
            if not ended and end:
                return
            if not segment.final and ended:
                return
            self._pass_over(name, segment, len(written) - end)
            if segment.exhausted:
                return

    def _pass_over(self, name: str, segment: _Segment, torn_bytes: int) -> None:
        """
        Go on behind what is no line, in a final segment: bytes of a record whose call never returned, or a hole.

        A signal handler that records while its thread does leaves a whole line behind a torn one.
        """
        if torn_bytes:
            segment.torn += 1
            _log.info("Segment %s has %d bytes of an unfinished line at %d", name, torn_bytes, segment.position)
        start = segment.position + torn_bytes
        while block := os.pread(segment.file, _LARGEST_STEP, start):
            if found := _WRITTEN.search(block):
                segment.position = start + found.start()
                return
            start += len(block)
        segment.exhausted = True


def _next_time(segment: _Segment) -> int:
    """Tell when the next line was recorded, in Unix nanoseconds; 0 where there is none, or it does not say."""
    found = _TIME.search(os.pread(segment.file, _TIME_WITHIN, segment.position))
    return int(found[1]) if found else 0


def _lock_shared(file: int) -> bool:
    """Tell whether nobody writes the segment any more, and hold it then."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _read(file: int, start: int, limit_bytes: int) -> tuple[bytes, bool]:
    """
    Read from *start* to the first NUL, the end of the file, or about *limit_bytes*, one line at least.

    Returns:
        The bytes, and whether a NUL or the end of the file came.
    """
    parts: list[bytes] = []
    step = _FIRST_STEP
    size_bytes, whole = 0, False
    while size_bytes < limit_bytes or not (whole or size_bytes > MAX_LINE_BYTES):
        block = os.pread(file, step, start)
        nul = block.find(b"\0")
        if nul >= 0:
            block = block[:nul]
        parts.append(block)
        if nul >= 0 or len(block) < step:
            return b"".join(parts), True
        start += len(block)
        size_bytes += len(block)
        whole = whole or b"\n" in block
        step = min(step * 8, _LARGEST_STEP)
    return b"".join(parts), False
