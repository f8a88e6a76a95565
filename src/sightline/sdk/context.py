"""What follows the code through tasks and threads: bound fields, and the current span."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, cast

from sightline.sdk import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.trace import Span

fields: Final[ContextVar[dict[str, Any] | None]] = ContextVar("sightline_fields", default=None)
"""The bound fields, already redacted. Never changed in place, since tasks share it."""


def bind(**values: Any) -> None:
    """Put *values* on every later record of this task or thread, and of those that it starts."""
    fields.set({**(fields.get() or {}), **redact.clean(values)})


def unbind(*names: str) -> None:
    """Take fields off again; names that are not bound do not matter."""
    fields.set({name: value for name, value in (fields.get() or {}).items() if name not in names} or None)


def clear() -> None:
    """Take all fields off."""
    fields.set(None)


@contextlib.contextmanager
def context(**values: Any) -> Iterator[None]:
    """Put *values* on every record within the block."""
    before = fields.get()
    fields.set({**(before or {}), **redact.clean(values)})
    try:
        yield
    finally:
        fields.set(before)


# The current span lies in a variable of our own, as it is; OpenTelemetry sees it by way of ``opentelemetry.py``.

current: Final[ContextVar[Any]] = ContextVar("sightline_current", default=None)
"""One of our spans, or a context that OpenTelemetry attached, which is a dict, or None."""


class _Keys:
    """Where OpenTelemetry keeps the current span in its contexts; known once OpenTelemetry is imported."""

    span = ""


keys: Final = _Keys()


def span_of(value: Any) -> Any:
    """Give the span for a value of ``current``: ours, another tracer's, or None."""
    return value.get(keys.span) if isinstance(value, dict) else value


def current_span() -> Span | None:
    """Find the current span, of whichever tracer; None outside all spans."""
    return cast("Span | None", span_of(current.get()))
