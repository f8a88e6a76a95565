"""Answers to SQL as JSON and as CSV, written while the engine works."""

from __future__ import annotations

import re
import time
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from sightline.query.told import Told

_ROW_OF_CSV: Final = re.compile(rb'(?:[^"\n]++|"[^"]*+")*+\n')
_ROW_OF_JSON: Final = re.compile(rb"[^\n]*+\n")


class Column(msgspec.Struct):
    """A column of an answer; the type as ClickHouse writes it."""

    name: str
    type: str


def write_json(columns: Sequence[Column], pieces: Iterable[bytes], told: Told) -> Generator[bytes]:
    """Write one object: the columns, a list of rows, how many they are, and whether there were more."""
    began = time.monotonic()
    yield told.wrote(b'{"columns":' + msgspec.json.encode(columns) + b',"rows":[')
    between = b""
    for rows in _whole_rows(pieces, told, _rows_of_json, _ROW_OF_JSON):
        yield told.wrote(between + rows[:-1].replace(b"\n", b",\n"))
        between = b",\n"
    rest = {
        "row_count": told.rows,
        "truncated": bool(told.cut),
        "truncated_by": told.cut or None,
        "elapsed_ms": round((time.monotonic() - began) * 1000, 3),
    }
    yield b"]," + msgspec.json.encode(rest)[1:]


def write_csv(columns: Sequence[Column], pieces: Iterable[bytes], told: Told) -> Generator[bytes]:
    """Write the names of the columns, then a row a line; text is in quotes, and may have line ends in it."""
    names = ('"' + column.name.replace('"', '""') + '"' for column in columns)
    yield told.wrote(",".join(names).encode() + b"\n")
    for rows in _whole_rows(pieces, told, _rows_of_csv, _ROW_OF_CSV):
        yield told.wrote(rows)


def count_csv(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Give pieces of CSV again as whole rows, each with the number of its rows; the line of names is one."""
    rest = b""
    for piece in pieces:
        waiting = rest + piece
        count, end = _rows_of_csv(waiting)
        rest = waiting[end:]
        yield count, waiting[:end]
    yield 0, rest


def _whole_rows(
    pieces: Iterable[bytes], told: Told, count: Callable[[bytes], tuple[int, int]], row: re.Pattern[bytes]
) -> Iterator[bytes]:
    """Give whole rows, however they are cut into pieces, until a limit is met."""
    rest = b""
    for piece in pieces:
        waiting = rest + piece
        found, end = count(waiting)
        rest = waiting[end:]
        taken = told.take(found)
        if taken < found:
            end = next(islice(row.finditer(waiting), taken - 1, None)).end() if taken else 0
        if end:
            yield waiting[:end]
        if told.cut:
            return


def _rows_of_json(text: bytes) -> tuple[int, int]:
    """Count rows, and find where the last one ends: line ends within values are written as escapes."""
    return text.count(b"\n"), text.rfind(b"\n") + 1


def _rows_of_csv(text: bytes) -> tuple[int, int]:
    """Count rows, and find where the last one ends: every other part between quotes is outside of them."""
    parts = text.split(b'"')
    rows = sum(part.count(b"\n") for part in parts[::2])
    end = len(text)
    for at in range(len(parts) - 1, -1, -1):
        found = parts[at].rfind(b"\n") if at % 2 == 0 else -1
        if found >= 0:
            return rows, end - len(parts[at]) + found + 1
        end -= len(parts[at]) + 1
    return 0, 0
