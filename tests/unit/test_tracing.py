"""Spans: ours, and those that OpenTelemetry's API makes through our provider."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest
from opentelemetry import context as otel_context
from opentelemetry import trace as otel
from opentelemetry.baggage import get_baggage, set_baggage
from opentelemetry.propagate import inject

import sightline
from sightline.model.redacted import REDACTED
from sightline.sdk.context import current_span
from sightline.sdk.provider import provider
from sightline.sdk.tracing import Span, remote_parent
from sightline.testing import capture

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def captured():
    """Record into memory."""
    with capture() as captured:
        yield captured


@pytest.fixture
def tracer():
    """A tracer of OpenTelemetry's API that records through us."""
    return provider().get_tracer("scope", "1.2")


def test_a_span_is_written_with_its_attributes_and_time(captured):
    """The block's name, attributes, start and duration are in one record."""
    with sightline.span("charge", order=7, ok=True):
        pass

    [span] = captured.spans
    assert (span.name, span.attributes, span.span_kind, span.status) == (
        "charge", {"order": 7, "ok": True}, "Internal", "Unset",
    )  # fmt: skip
    assert span.duration > 0
    assert len(span.trace) == 32
    assert len(span.span) == 16
    assert span.parent == ""


def test_spans_nest(captured):
    """A span within another is its child, in the same trace."""
    with sightline.span("outer"), sightline.span("inner"):
        pass

    inner, outer = captured.spans
    assert (inner.trace, inner.parent) == (outer.trace, outer.span)


def test_spans_of_the_api_and_ours_see_each_other(captured, tracer):
    """The current span is one thing for both, whichever made it."""
    with sightline.span("ours"), tracer.start_as_current_span("api"), sightline.span("ours again"):
        pass

    again, api, ours = captured.spans
    assert [again.parent, api.parent] == [api.span, ours.span]
    assert {again.trace, api.trace} == {ours.trace}
    assert (api.scope, api.scope_version) == ("scope", "1.2")


def test_an_exception_is_noted_and_passes(captured):
    """The span has the exception as event and status, and the caller still gets it."""
    with pytest.raises(ValueError, match="no money"), sightline.span("charge"):
        raise ValueError("no money")

    [span] = captured.spans
    assert (span.status, span.status_message) == ("Error", "ValueError: no money")
    [event] = span.events
    assert event.name == "exception"
    assert event.attributes["exception.type"] == "ValueError"
    assert 'raise ValueError("no money")' in event.attributes["exception.stacktrace"]


def test_leaving_by_cancellation_is_no_error(captured):
    """``CancelledError`` and ``GeneratorExit`` end a span without making it a failed one."""
    with pytest.raises(asyncio.CancelledError), sightline.span("work"):
        raise asyncio.CancelledError

    assert captured.spans[0].status == "Unset"


def test_attributes_events_links_and_status_are_written(captured, tracer):
    """What OpenTelemetry's API sets on a span is in the record."""
    with tracer.start_as_current_span("api", kind=otel.SpanKind.CLIENT, attributes={"a": 1}) as span:
        span.set_attributes({"b": [1, 2]})
        span.add_event("retry", {"n": 1}, timestamp=5)
        span.add_link(otel.SpanContext(int(TRACE, 16), int(PARENT, 16), True))
        span.update_name("renamed")
        span.set_status(otel.Status(otel.StatusCode.ERROR, "bad"))

    [record] = captured.spans
    assert (record.name, record.span_kind, record.attributes) == ("renamed", "Client", {"a": 1, "b": [1, 2]})
    assert (record.events[0].name, record.events[0].time) == ("retry", 5)
    assert (record.links[0].trace, record.links[0].span) == (TRACE, PARENT)
    assert (record.status, record.status_message) == ("Error", "bad")


def test_a_started_span_is_not_current_and_ends_once(captured, tracer):
    """``start_span`` leaves the context alone, and only the first ``end`` counts."""
    span = tracer.start_span("later", start_time=1_000)
    assert otel.get_current_span() is not span

    span.end(end_time=3_000)
    span.end()

    [record] = captured.spans
    assert (record.time, record.duration) == (1_000, 2_000)


def test_secrets_are_taken_out(captured):
    """Attributes of a span and of its events are redacted by name."""
    with sightline.span("login", password="x") as span:
        span.set_attribute("api_key", "y")
        span.add_event("try", {"token": "z"})

    [record] = captured.spans
    assert record.attributes == {"password": REDACTED, "api_key": REDACTED}
    assert record.events[0].attributes == {"token": REDACTED}


def test_bound_fields_are_on_spans(captured):
    """The context's fields become attributes; the span's own win."""
    with sightline.context(user_id="u1", order=1), sightline.span("charge", order=2):
        pass

    assert captured.spans[0].attributes == {"user_id": "u1", "order": 2}


def test_a_traceparent_is_continued_and_sent_on(captured):
    """A request's span joins the caller's trace, and clients within send the header on."""
    headers = {}
    span = sightline.span("GET /")
    span.begin(remote_parent(f"00-{TRACE}-{PARENT}-01", "k=v"))
    with span:
        inject(headers)

    [record] = captured.spans
    assert (record.trace, record.parent, record.trace_state) == (TRACE, PARENT, "k=v")
    assert headers == {"traceparent": f"00-{TRACE}-{record.span}-01", "tracestate": "k=v"}


@pytest.mark.parametrize(
    "header",
    ["", "junk", f"00-{TRACE}-{PARENT}", f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01",
     f"ff-{TRACE}-{PARENT}-01", f"00-{TRACE.upper()}-{PARENT}-01", f"00-{TRACE}-{PARENT}-01-more",
     f"00-{TRACE}-{PARENT}-0x"],
)  # fmt: skip
def test_a_traceparent_that_is_not_valid_is_no_parent(header):
    """What is not exactly W3C's form starts a new trace, and nothing raises."""
    assert remote_parent(header) is None


def test_a_newer_traceparent_with_more_parts_is_read():
    """Versions to come may add parts, as the specification says."""
    parent = remote_parent(f"01-{TRACE}-{PARENT}-00-new")

    assert (parent.trace_id, parent.span_id, parent.recording) == (TRACE, PARENT, False)


def test_baggage_of_the_context_is_kept_within_spans(captured):
    """A span does not hide what else OpenTelemetry's context holds."""
    token = otel_context.attach(set_baggage("tenant", "t1"))
    try:
        with sightline.span("outer"), sightline.span("inner"):
            assert get_baggage("tenant") == "t1"
    finally:
        otel_context.detach(token)


@pytest.mark.parametrize(
    ("settings", "parent_flag", "written"),
    [
        ({"sampler": "always_off"}, None, False),
        ({"sampler": "parentbased_always_off"}, "01", True),
        ({"sampler": "parentbased_always_on"}, None, True),
        ({"sampler": "traceidratio", "sampler_arg": 0}, "01", False),
        ({"sampler": "parentbased_traceidratio", "sampler_arg": 1}, "00", False),
    ],
)
def test_samplers_decide_by_their_standard_names(settings, parent_flag, written):
    """The sampler's name, its share and the parent's flag say whether a span is written; children follow."""
    with capture(**settings) as captured:
        span = sightline.span("GET /")
        span.begin(remote_parent(f"00-{TRACE}-{PARENT}-{parent_flag}") if parent_flag else None)
        with span, sightline.span("child"):
            assert span.get_span_context().trace_flags.sampled == written

        if settings["sampler"].startswith("parentbased") or not written:
            assert len(captured.spans) == (2 if written else 0)


def test_decorators_take_functions_of_every_kind(captured):
    """Plain, async, generator and async generator functions each give one span a call."""

    @sightline.trace_function
    def plain(x):
        return x + 1

    @sightline.trace_function("named", extra=1)
    async def coroutine(x):
        return x + 1

    @sightline.span("generator")
    def generator():
        received = yield 1
        yield received

    @sightline.trace_function
    async def async_generator():
        yield 1
        yield 2

    async def main():
        return await coroutine(1), [item async for item in async_generator()]

    running = generator()
    assert (plain(1), next(running), running.send(5), list(running)) == (2, 1, 5, [])
    assert asyncio.run(main()) == (2, [1, 2])

    plain_span, generator_span, coroutine_span, async_span = captured.spans
    assert plain_span.attributes["function.name"].endswith("plain")
    assert (coroutine_span.name, coroutine_span.attributes["extra"]) == ("named", 1)
    assert generator_span.name == "generator"
    assert async_span.attributes["function.module"] == __name__


def test_a_function_tells_how_its_calls_end(captured):
    """A call that returns is a success; one that raises has the error's type and message, without secrets."""

    @sightline.trace_function
    def divide(x):
        if not x:
            raise ValueError("no password=hunter2 here")
        return 1 / x

    divide(1)
    with pytest.raises(ValueError, match="no password"):
        divide(0)

    good, bad = captured.spans
    assert good.attributes["function.result"] == "success"
    assert (bad.attributes["function.result"], bad.attributes["error.type"]) == ("error", "ValueError")
    assert "hunter2" not in bad.attributes["error.message"]


def test_a_waiting_generator_is_not_the_current_span(captured):
    """Between two values the consumer's own span is current, not the generator's."""

    @sightline.trace_function
    def numbers():
        with sightline.span("inside"):
            pass
        yield 1

    with sightline.span("consumer"):
        running = numbers()
        next(running)
        with sightline.span("between"):
            pass
        list(running)

    by_name = {span.name: span for span in captured.spans}
    consumer = by_name["consumer"]
    generator = next(span for span in captured.spans if span.name.endswith("numbers"))
    assert by_name["between"].parent == consumer.span
    assert by_name["inside"].parent == generator.span
    assert generator.parent == consumer.span


def test_an_exception_in_a_generator_is_noted(captured):
    """A generator that raises has a failed span."""

    @sightline.trace_function
    def broken():
        yield 1
        raise KeyError("gone")

    running = broken()
    next(running)
    with pytest.raises(KeyError):
        next(running)

    assert captured.spans[0].status == "Error"


def test_a_span_left_in_another_task_raises_nothing(captured, caplog):
    """An async generator closed from another task ends its span without an error or a log."""

    async def stream():
        with sightline.span("stream"):
            yield 1
            yield 2

    async def main():
        generator = stream()
        await anext(generator)
        await asyncio.create_task(generator.aclose())

    asyncio.run(main())

    assert [span.name for span in captured.spans] == ["stream"]
    assert not caplog.records


def test_ended_spans_are_not_held_by_their_successors(captured):
    """A task that starts its own successor within a span does not hold all spans before it."""
    first = None

    async def step(n):
        nonlocal first
        with sightline.span("step") as span:
            first = first or weakref.ref(span)
            return asyncio.create_task(step(n - 1)) if n else None

    async def main():
        task = asyncio.create_task(step(5))
        while task is not None:
            task = await task

    asyncio.run(main())
    gc.collect()

    assert len(captured.spans) == 6
    assert first() is None


def test_nothing_is_recorded_before_configure():
    """Without ``configure`` spans are made and current, and not recorded."""
    with sightline.span("early") as span:
        assert isinstance(span, Span)
        assert not span.is_recording()
        assert current_span() is span


def test_too_many_attributes_are_counted_not_kept(captured):
    """A span's attributes are bounded; what is dropped is counted on it."""
    with sightline.span("many") as span:
        for n in range(300):
            span.set_attribute(f"k{n}", n)

    attributes = captured.spans[0].attributes
    assert attributes["sightline.dropped_attributes"] == 44
    assert len(attributes) == 257
