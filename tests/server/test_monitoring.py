"""Monitoring endpoints on a real server: exact shapes, figures of what was recorded, the server's own metrics."""

import os

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.support.records import NS, gauge, now_ns, span
from tests.support.segments import SegmentFile
from tests.support.server import ServerProcess, eventually

INSTANCE = f"{os.getpid():016x}"
BASE = "/api/v1/monitoring"


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """Run a server of its own, for it counts all that is recorded, with a machine and two requests."""
    with ServerProcess(tmp_path_factory.mktemp("monitoring") / "home") as server:
        now = now_ns()
        resource = {"service.name": "shop", "service.instance.id": INSTANCE, "host.name": "h1"}
        segment = SegmentFile(server.home / "spool", instance=INSTANCE, resource=resource)
        measured = {
            "system_cpu_percent": 12.5, "system_memory_percent": 50, "system_disk_percent": 95,
            "system_network_sent_bytes_total": 10, "system_network_received_bytes_total": 20, "system_connections": 3,
        }  # fmt: skip
        lines = [gauge(name, value, now - NS) for name, value in measured.items()]
        for number, status in enumerate((200, 500)):
            told = {"http.request.method": "POST", "http.route": "/a", "http.response.status_code": status}
            lines.append(
                span("POST /a", now - NS, trace=f"{number + 1:032x}", span="1" * 16, span_kind="Server",
                     duration_ms=10 * (number + 1), attributes=told)
            )  # fmt: skip
        segment.write(b"".join(line.replace(b"a" * 16, INSTANCE.encode(), 1) for line in lines))
        segment.end()
        eventually(lambda: server.get(f"{BASE}/metrics/api")["count"] == 2)
        eventually(lambda: server.get(f"{BASE}/metrics/system")["count"] == 1)
        yield server


def test_health_tells_who_watches(watched):
    """The machine is being measured; alerts are not evaluated, and so say that they are not."""
    found = watched.get(f"{BASE}/health")

    assert list(found) == ["status", "timestamp", "services"]
    assert found["status"] == "healthy"
    assert found["services"]["metrics_collector"]["running"] is True
    assert found["services"]["metrics_collector"]["last_collection"].endswith("Z")
    assert found["services"]["alert_manager"] == {"running": False, "active_alerts": 0}
    assert watched.get("/api/dashboard/health")["services"] == found["services"]


def test_status_has_each_component(watched):
    """Each component says how it is."""
    found = watched.get(f"{BASE}/status")

    assert found["success"] is True
    assert {"store", "spool", "disk", "metrics_collector", "alert_manager"} <= set(found["components"])
    assert all(component["status"] for component in found["components"].values())


def test_measurements_and_requests_have_exactly_the_fields_that_clients_know(watched):
    """Both come in the envelope of success, data, count and time range."""
    system, api = watched.get(f"{BASE}/metrics/system", minutes=5), watched.get(f"{BASE}/metrics/api", minutes=5)

    assert list(system) == list(api) == ["success", "data", "count", "time_range_minutes"]
    assert (system["time_range_minutes"], api["time_range_minutes"]) == (5, 5)
    (row,) = system["data"]
    assert row.pop("timestamp")
    assert row == {
        "cpu_percent": 12.5, "memory_percent": 50, "disk_usage_percent": 95, "network_bytes_sent": 10,
        "network_bytes_recv": 20, "active_connections": 3,
    }  # fmt: skip
    row = next(row for row in api["data"] if row["status_code"] == 500)
    assert row.pop("timestamp")
    assert row == {
        "endpoint": "/a", "method": "POST", "status_code": 500, "response_time_ms": 20, "request_size_bytes": 0,
        "response_size_bytes": 0, "error_count": 1,
    }  # fmt: skip


def test_the_summary_and_the_overview_agree(watched):
    """The overview has the summary's figures, the machine's state, and no alerts."""
    summary = watched.get(f"{BASE}/metrics/summary", hours=1)["data"]
    overview = watched.get(f"{BASE}/dashboard/overview")["data"]

    assert (summary["time_period_hours"], summary["system"]["max_cpu_percent"]) == (1, 12.5)
    assert summary["api"] == {
        "total_requests": 2, "avg_response_time_ms": 15, "max_response_time_ms": 20, "error_count": 1,
        "error_rate_percent": 50, "unique_endpoints": 1,
    }  # fmt: skip
    assert overview["system_health"] == {
        "status": "degraded", "cpu_usage": 12.5, "memory_usage": 50, "disk_usage": 95
    }  # fmt: skip
    assert overview["api_performance"] == {
        "total_requests": 2, "avg_response_time": 15, "error_rate": 50, "unique_endpoints": 1
    }  # fmt: skip
    assert overview["alerts"] == {"total_active": 0, "by_severity": {}, "critical_count": 0, "high_count": 0}
    assert overview["trends"]["cpu_trend"] == "stable"
    assert watched.get("/api/dashboard/metrics")["data"]["api_performance"] == overview["api_performance"]


def test_there_are_no_alerts(watched):
    """The list is empty, and what is not there cannot be acknowledged."""
    for path in (f"{BASE}/alerts", "/api/dashboard/alerts"):
        assert watched.get(path) == {"success": True, "data": [], "count": 0}

    refused = watched.http.post(f"{BASE}/alerts/a1/acknowledge")
    assert (refused.status_code, refused.headers["content-type"]) == (404, "application/problem+json")
    assert refused.json()["detail"] == "There is no alert 'a1'."


@pytest.mark.parametrize("query", ["minutes=0", "minutes=1441", "minutes=x", "hours=2"])
def test_a_wrong_range_is_refused(watched, query):
    """Ranges are bounded, and unknown parameters named."""
    assert watched.http.get(f"{BASE}/metrics/system?{query}").status_code == 400


def test_the_dashboard_is_a_page_without_scripts(watched):
    """It has the figures, and a policy under which nothing can be loaded."""
    found = watched.http.get("/dashboard")

    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert "<h1>The machine is degraded</h1>" in found.text
    assert "<dt>Memory</dt><dd>50.0 %</dd>" in found.text


def figures(server: ServerProcess) -> dict[tuple[str, ...], float]:
    """Read what the server tells Prometheus."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(server.http.get("/metrics").text)
        for sample in family.samples
    }


def test_the_server_shows_its_own_figures_to_prometheus(watched):
    """The text is read by Prometheus's own parser, and counts what came in."""
    body = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}}]}]}]}'
    watched.http.post("/v1/logs", content=body, headers={"content-type": "application/json"}).raise_for_status()

    found = eventually(lambda: (now := figures(watched))["sightline_server_spool_behind_bytes",] == 0 and now)

    assert found["sightline_server_stored_records_total", "spans"] == 2
    assert any(key[0] == "sightline_server_protocol_records_total" and value == 1 for key, value in found.items())
    assert found["sightline_server_store_rows", "otel_traces"] == 2
    assert found["sightline_server_store_bytes", "otel_traces"] > 0
    assert found["sightline_server_queries_total",] > 0
    assert found["sightline_server_lost_records_total",] == 0
