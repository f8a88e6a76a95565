"""What the engine said no to, told apart by its error codes."""

from __future__ import annotations

import re
from typing import Final

from sightline.base.errors import (
    QueryError,
    QueryInvalid,
    QueryTooExpensive,
    RowsRefused,
    StoreError,
    StoreUnavailable,
)

_CODE: Final = re.compile(r"Code: (\d+)\.")
_POSITION: Final = re.compile(r"failed at position (\d+)")
_NOISE: Final = re.compile(
    r"^.*?Code: \d+\.\s*(?:DB::Exception:\s*)*|\s*\([A-Z_0-9]+\)\s*$|\s*\(version [^)]*\)|\s*\(for url [^)]*\)\s*$",
    re.DOTALL,
)
_READING: Final = re.compile(r":? \(in file/uri .*$|: While executing .*$|: data for INSERT was parsed .*$", re.DOTALL)
_DAMAGED: Final = re.compile(r"initializing EmbeddedServer|already exists|Cannot parse|Cannot attach")

EXPENSIVE: Final = frozenset({158, 159, 160, 162, 191, 241, 290, 307, 396, 394})
"""Rows, time, memory, bytes or depth over the limit; query killed."""

UNREADABLE: Final = frozenset({
    6, 19, 25, 26, 27, 32, 33, 38, 41, 49, 53, 69, 70, 72, 85, 117, 128, 130, 131, 153, 190, 321, 349, 366, 376, 395,
    407, 441, 467, 469, 563, 621, 632, 675, 676, 691, 760,
})  # fmt: skip
"""
Rows that cannot be parsed or converted, or that a view or constraint forbids: the input is at fault, trying again
changes nothing. Whatever is not here passes: the disk, memory, time, the network, a table that is missing.
"""


NO_SUCH_PART: Final = 232
"""A part that is named is not there, or no more."""


def code_of(message: str) -> int:
    """Find the engine's error code in its message; 0 where there is none."""
    found = _CODE.search(message)
    return int(found[1]) if found else 0


def sentence(message: str) -> str:
    """Take the engine's prefixes and suffixes off its message."""
    return _NOISE.sub("", _NOISE.sub("", message)).strip()


def of_query(message: str) -> QueryError | StoreUnavailable:
    """Turn the engine's refusal of a query into ours."""
    code = code_of(message)
    if code in EXPENSIVE:
        return QueryTooExpensive(f"The query went over its limit: {sentence(message)}")
    if code == 0:
        return StoreUnavailable(f"The store does not answer: {sentence(message)}")
    position = _POSITION.search(message)
    return QueryInvalid(sentence(message), int(position[1]) - 1 if position else None)


def of_insert(message: str) -> StoreError:
    """Turn the engine's refusal of an insert into ours: rows at fault, or a store that cannot take them now."""
    if code_of(message) in UNREADABLE:
        told = _READING.sub("", sentence(message))
        return RowsRefused(f"The store refused rows: {told}", partly="while pushing to view" in message)
    return StoreUnavailable(f"The store cannot take rows now: {sentence(message)}")


def of_open(message: str, where: str) -> StoreUnavailable:
    """Turn the engine's refusal to open a store into ours."""
    reason = sentence(message)
    if _DAMAGED.search(reason):
        reason = (
            f"{reason.rstrip(' .:')}. What the engine says to that is above. The directory may be damaged, or was "
            "copied without its links (cp -a keeps them). Restore a backup (sightline store restore), or move the "
            "directory away to begin anew."
        )
    return StoreUnavailable(f"The store at {where} cannot be opened: {reason}")
