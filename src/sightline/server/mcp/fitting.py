"""What a tool says is short: an assistant pays for every word, and loses sight of the rest."""

from __future__ import annotations

from typing import Any, Final

import msgspec

MAX_CHARACTERS: Final = 24_000
"""Longest answer of a tool, some 7,000 tokens."""

MAX_TEXT: Final = 1_500
"""Longest text within an answer, such as a message or a stack trace; more is cut and said."""

MAX_DEPTH: Final = 12
"""Deepest that values within an answer may be nested; what is deeper is written as text."""


def shortened(value: Any, most: int = MAX_TEXT, depth: int = 0, *, whole: bool = False) -> Any:
    """
    Cut long texts within a value; one that is cut says how much is left out.

    Members of objects that are empty are left out, unless the value is to stay *whole*.
    """
    if isinstance(value, str):
        return value if len(value) <= most else f"{value[:most]}… ({len(value) - most} more characters)"
    if isinstance(value, dict | list) and depth >= MAX_DEPTH:
        return shortened(str(value), most)
    if isinstance(value, dict):
        return {
            key: shortened(item, most, depth + 1, whole=whole)
            for key, item in value.items()
            if whole or item not in ("", None, [], {})
        }
    if isinstance(value, list):
        return [shortened(item, most, depth + 1, whole=whole) for item in value]
    return value


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    """Leave out what an assistant seldom needs."""
    return {name: value for name, value in record.items() if name not in names}


def fitting(items: list[Any], room: int = MAX_CHARACTERS) -> int:
    """Count how many items fit, one at least."""
    left = room
    for count, item in enumerate(items):
        left -= len(written(item)) + 1
        if left < 0:
            return max(1, count)
    return len(items)


def written(value: Any) -> str:
    """Write a value as JSON."""
    return msgspec.json.encode(value).decode()
