"""Reads values out of JSON that anybody may have written: each has the type that is asked for, within bounds."""

from __future__ import annotations

import math
import re
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from sightline.model.redacted import REDACTED
from sightline.wire import times
from sightline.wire.log_rows import text

LONGEST: Final = 1024
"""Characters kept of a text, unless more are asked for."""

_QUERY_VALUE: Final = re.compile(r"=[^&;]*")
_HEX: Final = re.compile(r"[0-9a-f]+")


def mapping(value: Any) -> dict[str, Any]:
    """Give a JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def listed(value: Any, most: int) -> list[Any]:
    """Give the first *most* members of a list, which may stand under ``values``."""
    if isinstance(value, dict):
        value = value.get("values")
    return value[:most] if isinstance(value, list) else []


def string(value: Any, longest: int = LONGEST) -> str:
    """Give a text of at most *longest* characters; what is none is written as the store would, nothing as ``""``."""
    return "" if value is None else text(value)[:longest]


def hex_id(value: Any, digits: int) -> str:
    """Give an id of so many hex digits in lower case, or ``""`` for what is none."""
    found = value.replace("-", "").lower() if isinstance(value, str) and len(value) <= 64 else ""
    valid = len(found) == digits and _HEX.fullmatch(found) and found.strip("0")
    return found if valid else ""


def number(value: Any) -> float | None:
    """Give a finite number, or None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def time_ns(value: Any, received_ns: int) -> int:
    """Give a time in nanoseconds since the epoch; *received_ns* for what is none."""
    return times.parse(value) or received_ns


def without_values(url: str) -> str:
    """Give an address without what may be personal or secret: the values of its query, a password, a fragment's too."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return url.partition("?")[0].partition("#")[0]
    query, fragment = (_QUERY_VALUE.sub(f"={REDACTED}", part) for part in (parts.query, parts.fragment))
    return SplitResult(parts.scheme, host, parts.path, query, fragment).geturl()
