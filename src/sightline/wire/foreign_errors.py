"""Errors that another program tells, as the same attributes that our own tracked errors have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.model.error import ErrorCategory, ErrorSeverity
from sightline.model.fingerprint import LONGEST_CHAIN, MOST_MEMBERS

if TYPE_CHECKING:
    from collections.abc import Sequence

LOGGER: Final = "sightline.errors"
"""The logger under whose name errors are found, whoever told them."""

LONGEST_STACK: Final = 64 * 1024
"""Characters kept of a stack trace; what is cut out lies in the middle."""

LONGEST_MESSAGE: Final = 8 * 1024
"""Characters kept of a message."""

MOST_IN_CHAIN: Final = LONGEST_CHAIN
MOST_IN_GROUP: Final = MOST_MEMBERS

_SEVERITIES: Final = {
    "fatal": ErrorSeverity.CRITICAL,
    "critical": ErrorSeverity.CRITICAL,
    "warning": ErrorSeverity.LOW,
    "info": ErrorSeverity.LOW,
    "debug": ErrorSeverity.LOW,
}


def told(
    kind: str, message: str, stack: str, *, fingerprint: str, level: str = "error", handled: bool, mechanism: str = ""
) -> dict[str, Any]:
    """Give the attributes of an error."""
    usual = ErrorSeverity.MEDIUM if handled else ErrorSeverity.HIGH
    found: dict[str, Any] = {
        "exception.type": kind,
        "exception.message": message[:LONGEST_MESSAGE],
        "exception.stacktrace": shortened(stack),
        "error.category": ErrorCategory.SYSTEM.value,
        "error.severity": _SEVERITIES.get(level, usual).value,
        "error.fingerprint": fingerprint,
        "error.handled": handled,
    }
    if mechanism:
        found["error.mechanism"] = mechanism
    return found


def body_of(kind: str, message: str) -> str:
    """Give the text of the log line."""
    return f"{kind.rpartition('.')[2]}: {(message or kind)[:LONGEST_MESSAGE]}"


def shortened(stack: str) -> str:
    """Cut out the middle of a long stack trace."""
    if len(stack) <= LONGEST_STACK:
        return stack
    half = LONGEST_STACK // 2
    return f"{stack[:half]}\n… {len(stack) - 2 * half} characters …\n{stack[-half:]}"


def javascript_stack(head: str, frames: Sequence[str]) -> str:
    """Write a stack trace as V8 does, the innermost frame first."""
    return "\n".join([head, *(f"    at {frame}" for frame in frames)])
