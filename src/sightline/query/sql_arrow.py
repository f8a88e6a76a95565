"""Answers to SQL as an Arrow stream and as Parquet, written while the engine works."""

from __future__ import annotations

import io
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from sightline.query.told import Told

GROUP_ROWS: Final = 64 * 1024
"""Rows that are written together. Short groups compress badly; a group waits in memory until it is whole."""

GROUP_BYTES: Final = 16 * 1024 * 1024
"""Bytes after which a group is written, however few its rows are."""

TRUNCATED: Final = b"sightline.truncated_by"
"""Key of the metadata that say ``rows`` or ``bytes`` where an answer was cut; empty where it is whole."""


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a file that is read."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill *buffer* as far as the piece goes; 0 is the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


class _Written(io.RawIOBase):
    """A file that is written, from which what was written is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        """Tell that it can be written."""
        return True

    def tell(self) -> int:
        """Tell how much was written in all."""
        return self._size

    def write(self, part: Any) -> int:
        """Keep *part*."""
        self._parts.append(bytes(part))
        self._size += len(self._parts[-1])
        return len(self._parts[-1])

    def taken(self) -> bytes:
        """Take what was written since the last time."""
        taken, self._parts = b"".join(self._parts), []
        return taken


def write_arrow(empty: Callable[[], pa.Schema], pieces: Iterable[bytes], told: Told) -> Generator[bytes]:
    """Write one stream of Arrow's IPC; the last batch is empty and says in its metadata whether the answer was cut."""
    file, schema, batches = _Written(), *_begun(pieces, empty)
    with pa.ipc.new_stream(pa.PythonFile(file, mode="w"), schema) as writer:
        for group in _groups(batches, told):
            writer.write_table(group)
            yield told.wrote(file.taken())
        last = pa.RecordBatch.from_pylist([], schema=schema)
        writer.write_batch(last, custom_metadata={TRUNCATED: told.cut.encode()})
    yield file.taken()


def write_parquet(empty: Callable[[], pa.Schema], pieces: Iterable[bytes], told: Told) -> Generator[bytes]:
    """Write one Parquet file, compressed with zstd; its metadata say whether the answer was cut."""
    from pyarrow import parquet

    file, schema, batches = _Written(), *_begun(pieces, empty)
    with parquet.ParquetWriter(pa.PythonFile(file, mode="w"), schema, compression="zstd") as writer:
        for group in _groups(batches, told):
            writer.write_table(group)
            yield told.wrote(file.taken())
        writer.add_key_value_metadata({TRUNCATED: told.cut.encode()})
    yield file.taken()


def _begun(pieces: Iterable[bytes], empty: Callable[[], pa.Schema]) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Read as far as the shape of the rows; without a row, *empty* tells it."""
    batches = _batches(pieces)
    first = next(batches, None)
    return (empty(), batches) if first is None else (first.schema, chain([first], batches))


def _groups(batches: Iterable[pa.RecordBatch], told: Told) -> Iterator[pa.Table]:
    """Give the rows in groups until a limit is met."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch.slice(0, told.take(batch.num_rows)))
        rows, size = sum(each.num_rows for each in waiting), sum(each.nbytes for each in waiting)
        if rows >= GROUP_ROWS or size >= GROUP_BYTES:
            yield pa.Table.from_batches(waiting)
            waiting = []
        if told.cut:
            break
    if waiting:
        yield pa.Table.from_batches(waiting)


def _batches(pieces: Iterable[bytes]) -> Iterator[pa.RecordBatch]:
    """Read streams that stand behind each other: an engine writes one for each block, or one for all."""
    file = io.BufferedReader(_Pieces(pieces), 1024 * 1024)
    while file.peek(1):
        yield from pa.ipc.open_stream(file)
