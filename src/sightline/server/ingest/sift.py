"""Parts the lines that can be stored from those that cannot, and says why."""

from __future__ import annotations

import time
from itertools import accumulate
from typing import TYPE_CHECKING

from sightline.base.errors import DecodeError, RowsRefused
from sightline.server.ingest.quarantine import BadLine, bad_line
from sightline.wire import lines as wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from sightline.spool.reader import Chunk


def sift(chunk: Chunk, check: Callable[[list[bytes]], None]) -> tuple[bytes, list[BadLine]]:
    """
    Part the good lines of a chunk from those that cannot be stored.

    Args:
        chunk: lines among which some are bad.
        check: raises RowsRefused where the engine cannot read the lines it is given.

    Returns:
        The good lines, and the bad ones with where and why.
    """
    rows = [row + b"\n" for row in chunk.lines.split(b"\n")[:-1]]
    starts = list(accumulate((len(row) for row in rows), initial=chunk.start))
    reasons: dict[int, str] = {}
    for index, row in enumerate(rows):
        try:
            wire.decode(row)
        except DecodeError as error:
            reasons[index] = str(error)
    _bisect(rows, [index for index in range(len(rows)) if index not in reasons], check, reasons)
    now_ns = time.time_ns()
    good = b"".join(row for index, row in enumerate(rows) if index not in reasons)
    bad = [bad_line(now_ns, chunk.segment, starts[i], why, rows[i].rstrip(b"\n")) for i, why in sorted(reasons.items())]
    return good, bad


def _bisect(rows: list[bytes], among: list[int], check: Callable[[list[bytes]], None], reasons: dict[int, str]) -> None:
    """Find what the engine refuses among lines that look right, by halves."""
    if not among:
        return
    try:
        check([rows[index] for index in among])
    except RowsRefused as error:
        if len(among) == 1:
            reasons[among[0]] = str(error)
            return
        middle = len(among) // 2
        _bisect(rows, among[:middle], check, reasons)
        _bisect(rows, among[middle:], check, reasons)
