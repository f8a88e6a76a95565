"""Spans where no trace is recorded: they cost next to nothing, and still tell others where they belong."""

import logging

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.propagate import inject

import sightline
from sightline.testing import capture


@pytest.fixture
def records():
    """Record everything but traces."""
    with capture(sampler="always_off") as found:
        yield found


def test_no_span_is_recorded_and_logs_are(records):
    """Logs within carry the ids that the span would have had; of the span nothing is kept."""
    with sightline.span("checkout", order=7) as outer:
        logging.getLogger("shop").warning("paid")
        with sightline.span("inner") as inner:
            sightline.get_logger("shop").info("stored")

    first, second = records.logs
    assert records.spans == []
    assert (first.trace, first.span) == (outer.trace_id, outer.span_id)
    assert (second.trace, second.span) == (outer.trace_id, inner.span_id)


def test_a_call_to_another_service_says_that_it_is_not_sampled(records):
    """The header names the trace, with the flag that nobody need record it."""
    carrier = {}
    with sightline.span("checkout") as span:
        inject(carrier)

    assert carrier["traceparent"] == f"00-{span.trace_id}-{span.span_id}-00"


def test_it_takes_all_that_a_span_takes(records):
    """What is set on it is forgotten, and an exception goes through."""
    with pytest.raises(KeyError), sightline.span("checkout") as span:
        span.set_attribute("a", 1)
        span.set_attributes({"b": 2})
        span.add_event("happened")
        span.set_status(trace.StatusCode.ERROR, "bad")
        span.record_exception(ValueError())
        span.update_name("other")
        assert not span.is_recording()
        raise KeyError

    assert records.spans == []
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_it_is_current_for_opentelemetry(records):
    """OpenTelemetry sees it, with what its context holds besides."""
    token = context.attach(baggage.set_baggage("tenant", "t1"))
    with sightline.span("checkout") as span:
        seen, tenant = trace.get_current_span(), baggage.get_baggage("tenant")
    context.detach(token)

    assert (seen, tenant) == (span, "t1")


def test_a_decorated_function_follows_the_sampler():
    """A function that was decorated while nothing was recorded is recorded once something is."""
    with capture(sampler="always_off") as found:

        @sightline.span("work", size=3)
        def work():
            return 5

        assert work() == 5
    assert found.spans == []

    with capture() as found:
        work()
    assert [(span.name, span.attributes) for span in found.spans] == [("work", {"size": 3})]


def test_a_generator_may_be_left_in_the_middle(records):
    """The span of its steps is current only while it runs."""

    @sightline.trace_function
    def numbers():
        yield trace.get_current_span().is_recording()
        yield 2

    steps = numbers()
    assert next(steps) is False
    steps.close()

    assert trace.get_current_span() is trace.INVALID_SPAN
