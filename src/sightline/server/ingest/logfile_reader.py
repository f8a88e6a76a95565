"""Reads a log file, plain or compressed, in blocks of whole records that are cut the same way whenever it is read."""

from __future__ import annotations

import gzip
import os
import socket
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, Self, cast

from sightline.state.log_files import HEAD_BYTES, FileFacts
from sightline.wire.logfile.formats import SAMPLE_BYTES, cut, recognise

if TYPE_CHECKING:
    from pathlib import Path

    from sightline.state.log_files import KnownFile

BLOCK_BYTES: Final = 8 * 1024 * 1024
"""Bytes of one block. Larger ones gain nothing, and several are in memory at once."""

BLOCK_LINES: Final = 50_000
"""Lines of one block, which are one insert."""

_MAGIC: Final = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records: the bytes *start* to *end* of a file as it is decompressed."""

    start: int
    end: int
    content: bytes


class LogFile:
    """
    One file that is open. A context manager.

    Attributes:
        path: where it was opened.
        compressed: ``gzip``, ``zstd`` or empty.
        position: the next block begins here; bytes of the decompressed file.
        broken: why its rest cannot be read; empty while all is well.
        form: the name of its format, once it is known.
    """

    def __init__(self, path: Path, form: str = "") -> None:
        self.path = path
        self.form = form
        self.position = 0
        self.broken = ""
        self._head = b""
        self._pending: list[tuple[int, int]] = []
        self._buffer = b""
        self._raw: IO[bytes] = path.open("rb")
        self._content, self.compressed = _decompressed(self._raw)

    @property
    def stat(self) -> os.stat_result:
        """The file's own facts, wherever it is called what."""
        return os.fstat(self._raw.fileno())

    @property
    def behind(self) -> bool:
        """Whether the file has become shorter than what was read of it."""
        return not self.compressed and self.stat.st_size < self.position + len(self._buffer)

    def replaced(self) -> bool:
        """Tell whether it was written anew: it is shorter than what was read, or begins otherwise than before."""
        if self.compressed:
            return False
        before, self._head = self._head, self._begin()
        return self.behind or not self._head.startswith(before)

    @property
    def waiting_bytes(self) -> int:
        """Bytes that are read and not given yet: a record that may not be whole."""
        return len(self._buffer)

    def facts(self, *, apart: bool = False) -> FileFacts:
        """Tell what tells it from others. Of a compressed one, before anything is read."""
        self._fill(max(HEAD_BYTES, SAMPLE_BYTES))
        stat = self.stat
        if not self.form and self._buffer:
            self.form = recognise(self._buffer)
        head, size = (self._buffer[:HEAD_BYTES], None) if self.compressed else (self._begin(), stat.st_size)
        return FileFacts(socket.gethostname(), str(self.path.absolute()), stat.st_dev, stat.st_ino, head, apart, size)

    def resume(self, known: KnownFile) -> None:
        """Go on where *known* says."""
        self._pending = list(known.pending)
        if self.compressed:
            self._skip(known.stored_to)
        else:
            self._raw.seek(known.stored_to)
            self._buffer = b""
        self.position = known.stored_to

    def read(self, *, quiet: bool = False, ended: bool = False) -> Block | None:
        """
        Give the next block; None where there is none yet.

        Args:
            quiet: nothing came for a while, so the last line belongs to the last record.
            ended: nothing more will come, so what is there is whole, also without a line end. What cannot be read to
                its end may yet go on, and gives whole lines only.
        """
        wanted, exact = BLOCK_BYTES, False
        if self._pending:
            start, end = self._pending[0]
            wanted, exact = (end if start == self.position else start) - self.position, True
        exact = exact and wanted <= 2 * BLOCK_BYTES
        at_end = not self._fill(wanted if exact else BLOCK_BYTES)
        if exact and len(self._buffer) >= wanted:
            if self._pending[0][1] == self.position + wanted:
                self._pending.pop(0)
            return self._take(wanted)
        if not self._buffer:
            return None
        if at_end and (ended or quiet):
            size = len(self._buffer) if ended and not self.broken else self._buffer.rfind(b"\n") + 1
        else:
            size = cut(self._buffer, self.form or "plain")
        if not at_end and not size:
            size = len(self._buffer)  # one line longer than a block
        return self._take(_limited(self._buffer, size, self.form)) if size else None

    def is_whole(self) -> bool:
        """Read all that is left, keeping nothing, and tell whether it ends where it should."""
        while self._fill(BLOCK_BYTES):
            self._buffer = b""
        return not self.broken

    def close(self) -> None:
        """Close it."""
        self._content.close()
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self, size: int) -> Block:
        block = Block(self.position, self.position + size, self._buffer[:size])
        self._buffer = self._buffer[size:]
        self.position += size
        return block

    def _begin(self) -> bytes:
        return os.pread(self._raw.fileno(), HEAD_BYTES, 0)

    def _fill(self, wanted: int) -> bool:
        """Read until *wanted* bytes are held; tell whether they are."""
        while len(self._buffer) < wanted and not self.broken:
            try:
                found = self._content.read(wanted - len(self._buffer))
            except (OSError, EOFError, ValueError, zlib.error) as error:
                self.broken = str(error) or type(error).__name__
                break
            if not found:
                break
            self._buffer += found
        return len(self._buffer) >= wanted

    def _skip(self, size: int) -> None:
        while size and (self._buffer or self._fill(BLOCK_BYTES) or self._buffer):
            step = min(size, len(self._buffer))
            self._buffer = self._buffer[step:]
            size -= step


def _limited(buffer: bytes, size: int, form: str) -> int:
    """Cut a block of very many short lines shorter."""
    if buffer.count(b"\n", 0, size) <= BLOCK_LINES:
        return size
    end = 0
    for _ in range(BLOCK_LINES):
        end = buffer.find(b"\n", end, size) + 1
    return cut(buffer[:end], form or "plain") or end


def compression(begin: bytes) -> str:
    """Tell by its first four bytes how a file is compressed: ``gzip``, ``zstd`` or empty."""
    return next((name for magic, name in _MAGIC.items() if begin.startswith(magic)), "")


def _decompressed(raw: IO[bytes]) -> tuple[IO[bytes], str]:
    kind = compression(raw.read(4))
    raw.seek(0)
    if kind == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw, mode="rb")), kind
    if kind == "zstd":
        from backports import zstd

        return cast("IO[bytes]", zstd.ZstdFile(raw)), kind
    return raw, ""
