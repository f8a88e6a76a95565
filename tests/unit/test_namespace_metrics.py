"""The gauges of an application with a prefix of its own."""

from __future__ import annotations

import prometheus_client
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

import sightline
from sightline.model.metric import MetricRecord, Sample
from sightline.sdk.merge_metrics import merge
from sightline.sdk.namespace_metrics import NamespaceMetrics, namespaces
from sightline.testing import capture


def show(client):
    """Give what ``/metrics`` shows: values by name and labels."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


@pytest.fixture
def client():
    """Serve an application that binds the caller's session, with the prefix ``docrag``."""
    app = FastAPI()

    @app.get("/ask/{session}")
    async def ask(session: str) -> str:
        sightline.bind(session_id=session)
        return "answer"

    with capture(service="docrag", version="2.1", environment="production"), TestClient(app) as client:
        sightline.instrument(app, namespace="docrag")
        yield client
    namespaces.forget()


def test_the_machine_the_sessions_and_what_runs_have_the_prefix(client):
    """Beside requests, under the names that dashboards know."""
    requests = ("docrag_requests_total", "/ask/{session}", "GET", "200")
    before = show(client).get(requests, 0)
    for session in ("a", "b", "a"):
        client.get(f"/ask/{session}")

    shown = show(client)
    assert shown[("docrag_active_sessions",)] == 2
    assert shown["docrag_info", "production", "docrag", "2.1"] == 1
    assert shown[("docrag_memory_usage_bytes",)] > 2**20
    assert 0 <= shown[("docrag_cpu_usage_percent",)] <= 100
    assert 0 < shown[("docrag_disk_usage_percent",)] <= 100
    assert shown[requests] == before + 3


def test_the_hosts_own_metric_takes_the_place_of_ours(client):
    """Code that sets such a gauge already goes on, and nothing is shown twice."""
    own = prometheus_client.Gauge("docrag_active_sessions", "Sessions.")
    own.set(7)
    client.get("/ask/a")
    text = client.get("/metrics").text
    prometheus_client.REGISTRY.unregister(own)

    assert text.count("# TYPE docrag_active_sessions gauge") == 1
    assert "docrag_active_sessions 7.0" in text


@pytest.mark.parametrize(("session_s", "active"), [(1800.0, 2), (-1.0, 0)])
def test_sessions_are_forgotten_after_a_while_and_beyond_a_number(session_s, active):
    """Memory is bounded, and who was seen last stays, for so long."""
    made = NamespaceMetrics(most_sessions=2, session_s=session_s)
    for session in ("a", "b", "c"):
        made.seen("docrag", session)

    assert made._active("docrag") == active


def test_workers_show_the_machine_once_and_add_their_sessions():
    """An info that all of them have is one as well."""
    namespaces.add("docrag")
    parts = [
        (pid, [
            MetricRecord(1, pid, name, kind, samples=[Sample(title, value, labels)])
            for name, kind, title, value, labels in (
                ("docrag_cpu_usage_percent", "gauge", "docrag_cpu_usage_percent", 40.0, None),
                ("docrag_active_sessions", "gauge", "docrag_active_sessions", 2.0, None),
                ("docrag", "info", "docrag_info", 1.0, {"version": "2.1"}),
            )
        ])
        for pid in ("1", "2")
    ]  # fmt: skip

    found = [sample for record in merge(parts, []) for sample in record.samples]

    assert [(sample.name, sample.value) for sample in found] == [
        ("docrag_cpu_usage_percent", 40.0), ("docrag_active_sessions", 4.0), ("docrag_info", 1.0),
    ]  # fmt: skip
