"""How many messages a request holds, told before they are decoded."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sightline.base.errors import BodyTooLarge
from sightline.wire import protobuf_fields
from sightline.wire.log_rows import MAX_ROWS

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


def check(signal: str, body: bytes) -> None:
    """
    Refuse a request with too many messages. What is broken is left for the decoder to tell.

    Raises:
        BodyTooLarge: if there are more than ``MAX_ROWS`` records or data points, or short members of such.
    """
    protobuf_fields.check(body, _COUNTED[signal], MAX_ROWS)
    if len(body) > protobuf_fields.SMALL_BYTES and _short(body, _SHORT[signal]) > MAX_ROWS:
        raise BodyTooLarge(f"The request has more than {MAX_ROWS:,} short attributes or events. Send fewer at once.")


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
