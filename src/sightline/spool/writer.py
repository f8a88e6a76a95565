"""The flight recorder: lines appended to a memory-mapped segment by the thread that recorded them."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import mmap
import os
import threading
import time
from typing import TYPE_CHECKING, Final

from sightline.base.errors import RecordTooLarge, SpoolError, SpoolFull, SpoolUnwritable
from sightline.base.limits import MAX_LINE_BYTES
from sightline.spool.format import FORMAT, Header, SegmentName, encode_header, prepare_directory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_NEWLINE: Final = 10

_RETRY_S: Final = 1.0
"""Seconds between attempts to open a segment where the last one failed; in between, records are counted as lost."""


class SpoolWriter:
    """
    Appends lines to this process's segment and starts a new one when it is full.

    A line is in the kernel's pages when ``append`` returns: it survives the death of the process, however it dies.
    One writer serves all threads of a process. After a fork the child calls ``reopen`` with its own identity.
    """

    def __init__(
        self,
        directory: Path,
        *,
        instance: str,
        resource: dict[str, str],
        segment_bytes: int,
        spool_bytes: int,
        report: Callable[[int, str], bytes] | None = None,
        beside: Path | None = None,
    ) -> None:
        """
        Prepare to write; the first segment is made with the first line.

        Args:
            directory: the spool.
            instance: 16 hex digits that no other process has.
            resource: goes into each segment's header.
            segment_bytes: size of a segment.
            spool_bytes: most bytes of all segments of all processes in the directory.
            report: makes the line that reports losses, from their number and the reason.
            beside: a directory on the same disk in which each segment has a second name, for a second reader.
        """
        self.directory = directory
        self.instance = instance
        self.resource = resource
        self.lost = 0
        """Records lost by this process, or dropped by it to make room, since it began."""
        self._segment_bytes = max(segment_bytes, 2 * mmap.PAGESIZE)
        self._spool_bytes = spool_bytes
        self._report = report
        self._beside = beside
        self.beside_trouble = ""
        """Why the last segment has no second name; empty where it has."""
        self._unreported = 0
        self._reason = ""
        self._sequence = 0
        self._refusal: SpoolError | None = None
        self._retry_at = 0.0
        # Guards position, end and map. Re-entrant, because a signal handler may record while its thread appends.
        self._lock = threading.RLock()
        self._map: mmap.mmap = None  # type: ignore[assignment]  # there is one wherever there is room
        self._file = -1
        self._position = self._end = 0
        # Lines of a signal handler that came while its own thread was starting a segment.
        self._opening = False
        self._waiting: list[bytes] = []

    def append(self, line: bytes) -> None:
        """
        Append one encoded record, without its newline.

        The place is taken first and the newline written last: a reader never sees half a record, and a signal
        handler that records in between writes behind it.

        Raises:
            RecordTooLarge: if *line* is longer than a line may be. Nothing is truncated in silence.
            SpoolFull: if the spool is at its limit and nothing in it may be dropped.
            SpoolUnwritable: if no segment can be made. The record is counted as lost.
        """
        size = len(line)
        with self._lock:
            start = self._position
            end = start + size
            while end >= self._end:
                if self._opening:
                    self._waiting.append(line)
                    return
                self._open_for(size)
                start = self._position
                end = start + size
            self._position = end + 1
            self._map[start:end] = line
            self._map[end] = _NEWLINE

    def close(self) -> None:
        """End the segment: cut it to its used length and let go of its lock, so that a reader takes it as final."""
        with self._lock:
            self._let_go(truncate=True)

    def hold(self) -> None:
        """Keep other threads out, before a fork."""
        self._lock.acquire()

    def release(self) -> None:
        """Let other threads in again, in the parent after a fork."""
        self._lock.release()

    def reopen(self, *, instance: str, resource: dict[str, str]) -> None:
        """
        Begin anew in a forked child.

        The parent's segment is left to the parent: its lock belongs to the parent as long as no child closes it by
        unlocking, so the inherited file is only closed.
        """
        self._lock = threading.RLock()
        self.instance = instance
        self.resource = resource
        self.lost = self._unreported = self._sequence = 0
        self._opening, self._waiting = False, []
        self._let_go(truncate=False)

    def _let_go(self, *, truncate: bool) -> None:
        mapped, file, used = self._map, self._file, self._position
        self._map, self._file = None, -1  # type: ignore[assignment]  # as above
        self._position = self._end = 0
        if mapped is not None:
            mapped.close()
        if file >= 0:
            with contextlib.suppress(OSError):
                if truncate:
                    os.ftruncate(file, used)
            os.close(file)

    def _open_for(self, size: int) -> None:
        """Start a segment that has room for a line of *size* bytes."""
        if size > MAX_LINE_BYTES or size + 1 > self._segment_bytes // 2:
            limit = min(MAX_LINE_BYTES, self._segment_bytes // 2 - 1)
            self._lose(1, f"a record of {size} bytes is longer than a line may be ({limit} bytes)")
            raise RecordTooLarge(f"A record of {size} bytes is longer than a line may be ({limit} bytes).")
        if self._refusal is not None and time.monotonic() < self._retry_at:
            self._lose(1, self._reason)
            raise type(self._refusal)(self._reason)
        self._opening = True
        self._let_go(truncate=True)
        try:
            self._open()
        except OSError as error:
            reason = f"The spool at {self.directory} cannot be written: {error.strerror}."
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                reason = f"The disk of the spool at {self.directory} is full. Free some space."
            raise self._fail(SpoolUnwritable(reason)) from None
        except SpoolError as error:
            raise self._fail(error) from None
        finally:
            self._opening = False
            waiting, self._waiting = self._waiting, []
            if self._end == 0:
                self._lose(len(waiting), self._reason)
        self._tell_losses()
        for line in waiting:
            self.append(line)

    def _fail(self, refusal: SpoolError) -> SpoolError:
        self._refusal = refusal
        self._retry_at = time.monotonic() + _RETRY_S
        self._lose(1, str(refusal))
        return refusal

    def _lose(self, count: int, reason: str) -> None:
        self.lost += count
        self._unreported += count
        self._reason = reason

    def _open(self) -> None:
        prepare_directory(self.directory)
        self._make_room()
        now = time.time_ns()
        name = str(SegmentName(now // 1_000_000, self.instance, self._sequence))
        hidden = self.directory / f".{name}"
        file = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Blocks are reserved now: a full disk is an error here, and never a SIGBUS in the host later.
            os.posix_fallocate(file, 0, self._segment_bytes)
            mapped = mmap.mmap(file, self._segment_bytes)
            header = encode_header(Header(FORMAT, now, self.instance, os.getpid(), self.resource))
            mapped[: len(header)] = header
            hidden.rename(self.directory / name)
        except BaseException:
            os.close(file)
            hidden.unlink(missing_ok=True)
            raise
        if self._beside is not None:
            self._name_beside(self._beside, name)
        self._sequence += 1
        self._map, self._file = mapped, file
        self._position, self._end = len(header), self._segment_bytes

    def _name_beside(self, beside: Path, name: str) -> None:
        """Let the second reader have the segment too; that it cannot must not cost the first reader anything."""
        try:
            prepare_directory(beside)
            (beside / name).hardlink_to(self.directory / name)
            self.beside_trouble = ""
        except (OSError, SpoolError) as error:
            self.beside_trouble = f"A segment cannot be named in {beside}: {error}"

    def _tell_losses(self) -> None:
        if self._unreported and self._report is not None:
            count, self._unreported = self._unreported, 0
            self.append(self._report(count, self._reason))

    def _make_room(self) -> None:
        """Drop the oldest final segments until a new one fits below the limit."""
        held = list_segments(self.directory)
        total = sum(size for _, size in held) + self._segment_bytes
        for path, size in held:
            if total <= self._spool_bytes:
                return
            dropped = drop_if_final(path)
            if dropped is not None:
                total -= size
                self._lose(dropped, f"the spool was at its limit of {self._spool_bytes} bytes")
        if total > self._spool_bytes:
            raise SpoolFull(
                f"The spool at {self.directory} is full ({total - self._segment_bytes} of {self._spool_bytes} bytes, "
                "all of it in use). Raise SIGHTLINE_SPOOL_BYTES."
            )


def list_segments(directory: Path) -> list[tuple[Path, int]]:
    """List the segments in *directory* with their sizes in bytes, oldest first."""
    found = []
    with os.scandir(directory) as entries:
        for entry in entries:
            if SegmentName.parse(entry.name) is not None:
                with contextlib.suppress(FileNotFoundError):
                    found.append((directory / entry.name, entry.stat().st_size))
    return sorted(found)


def drop_if_final(path: Path) -> int | None:
    """
    Delete a segment that nobody writes or reads.

    Returns:
        The number of records that were in it, or None where it is in use or already gone.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lines = path.read_bytes().count(b"\n")
        path.unlink()
    except OSError:
        return None
    finally:
        os.close(file)
    return max(lines - 1, 0)
