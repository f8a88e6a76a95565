"""Our own OpenTelemetry ``TracerProvider``: a span is written as one line when it ends, by the thread that ends it."""

from __future__ import annotations

import re
import traceback
from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from sightline.base.limits import MAX_ATTRIBUTES, MAX_SPAN_EVENTS
from sightline.model import ids
from sightline.model.span import (
    ERROR,
    INTERNAL,
    OK,
    UNSET,
    SpanEvent,
    SpanLink,
    SpanRecord,
)
from sightline.sdk import guard, redact
from sightline.sdk.context import current, fields, keys, span_of
from sightline.sdk.recorder import recorder
from sightline.wire.lines import describe, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from opentelemetry.context import Context
    from opentelemetry.trace import SpanContext, Status, StatusCode
    from opentelemetry.util.types import Attributes, AttributeValue

    Sampler = Callable[[str, bool | None], bool]

Function = TypeVar("Function", bound="Callable[..., Any]")

RESULT: Final = "function.result"
"""Attribute of a function's span: ``success``, or ``error`` where an exception ended the call."""

RECORD, SET_STATUS, END = 1, 2, 4
"""What a span does when its block is left: record the exception, set the status by it, end."""

_take = ids.take
_give_back = ids.give_back
_get_current = current.get
_set_current = current.set
_bound_fields = fields.get


class Tracing:
    """
    How spans are recorded in this process.

    Attributes:
        sampler: or None where everything is recorded.
        unsampled: makes a span where it is known that none is recorded; None where some are.
    """

    sampler: Sampler | None = None
    unsampled: Callable[[str, dict[str, Any] | None], Span] | None = None


tracing: Final = Tracing()


class _Details:
    """What most spans do not have. One object beside the span, so that those which have none pay for none."""

    __slots__ = (
        "events", "flags", "is_current", "links", "scope", "scope_version", "status", "status_message", "trace_state",
    )  # fmt: skip

    def __init__(self) -> None:
        self.events: list[SpanEvent] | None = None
        self.links: list[SpanLink] | None = None
        self.status = UNSET
        self.status_message = self.scope = self.scope_version = self.trace_state = ""
        self.is_current = True
        self.flags = RECORD | SET_STATUS | END


class Span:
    """
    A span that has begun, or is about to.

    It is current within its ``with`` block, and it may be used as a decorator. Used in another way, through a tracer's
    ``start_span``, it is never current by itself, as OpenTelemetry's API has it.

    Attributes:
        name: what is done, of low cardinality.
        kind: ``Internal``, ``Server``, ``Client``, ``Producer`` or ``Consumer``.
        attributes: what is known of it, or None.
        recording: whether it will be written at its end.
        trace_id: 32 hex digits, empty until it begins.
        span_id: 16 hex digits, empty until it begins.
        parent_id: 16 hex digits, empty for the root of a trace.
        start: nanoseconds since the epoch.
    """

    __slots__ = (
        "__weakref__", "_base", "_before", "_clock", "_context", "_details", "attributes", "kind", "name", "parent_id",
        "recording", "span_id", "start", "trace_id",
    )  # fmt: skip

    def __init__(self, name: str, kind: str, attributes: dict[str, Any] | None) -> None:
        self.name = name
        self.kind = kind
        self.attributes = attributes
        self.recording = False
        self.span_id = self.trace_id = self.parent_id = ""
        self.start = self._clock = 0
        self._details: _Details | None = None
        self._before: Any = None
        self._base: dict[str, Any] | None = None
        self._context: Context | None = None

    def as_context(self) -> Context:
        """Build OpenTelemetry's context in which this span is the current one."""
        context = self._context
        if context is None:
            from opentelemetry.context import Context

            context = Context({**(self._base or {}), keys.span: self})
            if self._clock > 0:
                # Some frameworks ask many times in one request. It is let go at the end, for each holds the other.
                self._context = context
        return context

    @property
    def details(self) -> _Details:
        """What only some spans have, made when it is first asked for."""
        if self._details is None:
            self._details = _Details()
        return self._details

    # The life of a span.

    def begin(self, parent: Any) -> None:
        """Take ids, and note the time. *parent* is a span of any tracer, or None for the root of a trace."""
        parent_sampled: bool | None = None
        try:
            self.span_id = _take()
            if parent is None:
                self.trace_id = _take() + _take()
            elif parent.__class__ in ours:
                self.trace_id = parent.trace_id
                self.parent_id = parent.span_id
                above = parent._details  # noqa: SLF001 - its own class
                if above is not None and above.trace_state:
                    self.details.trace_state = above.trace_state
                parent_sampled = parent.recording or parent._clock < 0  # noqa: SLF001
            else:
                parent_sampled = self._take_foreign(parent)
        except IndexError:
            _give_back(ids.refill())
            self.begin(parent)
            return
        sampler = tracing.sampler
        self.recording = recorder.enabled and (sampler is None or sampler(self.trace_id, parent_sampled))
        if not self.recording:
            # It has begun; how long it takes nobody asks.
            self._clock = 1
            return
        bound = _bound_fields()
        if bound:
            self.attributes = {**bound, **(self.attributes or {})}
        if not self.start:
            self.start = time_ns()
        self._clock = perf_counter_ns()

    def _take_foreign(self, parent: Any) -> bool | None:
        """Continue the trace of another tracer's span, such as one that came over the network."""
        above = parent.get_span_context()
        if not above.is_valid:
            self.trace_id = _take() + _take()
            return None
        self.trace_id, self.parent_id = f"{above.trace_id:032x}", f"{above.span_id:016x}"
        if above.trace_state:
            self.details.trace_state = above.trace_state.to_header()
        return bool(above.trace_flags.sampled)

    def within(self, before: Any) -> None:
        """Become the current span, in the place of *before*, which was the value of ``current``."""
        self._before = before
        if before is not None:
            # No chain of spans: a task that starts its own successor within a span would hold all before it.
            self._context = None
            self._base = before if isinstance(before, dict) else before._base  # noqa: SLF001 - its own class
        _set_current(self)

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
        self._context = None
        try:
            elapsed = perf_counter_ns() - clock if end_time is None else end_time - self.start
            attributes = self.attributes
            if attributes is not None:
                attributes = redact.redactor.clean(attributes)
            record = SpanRecord(
                self.start, recorder.instance, self.trace_id, self.span_id, self.parent_id, self.name, self.kind,
                max(0, elapsed), attributes=attributes,
            )  # fmt: skip
            if self._details is not None:
                _add_details(record, self._details)
            recorder.append(encode(record))
        except Exception as error:
            guard.failed("span", error)

    def __enter__(self) -> Self:
        """Begin, and become the current span."""
        before = _get_current()
        if not self._clock:
            self.begin(before if before is None or before.__class__ is Span else span_of(before))
        details = self._details
        if details is None or details.is_current:
            self.within(before)
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        """Note the exception, if there is one, write the span, and let the one before be current again."""
        details = self._details
        # Left in another task than entered, as async generators are, the other task's context stays its own.
        if (details is None or details.is_current) and span_of(_get_current()) is self:
            _set_current(self._before)
            self._before = None
        if exc_val is not None and isinstance(exc_val, Exception):
            self.fail(exc_val)
        if details is None or details.flags & END:
            self.end()

    def fail(self, error: BaseException) -> None:
        """Note that *error* ended what the span is about, as an event and as its status."""
        flags = self.details.flags
        if flags & RECORD:
            self.record_exception(error, escaped=True)
        if flags & SET_STATUS:
            self.mark_failed(f"{type(error).__name__}: {describe(error)}")
        attributes = self.attributes
        if attributes is not None and RESULT in attributes:
            attributes |= {RESULT: "error", "error.type": type(error).__qualname__, "error.message": describe(error)}

    def __call__(self, function: Function) -> Function:
        """Decorate *function*, sync, async or a generator, so that each call is a span like this one."""
        from sightline.sdk.decorate import in_span

        def make() -> Span:
            attributes = dict(self.attributes) if self.attributes else None
            if tracing.unsampled is not None:
                return tracing.unsampled(self.name, attributes)
            return Span(self.name, self.kind, attributes)

        return in_span(function, make)

    # What OpenTelemetry's API asks for.

    def get_span_context(self) -> SpanContext:
        """Give the ids, as OpenTelemetry's API wants them."""
        from opentelemetry.trace import INVALID_SPAN_CONTEXT, SpanContext, TraceFlags, TraceState

        if not self.span_id:
            return INVALID_SPAN_CONTEXT
        flags = TraceFlags(TraceFlags.SAMPLED if self.recording or self._clock < 0 else TraceFlags.DEFAULT)
        details = self._details
        state = TraceState.from_header([details.trace_state]) if details and details.trace_state else None
        return SpanContext(int(self.trace_id, 16), int(self.span_id, 16), False, flags, state)  # noqa: FBT003

    def is_recording(self) -> bool:
        """Tell whether what is set now will be written."""
        return self.recording

    def set_attribute(self, key: str, value: AttributeValue | Any) -> None:
        """Set one attribute; any value that JSON can say, others become text."""
        attributes = self.attributes
        if attributes is None:
            self.attributes = {key: value}
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
        details = self.details
        if details.events is None:
            details.events = []
        if len(details.events) < MAX_SPAN_EVENTS:
            details.events.append(SpanEvent(timestamp or time_ns(), name, dict(attributes) if attributes else None))

    def add_link(self, context: SpanContext, attributes: Attributes = None) -> None:
        """Tie another span to this one."""
        details = self.details
        if details.links is None:
            details.links = []
        if len(details.links) < MAX_SPAN_EVENTS:
            state = context.trace_state.to_header() if context.trace_state else ""
            told = redact.clean(dict(attributes)) if attributes else None
            details.links.append(SpanLink(f"{context.trace_id:032x}", f"{context.span_id:016x}", state, told))

    def update_name(self, name: str) -> None:
        """Give the span another name."""
        self.name = name

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Say how it went. ``OK`` is final, and ``UNSET`` is ignored, as OpenTelemetry specifies."""
        code: Any = getattr(status, "status_code", status)
        if code is not status:
            description = status.description  # type: ignore[union-attr]
        if code.name == "ERROR":
            self.mark_failed(description or "")
        elif code.name == "OK":
            self.mark_ok()

    def mark_failed(self, why: str = "") -> None:
        """Say that what the span is about failed, unless it was marked as done well."""
        details = self.details
        if details.status != OK:
            details.status, details.status_message = ERROR, why

    def mark_ok(self) -> None:
        """Say that what the span is about went well; no failure within it changes that any more."""
        details = self.details
        details.status, details.status_message = OK, ""

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


def _add_details(record: SpanRecord, details: _Details) -> None:
    record.status, record.status_message = details.status, redact.text(details.status_message)
    record.scope, record.scope_version = details.scope, details.scope_version
    record.trace_state, record.links, record.events = details.trace_state, details.links, details.events
    for event in details.events or ():
        if event.attributes is not None:
            event.attributes = redact.clean(event.attributes)


def span(name: str, /, **attributes: Any) -> Span:
    """
    Make a span, for a ``with`` block or as the decorator of a function.

    Args:
        name: what is done, of low cardinality.
        attributes: what is known of it; secrets are taken out by their names before anything is written.
    """
    unsampled = tracing.unsampled
    if unsampled is not None:
        return unsampled(name, attributes or None)
    return Span(name, INTERNAL, attributes or None)


_TRACEPARENT: Final = re.compile(
    r"\s*(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\s*"
)

_LONGEST_TRACESTATE: Final = 512
"""Characters of a ``tracestate`` that is passed on, W3C's least; a longer one is dropped."""


class Remote:
    """A caller's span, as far as its header tells; what a span asks of the one above it."""

    __slots__ = ("_clock", "_details", "recording", "span_id", "trace_id")

    def __init__(self, trace_id: str, span_id: str, *, recording: bool) -> None:
        self.trace_id = trace_id
        self.span_id = span_id
        self.recording = recording
        self._clock = 0
        self._details: _Details | None = None


def remote_parent(traceparent: str, tracestate: str | None = None) -> Remote | None:
    """
    Read a W3C ``traceparent`` header.

    Returns:
        What stands for the caller's span; None where the header is not valid.
    """
    match = _TRACEPARENT.fullmatch(traceparent)
    if match is None:
        return None
    version, trace_id, span_id, flags, more = match.groups()
    if more is not None and version == "00":
        return None
    parent = Remote(trace_id, span_id, recording=flags[1] in "13579bdf")
    if tracestate and len(tracestate) <= _LONGEST_TRACESTATE:
        parent._details = _Details()  # noqa: SLF001 - of its own file
        parent._details.trace_state = tracestate  # noqa: SLF001
    return parent


ours: Final[set[type[Any]]] = {Span, Remote}
"""What can be above a span without being asked for its context."""
