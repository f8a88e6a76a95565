"""Our own OpenTelemetry ``TracerProvider``: its spans are ours, so every instrumentation records through Sightline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry import trace as otel
from opentelemetry.trace import SpanKind

from sightline.model.span import CLIENT, CONSUMER, INTERNAL, PRODUCER, SERVER
from sightline.sdk.context import current, span_of
from sightline.sdk.tracing import END, RECORD, SET_STATUS, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.context import Context
    from opentelemetry.trace import Link
    from opentelemetry.util.types import Attributes

_KINDS: Final = {
    SpanKind.INTERNAL: INTERNAL,
    SpanKind.SERVER: SERVER,
    SpanKind.CLIENT: CLIENT,
    SpanKind.PRODUCER: PRODUCER,
    SpanKind.CONSUMER: CONSUMER,
}


def _flags_of(record_exception: bool, set_status: bool, end: bool) -> int:  # noqa: FBT001 - three of a kind
    return record_exception * RECORD | set_status * SET_STATUS | end * END


class Tracer(otel.Tracer):
    """A tracer of one instrumentation scope."""

    def __init__(self, scope: str, version: str) -> None:
        self._scope = scope
        self._version = version

    def start_span(  # type: ignore[override]  # registered as a span, see opentelemetry.py
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,  # noqa: FBT001, FBT002 - OpenTelemetry's signature
        set_status_on_exception: bool = True,  # noqa: FBT001, FBT002
    ) -> Span:
        """Begin a span that is not current."""
        made = self._make(name, kind, attributes, links, start_time)
        made.details.is_current = False
        made.details.flags = _flags_of(record_exception, set_status_on_exception, True)  # noqa: FBT003
        made.begin(span_of(current.get() if context is None else context))
        return made

    def start_as_current_span(  # type: ignore[override]
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,  # noqa: FBT001, FBT002 - OpenTelemetry's signature
        set_status_on_exception: bool = True,  # noqa: FBT001, FBT002
        end_on_exit: bool = True,  # noqa: FBT001, FBT002
    ) -> Span:
        """Make a span that begins with its ``with`` block and is current within it."""
        made = self._make(name, kind, attributes, links, start_time)
        made.details.flags = _flags_of(record_exception, set_status_on_exception, end_on_exit)
        if context is not None:
            made.begin(span_of(context))
        return made

    def _make(
        self,
        name: str,
        kind: SpanKind,
        attributes: Attributes,
        links: Sequence[Link] | None,
        start_time: int | None,
    ) -> Span:
        made = Span(name, _KINDS.get(kind, INTERNAL), dict(attributes) if attributes else None)
        details = made.details
        details.scope, details.scope_version = self._scope, self._version
        if start_time:
            made.start = start_time
        for link in links or ():
            made.add_link(link.context, link.attributes)
        return made


class TracerProvider(otel.TracerProvider):
    """Gives out tracers that record through Sightline."""

    def __init__(self) -> None:
        self._tracers: dict[tuple[str, str], Tracer] = {}

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,  # noqa: ARG002 - OpenTelemetry's signature
        attributes: Attributes = None,  # noqa: ARG002
    ) -> Tracer:
        """Give the tracer of an instrumentation scope."""
        key = (instrumenting_module_name, instrumenting_library_version or "")
        return self._tracers.setdefault(key, Tracer(*key))


_provider: Final = TracerProvider()


def provider() -> TracerProvider:
    """Give the tracer provider of this process; also the entry point that OpenTelemetry loads by name."""
    return _provider
