"""Parts the rows of a block that the store takes from those that it never will, by halves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa

from sightline.base.errors import RowsRefused
from sightline.server.ingest.quarantine import BadLine, bad_line
from sightline.wire.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Insert = Callable[[int, int], Awaitable[None]]

ATTEMPTS: Final = 256
"""Inserts that one block may take. Four bad rows among 50,000 take about 70; what is left then is refused whole."""

_redactor: Final = Redactor()


async def sift(count: int, insert: Insert, refused: RowsRefused) -> dict[int, str]:
    """
    Store the rows of a block that was refused, but for those that are at fault.

    Args:
        count: rows of the block.
        insert: stores so many rows from a position on, or raises RowsRefused.
        refused: what the store said to the whole block.

    Returns:
        Why each row that is not stored was refused, by its position.

    Raises:
        StoreUnavailable: if the store takes nothing now; some rows may be stored.
    """
    reasons: dict[int, str] = {}
    waiting = [(0, count, refused)]
    attempts = 0
    while waiting:
        start, length, error = waiting.pop()
        if length == 1 or error.partly or attempts >= ATTEMPTS:
            reasons |= dict.fromkeys(range(start, start + length), str(error))
            continue
        half = length // 2
        for begin, size in ((start, half), (start + half, length - half)):
            attempts += 1
            try:
                await insert(begin, size)
            except RowsRefused as found:
                waiting.append((begin, size, found))
    return reasons


def describe(protocol: str, table: str, rows: pa.Table, reasons: dict[int, str], now_ns: int) -> list[BadLine]:
    """Describe rows that cannot be stored, without the secrets in them; *protocol* and *table* stand for the file."""
    return [
        bad_line(now_ns, f"{protocol}:{table}", position, reason(why), msgspec.json.encode(_row(rows, position)))
        for position, why in sorted(reasons.items())
    ]


def reason(why: str) -> str:
    """Take the secrets out of what the store said, for it quotes the rows."""
    return _redactor.text(why)


def _row(rows: pa.Table, position: int) -> dict[str, Any]:
    found = {}
    for name, column in zip(rows.schema.names, rows.columns, strict=True):
        cell = column.slice(position, 1)
        if pa.types.is_temporal(cell.type):
            cell = cell.cast(pa.int64())
        found[name] = cell.to_pylist()[0]
    return _redactor.clean(found)
