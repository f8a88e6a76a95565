"""
Forgets the deduplication tokens of parts that the embedded engine set aside when it started.

The engine remembers them, and would drop what is sent again, though what was stored with them is gone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_AGAIN: Final = re.compile(r"_try\d+$")

ADDED: Final = b"1"
DROPPED: Final = b"2"
"""How an entry of the engine's log of tokens begins: ``1<tab>part<tab>token``."""


def forget(directory: Path) -> int:
    """
    Forget the tokens of damaged parts, in the files of a store; the engine has to be started again to know.

    One byte is changed for each, in its place, which a full disk allows.

    Args:
        directory: of an embedded store.

    Returns:
        How many were forgotten.
    """
    forgotten = 0
    for detached in (directory / "store").glob("*/*/detached"):
        damaged = {name.encode() for name in _damaged(detached)}
        if not damaged:
            continue
        for log in detached.parent.glob("deduplication_logs/deduplication_log_*.txt"):
            forgotten += _forget(log, damaged)
    return forgotten


def _damaged(detached: Path) -> Iterator[str]:
    """Name the parts that were set aside: ``broken-on-start_202611_2_2_0_try1`` was ``202611_2_2_0``."""
    for path in detached.glob("broken*"):
        yield _AGAIN.sub("", path.name.partition("_")[2])


def _forget(log: Path, damaged: set[bytes]) -> int:
    forgotten = offset = 0
    with log.open("r+b") as file:
        for line in file.read().splitlines(keepends=True):
            entry = line.split(b"\t")
            if len(entry) > 2 and entry[0] == ADDED and entry[1] in damaged:
                file.seek(offset)
                file.write(DROPPED)
                forgotten += 1
            offset += len(line)
    return forgotten
