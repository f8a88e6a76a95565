"""How many messages a request holds, told before they are decoded: two bytes can become two hundred."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sightline.base.errors import BodyTooLarge
from sightline.wire.log_rows import MAX_ROWS

SMALL_BYTES: Final = 2 * 1024 * 1024
"""A body that has no more cannot hold too many."""

SHORT_BYTES: Final = 16
"""Attributes, events and the like below this are counted; the longer ones take no more than a few times their bytes."""

STEP_BYTES: Final = 1024 * 1024

_ATTRIBUTES: Final[dict[int, Any]] = {1: {}}
_SCOPE: Final[dict[int, Any]] = {3: {}}
_POINTS: Final[dict[int, Any]] = {1: {}}
_RECORDS: Final[dict[int, Any]] = {1: {1: _ATTRIBUTES, 2: {1: _SCOPE, 2: {}}}}
_METRICS: Final[dict[int, Any]] = {
    1: {1: _ATTRIBUTES, 2: {1: _SCOPE, 2: {5: _POINTS, 7: _POINTS, 9: _POINTS, 10: {1: {1: {}}}, 11: _POINTS}}}
}
_COUNTED: Final = {"logs": _RECORDS, "traces": _RECORDS, "metrics": _METRICS}
"""Numbers of the fields from a request down to its records or data points."""

_SHORT: Final = {"logs": (6,), "traces": (3, 4, 9, 11, 13), "metrics": (5, 6, 7, 8, 9, 11, 12)}
"""Numbers of the lists inside a record or data point, and of the attributes of their members."""

_LENGTH_DELIMITED: Final = 2
_FIXED: Final = {1: 8, 5: 4}


def check(signal: str, body: bytes) -> None:
    """
    Refuse a request with too many messages. What is broken is left for the decoder to tell.

    Raises:
        BodyTooLarge: if there are more than ``MAX_ROWS`` records or data points, or short members of such.
    """
    if len(body) <= SMALL_BYTES:
        return
    try:
        _walk(body, 0, len(body), _COUNTED[signal], MAX_ROWS)
    except IndexError:
        return
    if _short(body, _SHORT[signal]) > MAX_ROWS:
        raise _too_many()


def _walk(body: bytes, at: int, end: int, fields: dict[int, Any], left: int) -> int:
    """Count the fields of a message, and of those inside it that are in *fields*; give how many more there may be."""
    while at < end:
        left -= 1
        if left < 0:
            raise _too_many()
        key, at = body[at], at + 1
        if key >= 0x80:
            key, at = _varint(body, at - 1)
        kind = key & 7
        if kind == _LENGTH_DELIMITED:
            size, at = body[at], at + 1
            if size >= 0x80:  # twice as fast as a call for each
                more = body[at]
                size, at = (size - 0x80 | more << 7, at + 1) if more < 0x80 else _varint(body, at - 1)
            below = fields.get(key >> 3)
            if below:
                left = _walk(body, at, min(end, at + size), below, left)
            at += size
        elif kind in _FIXED:
            at += _FIXED[kind]
        else:
            _, at = _varint(body, at)
    return left


def _varint(body: bytes, at: int) -> tuple[int, int]:
    """Read a number, and give where it ends."""
    number = body[at]
    if number < 0x80:
        return number, at + 1
    number &= 0x7F
    for place in range(1, 10):
        byte = body[at + place]
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return number, at + place + 1
    raise IndexError


def _short(body: bytes, numbers: tuple[int, ...]) -> int:
    """Count what looks like a short message in one of these fields; text and numbers seldom do."""
    keys = np.zeros(256, dtype=bool)
    keys[[number << 3 | _LENGTH_DELIMITED for number in numbers]] = True
    content, found = np.frombuffer(body, np.uint8), 0
    for start in range(0, len(content) - 1, STEP_BYTES):
        part = content[start : start + STEP_BYTES + 1]
        before = np.flatnonzero(part[1:] < SHORT_BYTES)
        found += int(np.count_nonzero(keys[part[before]]))
    return found


def _too_many() -> BodyTooLarge:
    return BodyTooLarge(
        f"The request has more than {MAX_ROWS:,} records, points or short attributes. Send fewer at once."
    )
