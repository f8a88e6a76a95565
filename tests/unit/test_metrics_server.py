"""Metrics on a port of their own."""

from __future__ import annotations

import httpx
import pytest

import sightline
from sightline.metrics import start_http_server
from sightline.performance import record_metric
from sightline.testing import capture


@pytest.fixture
def address():
    """Serve metrics on a free port."""
    with capture():
        server, thread = start_http_server(0)
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()
        thread.join()


def test_everything_that_is_counted_is_answered(address):
    """Counters of the registry stand beside what lives outside of it, as Prometheus and as OpenMetrics text."""
    sightline.counter("server_test_orders", "Orders.").inc(3)
    record_metric("server_test_depth", 4)

    plain = httpx.get(f"{address}/metrics", trust_env=False)
    modern = httpx.get(
        f"{address}/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}, trust_env=False
    )

    assert plain.headers["content-type"].startswith("text/plain; version=")
    assert "server_test_orders_total 3.0\n" in plain.text
    assert 'server_test_depth{quantile="0.5"} 4.0\n' in plain.text
    assert modern.text.endswith("# EOF\n")


def test_names_may_be_asked_for(address):
    """``name[]`` picks families, as with ``prometheus_client``."""
    sightline.counter("server_test_picked", "Picked.").inc()

    found = httpx.get(f"{address}/metrics", params={"name[]": "server_test_picked_total"}, trust_env=False).text

    names = {line.split()[0] for line in found.splitlines() if not line.startswith("#")}
    assert names <= {"server_test_picked_total", "server_test_picked_created"}
