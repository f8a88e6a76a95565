"""Our own OpenTelemetry ``TracerProvider``: a span is written as one line when it ends, by the thread that ends it."""

from __future__ import annotations

import traceback
from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from opentelemetry import trace as otel
from opentelemetry.context import Context
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from sightline.base.limits import MAX_ATTRIBUTES, MAX_SPAN_EVENTS
from sightline.model import ids
from sightline.model.span import CLIENT, CONSUMER, ERROR, INTERNAL, OK, PRODUCER, SERVER, SpanEvent, SpanLink, SpanRecord
from sightline.sdk import guard, redact
from sightline.sdk.context import SPAN_KEY, current, fields
from sightline.sdk.recorder import recorder
from sightline.wire.lines import describe, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from opentelemetry.trace import Link
    from opentelemetry.util.types import Attributes, AttributeValue

    Sampler = Callable[[str, bool | None], bool]

Function = TypeVar("Function", bound="Callable[..., Any]")

_KINDS: Final = {
    SpanKind.INTERNAL: INTERNAL,
    SpanKind.SERVER: SERVER,
    SpanKind.CLIENT: CLIENT,
    SpanKind.PRODUCER: PRODUCER,
    SpanKind.CONSUMER: CONSUMER,
}
_STATUSES: Final = {StatusCode.UNSET: "", StatusCode.OK: OK, StatusCode.ERROR: ERROR}
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_NOT_SAMPLED: Final = TraceFlags(TraceFlags.DEFAULT)

_take = ids.take
_context_of = current.get
_set_context = current.set
_bound_fields = fields.get


class Tracing:
    """How spans are recorded in this process: the sampler, or None where everything is recorded."""

    sampler: Sampler | None = None


tracing: Final = Tracing()


class Span(otel.Span):
    """
    A span that has begun, or is about to.

    It is current within its ``with`` block, and it may be used as a decorator. Used in another way, through a tracer's
    ``start_span``, it is never current by itself, as OpenTelemetry's API has it.

    Attributes:
        record: what will be written. Its ids are empty until the span begins.
        recording: whether it will be written at its end.
    """

    __slots__ = ("_before", "_clock", "_current", "_entered", "_flags", "record", "recording")

    def __init__(self, record: SpanRecord, *, is_current: bool = True) -> None:
        self.record = record
        self.recording = True
        self._current = is_current
        self._entered = False
        self._clock = 0
        self._before: Context | None = None
        self._flags = 7

    # The life of a span.

    def begin(self, parent: otel.Span | None) -> None:
        """Take ids, and note the time."""
        record = self.record
        parent_sampled: bool | None = None
        if parent is None:
            record.trace = ids.new_trace_id()
        elif isinstance(parent, Span):
            above = parent.record
            record.trace, record.parent, record.trace_state = above.trace, above.span, above.trace_state
            parent_sampled = parent.recording or parent._clock < 0  # noqa: SLF001 - an ended span was recorded
        else:
            parent_sampled = self._take_foreign(parent)
        try:
            record.span = _take()
        except IndexError:
            record.span = ids.refill()
        if not recorder.enabled:
            self.recording = False
        elif tracing.sampler is not None:
            self.recording = tracing.sampler(record.trace, parent_sampled)
        bound = _bound_fields()
        if bound:
            record.attributes = {**bound, **(record.attributes or {})}
        record.instance = recorder.instance
        if not record.time:
            record.time = time_ns()
        self._clock = perf_counter_ns()

    def _take_foreign(self, parent: otel.Span) -> bool | None:
        """Continue the trace of another tracer's span, such as one that came over the network."""
        above = parent.get_span_context()
        if not above.is_valid:
            self.record.trace = ids.new_trace_id()
            return None
        self.record.trace, self.record.parent = f"{above.trace_id:032x}", f"{above.span_id:016x}"
        if above.trace_state:
            self.record.trace_state = above.trace_state.to_header()
        return bool(above.trace_flags.sampled)

    def end(self, end_time: int | None = None) -> None:
        """
        Write the span.

        Args:
            end_time: nanoseconds since the epoch; now where it is None. Only the first call counts.
        """
        clock = self._clock
        if clock <= 0 or not self.recording:
            return
        self._clock = -1
        self.recording = False
        record = self.record
        try:
            elapsed = perf_counter_ns() - clock if end_time is None else end_time - record.time
            record.duration = elapsed if elapsed > 0 else 0
            if record.attributes is not None:
                record.attributes = redact.redactor.clean(record.attributes)
            if record.events is not None:
                _clean_events(record.events)
            recorder.append(encode(record))
        except Exception as error:
            guard.failed("span", error)

    def __enter__(self) -> Span:
        """Begin, and become the current span."""
        self._entered = True
        before = _context_of()
        if not self.record.span:
            self.begin(before.get(SPAN_KEY))  # type: ignore[arg-type]
        if self._current:
            self._before = before
            _set_context(Context({**before, SPAN_KEY: self}) if before else Context({SPAN_KEY: self}))
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        """Note the exception, if there is one, write the span, and let the one before be current again."""
        before = self._before
        if before is not None:
            # Left in another task than entered, as async generators are, the other task's context stays its own.
            if _context_of().get(SPAN_KEY) is self:
                _set_context(before)
            self._before = None
        if exc_val is not None and isinstance(exc_val, Exception):
            self.fail(exc_val)
        if self._flags & 4:
            self.end()

    def fail(self, error: BaseException) -> None:
        """Note that *error* ended what the span is about, as an event and as its status."""
        if self._flags & 1:
            self.record_exception(error, escaped=True)
        if self._flags & 2:
            self.set_status(StatusCode.ERROR, f"{type(error).__name__}: {describe(error)}")

    def __call__(self, function: Function) -> Function:
        """Decorate *function*, sync, async or a generator, so that each call is a span like this one."""
        from sightline.sdk.decorate import in_span

        template = self.record

        def make() -> Span:
            attributes = dict(template.attributes) if template.attributes else None
            return Span(SpanRecord(0, "", "", "", "", template.name, template.span_kind, attributes=attributes))

        return in_span(function, make)

    # What OpenTelemetry's API asks for.

    def get_span_context(self) -> SpanContext:
        """Give the ids, as OpenTelemetry's API wants them."""
        record = self.record
        if not record.span:
            return otel.INVALID_SPAN_CONTEXT
        sampled = self.recording or (self._clock < 0)
        state = TraceState.from_header([record.trace_state]) if record.trace_state else None
        return SpanContext(
            int(record.trace, 16), int(record.span, 16), False, _SAMPLED if sampled else _NOT_SAMPLED, state
        )

    def is_recording(self) -> bool:
        """Tell whether what is set now will be written."""
        return self.recording

    def set_attribute(self, key: str, value: AttributeValue | Any) -> None:
        """Set one attribute; any value that JSON can say, others become text."""
        attributes = self.record.attributes
        if attributes is None:
            self.record.attributes = {key: value}
        elif len(attributes) < MAX_ATTRIBUTES or key in attributes:
            attributes[key] = value
        else:
            attributes["sightline.dropped_attributes"] = attributes.get("sightline.dropped_attributes", 0) + 1

    def set_attributes(self, attributes: Mapping[str, AttributeValue | Any]) -> None:
        """Set several attributes."""
        for key, value in attributes.items():
            self.set_attribute(key, value)

    def add_event(self, name: str, attributes: Attributes = None, timestamp: int | None = None) -> None:
        """Note something that happened; *timestamp* is nanoseconds since the epoch."""
        events = self.record.events
        if events is None:
            events = self.record.events = []
        if len(events) < MAX_SPAN_EVENTS:
            events.append(SpanEvent(timestamp or time_ns(), name, dict(attributes) if attributes else None))

    def add_link(self, context: SpanContext, attributes: Attributes = None) -> None:
        """Tie another span to this one."""
        links = self.record.links
        if links is None:
            links = self.record.links = []
        if len(links) < MAX_SPAN_EVENTS:
            state = context.trace_state.to_header() if context.trace_state else ""
            link = SpanLink(f"{context.trace_id:032x}", f"{context.span_id:016x}", state)
            link.attributes = redact.clean(dict(attributes)) if attributes else None
            links.append(link)

    def update_name(self, name: str) -> None:
        """Give the span another name."""
        self.record.name = name

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Say how it went. ``OK`` is final, and ``UNSET`` is ignored, as OpenTelemetry specifies."""
        if isinstance(status, Status):
            status, description = status.status_code, status.description
        if status is StatusCode.UNSET or self.record.status == OK:
            return
        self.record.status = _STATUSES[status]
        self.record.status_message = (description or "") if status is StatusCode.ERROR else ""

    def record_exception(
        self,
        exception: BaseException,
        attributes: Attributes = None,
        timestamp: int | None = None,
        escaped: bool = False,  # noqa: FBT001, FBT002 - OpenTelemetry's signature
    ) -> None:
        """Note an exception with its traceback."""
        if not self.recording:
            return
        told: dict[str, Any] = {**exception_attributes(exception), **(attributes or {})}
        if escaped:
            told["exception.escaped"] = "True"
        self.add_event("exception", told, timestamp)


_TRACEBACK_FRAMES: Final = 50
"""Frames kept of a traceback, from each end of the chain; more are endless recursion."""


def exception_attributes(error: BaseException) -> dict[str, str]:
    """Say an exception in OpenTelemetry's names: ``exception.type``, ``.message`` and ``.stacktrace``."""
    kind = type(error)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    try:
        stack = "".join(traceback.format_exception(kind, error, error.__traceback__, limit=_TRACEBACK_FRAMES))
    except Exception:
        stack = ""
    return {
        "exception.type": f"{module}{kind.__qualname__}",
        "exception.message": describe(error),
        "exception.stacktrace": stack,
    }


def _clean_events(events: list[SpanEvent]) -> None:
    for event in events:
        if event.attributes is not None:
            event.attributes = redact.clean(event.attributes)


def span(name: str, /, **attributes: Any) -> Span:
    """
    Make a span: ``with span("charge", order=7) as s:``, or ``@span("charge")`` on a function.

    Args:
        name: what is done, of low cardinality.
        attributes: what is known of it; secrets are taken out by their names before anything is written.
    """
    return Span(SpanRecord(0, "", "", "", "", name, INTERNAL, attributes=attributes or None))


def server_span(name: str, traceparent: str | None, tracestate: str | None, attributes: dict[str, Any]) -> Span:
    """
    Make the span of a request that came in, in the caller's trace where *traceparent* is a valid W3C header.

    The span is current within its ``with`` block.
    """
    made = Span(SpanRecord(0, "", "", "", "", name, SERVER, attributes=attributes))
    above = parse_traceparent(traceparent) if traceparent else None
    if above is not None:
        flags = _SAMPLED if above[2] else _NOT_SAMPLED
        state = TraceState.from_header([tracestate]) if tracestate else None
        made.begin(otel.NonRecordingSpan(SpanContext(int(above[0], 16), int(above[1], 16), True, flags, state)))
    return made


_HEX: Final = frozenset("0123456789abcdef")


def parse_traceparent(header: str) -> tuple[str, str, bool] | None:
    """
    Read a W3C ``traceparent`` header.

    Returns:
        Trace id, span id and whether it is sampled; None where the header is not valid.
    """
    parts = header.strip().split("-")
    if len(parts) < 4 or (parts[0] == "00" and len(parts) != 4):
        return None
    version, trace, parent, flags = parts[:4]
    if (len(version), len(trace), len(parent), len(flags)) != (2, 32, 16, 2) or version == "ff":
        return None
    if not _HEX.issuperset(version + trace + parent + flags) or not trace.strip("0") or not parent.strip("0"):
        return None
    return trace, parent, bool(int(flags, 16) & 1)


class Tracer(otel.Tracer):
    """A tracer of one instrumentation scope."""

    def __init__(self, scope: str, version: str) -> None:
        self._scope = scope
        self._version = version

    def start_span(
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
        made._current = False  # noqa: SLF001 - its own module
        made._flags = record_exception | set_status_on_exception << 1 | 4  # noqa: SLF001
        made.begin(cast("otel.Span | None", (_context_of() if context is None else context).get(SPAN_KEY)))
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
        made._flags = record_exception | set_status_on_exception << 1 | end_on_exit << 2  # noqa: SLF001
        if context is not None:
            made.begin(cast("otel.Span | None", context.get(SPAN_KEY)))
        return made

    def _make(
        self,
        name: str,
        kind: SpanKind,
        attributes: Attributes,
        links: Sequence[Link] | None,
        start_time: int | None,
    ) -> Span:
        record = SpanRecord(
            start_time or 0, "", "", "", "", name, _KINDS.get(kind, INTERNAL), scope=self._scope,
            scope_version=self._version, attributes=dict(attributes) if attributes else None,
        )  # fmt: skip
        made = Span(record)
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
