"""What machine and API did, at hand in the process."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, request

import sightline
from sightline.metrics import APIMetrics, MetricsCollector
from sightline.sdk import collector as module
from sightline.testing import capture


@pytest.fixture
def collector():
    """Make a collector, and stop it at the end."""
    made = MetricsCollector(collection_interval=0.01)
    yield made
    made.stop()


def test_the_machine_is_measured_from_the_start_on(collector):
    """One row is there at once, more come at intervals, and none after the end."""
    assert not collector.running
    collector.start_collection()
    collector.start_collection()

    [row] = collector.get_recent_system_metrics(5)[:1]
    assert collector.running
    assert 0 <= row.memory_percent <= 100
    assert row.network_bytes_recv >= 0
    assert collector.last_collection is not None
    collector.stop()
    assert not collector.running


def test_there_is_one_thread_however_often_it_is_started(collector):
    """Starting twice does not measure twice."""
    collector.start_collection()
    collector.start_collection()

    assert [thread.name for thread in threading.enumerate()].count("sightline collector") == 1


def test_requests_of_an_instrumented_application_are_taken(collector):
    """While it runs, each request is in the statistics under its route."""
    app = Flask("shop")
    app.add_url_rule("/orders/<number>", view_func=lambda number: number)
    with capture():
        client = sightline.instrument(app).test_client()
        collector.start_collection()
        client.get("/orders/7", buffered=True)
        client.get("/missing", buffered=True)
        collector.stop()
        client.get("/orders/8", buffered=True)

    assert [(one.method, one.endpoint, one.status_code) for one in collector.get_recent_api_metrics()] == [
        ("GET", "/orders/<number>", 200),
        ("GET", "unmatched", 404),
    ]


def test_the_sizes_of_bodies_are_taken(collector):
    """Bytes of the request's body and of the response's stand with each request."""
    app = Flask("sizes")
    app.add_url_rule("/echo", "echo", lambda: request.get_data(), methods=["POST"])  # noqa: PLW0108 - a view needs a name
    with capture():
        client = sightline.instrument(app).test_client()
        collector.start_collection()
        client.post("/echo", data=b"12345", buffered=True)

    [found] = [row for row in collector.get_recent_api_metrics() if row.endpoint == "/echo"]
    assert (found.request_size_bytes, found.response_size_bytes) == (5, 5)


def test_the_summary_has_the_promised_shape(collector):
    """Means, maxima, errors and endpoints of the last hours."""
    for endpoint, status, took in (("/a", 200, 10.0), ("/a", 404, 20.0), ("/b", 500, 60.0)):
        collector.record_api_metrics(APIMetrics(endpoint, "GET", status, took))
    collector.record_api_metrics(APIMetrics("/old", "GET", 200, 1.0, timestamp=datetime.now(UTC) - timedelta(hours=2)))

    summary = collector.get_metrics_summary(1)
    assert summary["api"] == {
        "total_requests": 3,
        "avg_response_time_ms": 30.0,
        "max_response_time_ms": 60.0,
        "error_count": 2,
        "error_rate_percent": pytest.approx(66.667, abs=0.001),
        "unique_endpoints": 2,
    }
    assert summary["time_period_hours"] == 1
    assert summary["system"].keys() == {
        "avg_cpu_percent", "max_cpu_percent", "avg_memory_percent", "max_memory_percent", "avg_disk_percent",
        "data_points",
    }  # fmt: skip


def test_statistics_of_the_api_name_the_busiest_endpoints(collector):
    """Rate, percentiles, errors, and who was asked most."""
    for number in range(1, 101):
        collector.record_api_metrics(APIMetrics("/a" if number > 10 else "/b", "GET", 200, float(number)))

    found = collector.get_api_statistics(60)
    assert (found["total_requests"], found["p50_ms"], found["p95_ms"]) == (100, 50.5, pytest.approx(95.05))
    assert found["requests_per_minute"] == pytest.approx(100 / 60)
    assert found["busiest_endpoints"] == {"GET /a": 90, "GET /b": 10}


def test_memory_is_bounded(collector):
    """More requests than are kept are still counted, and endpoints without end are not named."""
    for number in range(module._MOST_REQUESTS + 5):
        collector.record_api_metrics(APIMetrics(f"/{number}", "GET", 200, 1.0))

    assert len(collector.get_recent_api_metrics()) == module._MOST_REQUESTS
    assert collector.get_metrics_summary()["api"]["total_requests"] == module._MOST_REQUESTS + 5
    assert collector.get_metrics_summary()["api"]["unique_endpoints"] == module._MOST_ENDPOINTS
