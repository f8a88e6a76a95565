"""What follows the code through tasks and threads: bound fields, and the current span."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, Final, cast

from opentelemetry import context as otel_context
from opentelemetry.context.context import Context, _RuntimeContext
from opentelemetry.trace import propagation

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


# The current span lies in a variable of our own, as it is; OpenTelemetry sees it through a runtime context of ours.

SPAN_KEY: Final = propagation._SPAN_KEY  # noqa: SLF001 - the key under which OpenTelemetry keeps the current span


current: Final[ContextVar[Any]] = ContextVar("sightline_current", default=None)
"""One of our spans, or a context that OpenTelemetry attached, or None."""


def context_of(value: Any) -> Context:
    """Give OpenTelemetry's context for a value of ``current``."""
    if value is None:
        return _EMPTY
    return value if value.__class__ is Context else cast("Context", value.as_context())


def span_of(value: Any) -> Any:
    """Give the span for a value of ``current``: ours, another tracer's, or None."""
    return value.get(SPAN_KEY) if value.__class__ is Context else value


def current_span() -> Span | None:
    """Find the current span, of whichever tracer; None outside all spans."""
    return cast("Span | None", span_of(current.get()))


_EMPTY: Final = Context()


class RuntimeContext(_RuntimeContext):
    """
    OpenTelemetry's view of ``current``.

    Building a context for every span would cost as much as all its ids. Leaving a block never fails, in whichever
    task it is left: a token of another task is dropped, where OpenTelemetry's own would log an error.
    """

    def attach(self, context: Context) -> Token[Any]:
        """Make *context* the current one."""
        return current.set(context)

    def get_current(self) -> Context:
        """Give the current context."""
        return context_of(current.get())

    def detach(self, token: Token[Any]) -> None:
        """Let the context before be current again, unless that was in another task."""
        with contextlib.suppress(ValueError, RuntimeError):
            current.reset(token)


def take_runtime_context() -> None:
    """Put our runtime context in the place of OpenTelemetry's; what is current there stays current."""
    present = otel_context._RUNTIME_CONTEXT  # noqa: SLF001 - OpenTelemetry has no public way to set it
    if isinstance(present, RuntimeContext):
        return
    attached = present.get_current()
    if attached:
        current.set(attached)
    otel_context._RUNTIME_CONTEXT = RuntimeContext()  # noqa: SLF001
