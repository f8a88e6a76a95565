"""Local variables of a traceback's frames, bounded and without secrets; only where the user asked for them."""

from __future__ import annotations

import reprlib
from typing import TYPE_CHECKING, Any, Final

from sightline.model.redacted import REDACTED
from sightline.sdk import redact
from sightline.sdk.fingerprint import frames, is_application
from sightline.wire.lines import describe

if TYPE_CHECKING:
    from types import FrameType, TracebackType

_MOST_FRAMES: Final = 10
"""Frames whose locals are kept, the innermost ones."""

_MOST_LOCALS: Final = 25
"""Variables kept of one frame."""

_MOST_ITEMS: Final = 10
"""Items kept of a container."""

_LONGEST: Final = 300
"""Characters kept of a value."""

_DEEPEST: Final = 3
"""Containers within each other that are looked into."""

_short: Final = reprlib.Repr()
# It cuts out the middle, and with it perhaps the name before a secret; what is too long is cut behind the search.
_short.maxstring = _short.maxother = _short.maxlong = 16 * _LONGEST


def told_locals(traceback: TracebackType | None) -> list[dict[str, Any]]:
    """
    Tell the variables of the application's innermost frames, outermost first.

    Returns:
        For each frame ``{"file", "line", "function", "locals": {name: value}}``.
    """
    inner = [(frame, line) for frame, line in frames(traceback) if is_application(frame.f_code.co_filename)]
    return [
        {
            "file": frame.f_code.co_filename,
            "line": line,
            "function": frame.f_code.co_qualname,
            "locals": _variables(frame),
        }
        for frame, line in inner[-_MOST_FRAMES:]
    ]


def _variables(frame: FrameType) -> dict[str, Any]:
    at_module = frame.f_locals is frame.f_globals
    variables = {
        name: value
        for name, value in list(frame.f_locals.items())
        if not (at_module and (name.startswith("__") or callable(value) or type(value).__name__ == "module"))
    }
    names = list(variables)[:_MOST_LOCALS]
    return {name: _told(name, variables[name], 0) for name in names}


def _told(name: str, value: Any, depth: int) -> Any:
    if redact.redactor.is_secret(name) and value is not None:
        return REDACTED
    kind = value.__class__
    if value is None or kind is bool or kind is int or kind is float:
        return redact.redactor.text(str(value)) if kind is int and abs(value) >= 10**12 else value
    if depth < _DEEPEST and kind is dict:
        items = list(value.items())[:_MOST_ITEMS]
        return {_text(key): _told(_text(key), item, depth + 1) for key, item in items}
    if depth < _DEEPEST and kind in {list, tuple, set, frozenset}:
        # A pair of name and value, such as a header, is known by its name.
        pair = kind in {list, tuple} and len(value) == 2 and value[0].__class__ in {str, bytes}
        names = ("", describe(value[0])) if pair else ("",) * _MOST_ITEMS
        return [_told(of, item, depth + 1) for of, item in zip(names, list(value), strict=False)]
    return _text(value)


def _text(value: Any) -> str:
    if value.__class__ is str:
        return redact.short(value, _LONGEST)
    try:
        shown = _short.repr(value)
    except Exception:
        shown = f"<{type(value).__module__}.{type(value).__qualname__} that cannot be shown>"
    return redact.short(shown, _LONGEST)
