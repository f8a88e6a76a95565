"""Python values as the engine's text: bound query parameters, and literals where a statement needs them."""

from __future__ import annotations

from typing import Any, Final

_ESCAPES: Final = str.maketrans(
    {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f", "'": "\\'"}
)


def literal(value: Any) -> str:
    """Write *value* as a literal of SQL: text in quotes, lists, dicts as maps, numbers and None."""
    if isinstance(value, str):
        return f"'{value.translate(_ESCAPES)}'"
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | set | frozenset):
        return f"[{','.join(map(literal, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{literal(key)}:{literal(item)}' for key, item in value.items())}}}"
    return str(value)


def bound(value: Any) -> str:
    """Write *value* for a ``{name:Type}`` of a query; at the top, text stands without quotes."""
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    return "\\N" if value is None else literal(value)
