"""Numbers and times with statistics at hand."""

from __future__ import annotations

import asyncio
import threading
import time

import numpy as np
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

import sightline
from sightline.model.span import SpanRecord
from sightline.performance import (
    DatabaseMonitor,
    PerformanceMonitor,
    PerformanceTracker,
    TimingContext,
    add_span,
    end_trace,
    get_statistics,
    start_trace,
    time_operation,
    track_execution_time,
)
from sightline.sdk.performance import MOST_SERIES, monitor
from sightline.sdk.rings import RING_VALUES, describe_values
from sightline.testing import capture

numbers = st.floats(-1e9, 1e9)


@pytest.fixture(autouse=True)
def _fresh():
    """Begin with no series."""
    monitor.reset()
    yield
    monitor.reset()


@given(st.lists(numbers, min_size=1, max_size=200))
def test_statistics_are_numpys(values):
    """Percentiles, mean and deviation are what numpy computes."""
    found = describe_values(values)

    expected = [np.min(values), np.max(values), np.mean(values), *np.percentile(values, [50, 95, 99])]
    assert [found[key] for key in ("min", "max", "mean", "median", "p95", "p99")] == pytest.approx(expected, abs=1e-3)
    if len(values) > 1:
        assert found["std_dev"] == pytest.approx(np.std(values, ddof=1), rel=1e-6, abs=1)


def test_statistics_of_nothing_are_told_as_such():
    """A series that was never recorded has a count of 0 and no figures."""
    found = PerformanceMonitor().get_statistics("none")

    assert found["count"] == 0
    assert {found[key] for key in found if key != "count"} == {None}


def test_tags_tell_series_of_one_name_apart():
    """Statistics are of all series with the name, or of those with the tags."""
    own = PerformanceMonitor()
    own.record_metric("depth", 1, {"queue": "mail"})
    own.record_metric("depth", 3, {"queue": "print"})

    assert own.get_statistics("depth")["mean"] == 2
    assert own.get_statistics("depth", tags={"queue": "print"})["mean"] == 3
    assert own.get_all_statistics().keys() == {"depth"}


def test_values_before_the_window_do_not_count():
    """A window of no length holds nothing."""
    own = PerformanceMonitor()
    own.record_metric("depth", 1)

    assert own.get_statistics("depth", window_seconds=-1)["count"] == 0
    assert own.get_statistics("depth")["count"] == 1


def test_memory_is_bounded():
    """The oldest values and tags beyond the limit are given up."""
    own = PerformanceMonitor()
    for number in range(RING_VALUES + 10):
        own.record_metric("many", number)
    for number in range(MOST_SERIES + 50):
        own.record_metric("tagged", number, {"user": str(number)})

    assert own.get_statistics("many")["min"] == 10
    assert own.get_statistics("tagged")["count"] == MOST_SERIES + 50
    assert len(own._series) <= MOST_SERIES + 1


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_left_out(value):
    """Statistics stay numbers."""
    own = PerformanceMonitor()
    own.record_metric("x", value)

    assert own.get_statistics("x")["count"] == 0


def test_threads_lose_nothing():
    """Values of many threads are all counted."""
    own = PerformanceMonitor()

    def record():
        for number in range(500):
            own.record_metric("x", number, {"thread": threading.current_thread().name})

    threads = [threading.Thread(target=record) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert own.get_statistics("x")["count"] == 2000


def test_series_are_recorded_as_summaries():
    """The recorded metrics have count, sum and quantiles, under a name that Prometheus allows."""
    with capture() as captured:
        sightline.counter("anything")
        monitor.record_metric("api.response time", 2.0, {"end.point": "/a"})

    [summary] = [record for record in captured.metrics if record.name == "api_response_time"]
    assert summary.type == "summary"
    assert {sample.name: sample.value for sample in summary.samples if "quantile" not in sample.attributes} == {
        "api_response_time_count": 1,
        "api_response_time_sum": 2.0,
    }
    assert {"end_point": "/a", "quantile": "0.95"} in [sample.attributes for sample in summary.samples]


def test_blocks_and_functions_are_timed():
    """Contexts and decorators, sync and async, record the seconds, also of what fails."""

    @track_execution_time
    def plain():
        raise ValueError("x")

    @track_execution_time("later_seconds", kind="a")
    async def later():
        async with TimingContext("inner_seconds") as timing:
            await asyncio.sleep(0)
        return timing.duration_s

    with pytest.raises(ValueError, match="x"):
        plain()
    assert asyncio.run(later()) > 0
    with time_operation("block_seconds", kind="b"):
        pass

    names = monitor.get_all_statistics()
    assert {name: found["count"] for name, found in names.items()} == {
        "test_blocks_and_functions_are_timed.plain_seconds": 1,
        "later_seconds": 1,
        "inner_seconds": 1,
        "block_seconds": 1,
    }
    assert get_statistics("later_seconds", tags={"kind": "a"})["count"] == 1


def test_queries_are_told_by_their_type_and_slow_ones_logged():
    """Durations, rows and slow queries are counted by type; a slow one is a warning."""
    database = DatabaseMonitor(slow_s=0.5)
    with capture() as captured:
        database.log_query("SELECT", 0.1, rows=3)
        database.log_query("SELECT", 0.7, rows=2, table="orders")

    found = database.get_query_statistics()["SELECT"]
    assert (found["count"], found["rows"], found["slow"], found["max"]) == (2, 5, 1, 0.7)
    [log] = captured.logs
    assert (log.level, log.attributes["table"], log.attributes["duration_ms"]) == ("WARNING", "orders", 700)


def test_endpoints_of_an_instrumented_application_are_described():
    """Every request counts for its route, errors among them."""
    app = FastAPI()

    @app.get("/orders/{number}")
    def order(number: int):
        return 1 // number

    tracker = PerformanceTracker()
    with capture():
        client = TestClient(sightline.instrument(app), raise_server_exceptions=False)
        tracker.start()
        for number in (1, 2, 0, 4):
            client.get(f"/orders/{number}")
        tracker.stop()
        client.get("/orders/5")

    found = tracker.get_endpoint_statistics("GET /orders/{number}")
    assert (found["total_requests"], found["error_rate"]) == (4, 0.25)
    assert 0 < found["min_response_time"] <= found["avg_response_time"] <= found["max_response_time"]
    assert found["min_response_time"] <= found["p95_response_time"] <= found["max_response_time"]
    assert found["requests_per_minute"] == 4 / 5
    assert tracker.get_all_endpoint_statistics().keys() == {"GET /orders/{number}"}
    assert tracker.get_endpoint_statistics("GET /other") is None


def test_a_trace_that_is_timed_by_hand_is_recorded_like_others():
    """Its steps lie below it, with their durations and errors."""
    with capture() as captured, sightline.span("request"):
        trace = start_trace("question", user_id="u1")
        add_span(trace, "embedding", 0.25, model="m")
        add_span(trace, "search", 0.5, error="no index")
        end_trace(trace, "error", ValueError("nothing found"))
        end_trace(trace)
        add_span(trace, "late", 1)

    embedding, search, question, request = captured.spans
    assert [span.name for span in captured.spans] == ["embedding", "search", "question", "request"]
    assert embedding.parent == search.parent == question.span
    assert question.parent == request.span
    assert (embedding.duration, embedding.attributes) == (250_000_000, {"model": "m"})
    assert (search.status, search.status_message) == ("Error", "no index")
    assert (question.status, question.status_message) == ("Error", "ValueError: nothing found")
    assert isinstance(question, SpanRecord)


@pytest.mark.parametrize(("status", "recorded"), [("ok", "Ok"), ("cached", "Unset"), ("ERROR", "Error")])
def test_the_status_of_a_trace_is_what_was_said(status, recorded):
    """Words of one's own are kept as an attribute."""
    with capture() as captured:
        end_trace(start_trace("question"), status)

    [span] = captured.spans
    assert span.status == recorded
    assert (span.attributes or {}).get("status") == ("cached" if status == "cached" else None)


def test_a_generator_is_timed_to_its_end():
    """What counts is from its first step to its end, not the making of it."""

    @track_execution_time("steps_of_test_seconds")
    def steps():
        yield 1
        time.sleep(0.02)

    assert list(steps()) == [1]
    assert get_statistics("steps_of_test_seconds")["min"] >= 0.02
