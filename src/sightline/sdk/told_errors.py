"""Which exceptions are recorded as errors already, so that a log of one says which it is and not all of it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.sdk.tracing import exception_attributes
from sightline.wire.lines import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARK: Final = "__sightline_error__"
"""In an exception's ``__dict__``: the fingerprint under which it is recorded."""


def note(error: BaseException, fingerprint: str) -> None:
    """Note that *error* is recorded. One with slots takes no mark, and is told again wherever it comes up."""
    marks = _marks(error)
    if marks is not None:
        marks[_MARK] = fingerprint


def fingerprint_of(error: BaseException) -> str:
    """Give the fingerprint under which *error* is recorded; empty where it is not."""
    found = (_marks(error) or {}).get(_MARK, "")
    return found if isinstance(found, str) else ""


def log_attributes(error: BaseException) -> Mapping[str, Any]:
    """
    Say an exception in the attributes of a log.

    Returns:
        Type, message and traceback; for an error that is recorded, its fingerprint and ``error.recorded`` in the place
        of the traceback, which stands on the line of the error itself.
    """
    name = fingerprint_of(error)
    if not name:
        return exception_attributes(error)
    kind = type(error)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return {
        "exception.type": f"{module}{kind.__qualname__}",
        "exception.message": describe(error),
        "error.fingerprint": name,
        "error.recorded": True,
    }


def _marks(error: BaseException) -> dict[str, Any] | None:
    return getattr(error, "__dict__", None)
