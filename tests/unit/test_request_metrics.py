"""The metrics of requests."""

from __future__ import annotations

import prometheus_client
import pytest

from sightline.base.errors import MetricConflict
from sightline.sdk.request_metrics import RequestMetrics


@pytest.fixture
def counts():
    """Make metrics with a namespace of their own."""
    made = RequestMetrics("shop")
    yield made
    if made._registered and not made.conflict:
        prometheus_client.REGISTRY.unregister(made)


def samples(counts):
    """Give all samples: values by name and labels."""
    return {
        (sample.name, *(sample.attributes or {}).values()): sample.value
        for record in counts.records()
        for sample in record.samples
    }


def test_requests_are_counted_by_method_endpoint_and_status(counts):
    """Number, duration and errors have the names and labels that dashboards know."""
    for status, seconds, error in ((200, 0.003, ""), (200, 0.2, ""), (500, 20.0, "ValueError")):
        counts.began()
        counts.ended("GET", "/a", status, seconds, error)

    found = samples(counts)
    assert found["shop_requests_total", "GET", "/a", "200"] == 2
    assert found["shop_requests_total", "GET", "/a", "500"] == 1
    assert found["shop_errors_total", "ValueError", "/a"] == 1
    name = "shop_request_duration_seconds"
    bounds = [found[f"{name}_bucket", "GET", "/a", bound] for bound in ("0.005", "0.1", "0.25", "10.0", "+Inf")]
    assert bounds == [1, 1, 2, 2, 3]
    assert (found[f"{name}_count", "GET", "/a"], found[f"{name}_sum", "GET", "/a"]) == (3, pytest.approx(20.203))


def test_what_is_being_answered_is_a_gauge(counts):
    """It goes up and down, and never below zero."""
    counts.began()
    counts.began()
    counts.ended("GET", "/a", 200, 0.1, "")
    assert samples(counts)[("shop_active_connections",)] == 1

    counts.ended("GET", "/a", 200, 0.1, "")
    counts.ended("GET", "/a", 200, 0.1, "")
    assert samples(counts)[("shop_active_connections",)] == 0


def test_series_are_bounded(counts):
    """An application that makes routes without end fills one series more, and no memory."""
    for number in range(10_007):
        counts.ended("GET", f"/{number}", 200, 0.1, "")

    found = samples(counts)
    assert found["shop_requests_total", "GET", "overflow", "200"] == 7
    assert sum(value for key, value in found.items() if key[0] == "shop_requests_total") == 10_007


def test_prometheus_client_shows_them(counts):
    """The host's own ``/metrics`` has them, too."""
    counts.ended("GET", "/a", 200, 0.1, "")
    samples(counts)

    labels = {"method": "GET", "endpoint": "/a", "status": "200"}
    assert prometheus_client.REGISTRY.get_sample_value("shop_requests_total", labels) == 1


def test_the_hosts_own_metrics_of_the_same_name_win(monkeypatch):
    """Ours are left out, and it is said how to have both."""
    own = prometheus_client.Counter("taken_requests", "The host's")
    counts = RequestMetrics("taken")
    counts.conflict = False
    prometheus_client.REGISTRY.unregister(own)
    mine = prometheus_client.Counter("taken_requests", "The host's")
    with pytest.raises(MetricConflict, match="another namespace"):
        list(counts.records())
    monkeypatch.setenv("SIGHTLINE_RAISE", "0")

    assert list(counts.records()) == []
    prometheus_client.REGISTRY.unregister(mine)
