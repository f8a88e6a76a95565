"""Metrics on a port of their own."""

from __future__ import annotations

import httpx
import prometheus_client
import pytest

import sightline
from sightline.metrics import info, start_http_server, summary
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


def test_metrics_of_every_kind_are_answered_whoever_makes_them(address):
    """Summary, info and enum are on the page, from ``sightline.metrics`` and from ``prometheus_client`` alike."""
    summary("server_test_bytes", "Sizes.", ["kind"]).labels("mail").observe(512)
    info("server_test_build", "What runs.").info({"version": "1.4.2"})
    prometheus_client.Summary("server_test_host_bytes", "The host's own sizes.").observe(2)
    prometheus_client.Info("server_test_host", "The host's own.").info({"release": "7"})
    prometheus_client.Enum("server_test_state", "Its state.", states=["on", "off"]).state("off")

    page = httpx.get(f"{address}/metrics", trust_env=False).text

    assert set(page.splitlines()) >= {
        'server_test_bytes_count{kind="mail"} 1.0', 'server_test_bytes_sum{kind="mail"} 512.0',
        'server_test_build_info{version="1.4.2"} 1.0', "server_test_host_bytes_sum 2.0",
        'server_test_host_info{release="7"} 1.0', 'server_test_state{server_test_state="off"} 1.0',
    }  # fmt: skip


def test_names_may_be_asked_for(address):
    """``name[]`` picks families, as with ``prometheus_client``."""
    sightline.counter("server_test_picked", "Picked.").inc()

    found = httpx.get(f"{address}/metrics", params={"name[]": "server_test_picked_total"}, trust_env=False).text

    names = {line.split()[0] for line in found.splitlines() if not line.startswith("#")}
    assert names <= {"server_test_picked_total", "server_test_picked_created"}
