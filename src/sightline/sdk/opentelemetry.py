"""
Takes OpenTelemetry's place for an SDK, once OpenTelemetry's API is imported.

The API alone takes a third of the time that a program may lose by starting with Sightline, so nothing of ours
imports it before somebody else does.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

from opentelemetry import context as otel_context
from opentelemetry import trace as otel
from opentelemetry.context.context import Context, _RuntimeContext
from opentelemetry.trace import propagation

from sightline.sdk import guard
from sightline.sdk.context import current, keys
from sightline.sdk.provider import TracerProvider, provider
from sightline.sdk.tracing import Span

if TYPE_CHECKING:
    from contextvars import Token

# Our span has everything that the API's has, and no base class, which would have to be imported.
otel.Span.register(Span)
keys.span = propagation._SPAN_KEY  # noqa: SLF001 - the key under which OpenTelemetry keeps the current span

_EMPTY = Context()


class RuntimeContext(_RuntimeContext):
    """
    OpenTelemetry's view of the current span, which lies in a variable of ours.

    Building a context for every span would cost as much as all its ids. Leaving a block never fails, in whichever
    task it is left: a token of another task is dropped, where OpenTelemetry's own would log an error.
    """

    def attach(self, context: Context) -> Token[Any]:
        """Make *context* the current one."""
        return current.set(context)

    def get_current(self) -> Context:
        """Give the current context."""
        value = current.get()
        if value is None:
            return _EMPTY
        return value if value.__class__ is Context else cast("Context", value.as_context())

    def detach(self, token: Token[Any]) -> None:
        """Let the context before be current again, unless that was in another task."""
        with contextlib.suppress(ValueError, RuntimeError):
            current.reset(token)


def take_over() -> None:
    """Become OpenTelemetry's runtime context and its tracer provider, so that its instrumentations record here."""
    attached = otel_context._RUNTIME_CONTEXT  # noqa: SLF001 - OpenTelemetry has no public way to set it
    if not isinstance(attached, RuntimeContext):
        context = attached.get_current()
        if context and current.get() is None:
            current.set(context)
        otel_context._RUNTIME_CONTEXT = RuntimeContext()  # noqa: SLF001
    present = otel._TRACER_PROVIDER  # noqa: SLF001 - asking publicly would load one from the environment
    if present is None:
        otel.set_tracer_provider(provider())
    elif not isinstance(present, TracerProvider):
        guard.failed(
            "tracing",
            RuntimeError(
                f"OpenTelemetry already has a {type(present).__name__}; spans of its instrumentations go there. "
                "Call sightline.configure() before it is set."
            ),
        )
