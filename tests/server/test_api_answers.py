"""The API on a real server: what it answers, and that each answer is of the shape that is described."""

import json
import os

import jsonschema
import pytest
from tests.support.records import NS, event, gauge, log, now_ns, span
from tests.support.segments import SegmentFile
from tests.support.server import eventually

INSTANCE = f"{os.getpid():016x}"
SERVICE = "api-answers"
TRACE = "5a" * 16


@pytest.fixture(scope="module")
def filled(server):
    """Write records of a service that no other test uses, and wait until they are found."""
    now = now_ns()
    resource = {"service.name": SERVICE, "service.instance.id": INSTANCE, "host.name": "h1", "process.pid": "42"}
    segment = SegmentFile(server.home / "spool", instance=INSTANCE, resource=resource)
    lines = [
        span("GET /a", now - NS, trace=TRACE, span="1" * 16, span_kind="Server", status="Error", duration_ms=20),
        span(
            "SELECT a",
            now - NS + 1000,
            trace=TRACE,
            span="2" * 16,
            parent="1" * 16,
            span_kind="Client",
            events=[{"time": now, "name": "retry", "attributes": {"n": 1}}],
            links=[{"trace": "d" * 32, "span": "e" * 16, "state": "", "attributes": {}}],
        ),
        log("a was paid", now - NS, trace=TRACE, span="1" * 16, attributes={"order": 7}),
        event("order_paid", now - NS, attributes={"user_id": "42"}, data={"amount": 7}),
        log("b was not paid", now - NS, level="ERROR", severity=17),
        gauge("answers_total", 3, now - NS, kind="counter", endpoint="/a"),
    ]
    segment.write(b"".join(line.replace(b"a" * 16, INSTANCE.encode(), 1) for line in lines))
    segment.end()
    eventually(lambda: len(server.get("/api/v1/logs", query=f"service:{SERVICE}")["records"]) == 2)
    eventually(lambda: server.http.get(f"/api/v1/traces/{TRACE}").status_code == 200)
    return server


CALLS = [
    ("/api/v1/logs", {"query": f"service:{SERVICE}"}, "/api/v1/logs"),
    ("/api/v1/logs/histogram", {"query": "paid", "buckets": 10}, "/api/v1/logs/histogram"),
    ("/api/v1/logs/patterns", {"query": f"service:{SERVICE}"}, "/api/v1/logs/patterns"),
    ("/api/v1/search/fields", {"query": f"service:{SERVICE}"}, "/api/v1/search/fields"),
    ("/api/v1/search/facets", {"signal": "traces", "fields": "kind,http.route"}, "/api/v1/search/facets"),
    ("/api/v1/search/complete", {"text": "service:ap"}, "/api/v1/search/complete"),
    ("/api/v1/traces", {"query": f"service:{SERVICE}"}, "/api/v1/traces"),
    (f"/api/v1/traces/{TRACE}", {}, "/api/v1/traces/{trace_id}"),
    (f"/api/v1/traces/{TRACE}/spans", {"limit": 1}, "/api/v1/traces/{trace_id}/spans"),
    (f"/api/v1/traces/{TRACE}/critical-path", {}, "/api/v1/traces/{trace_id}/critical-path"),
    ("/api/v1/traces/compare", {"before": TRACE, "after": TRACE}, "/api/v1/traces/compare"),
    ("/api/v1/search/compare", {"selection": "status:error"}, "/api/v1/search/compare"),
    ("/api/v1/logs/statistics", {"query": f"service:{SERVICE}"}, "/api/v1/logs/statistics"),
    ("/api/v1/logs/error-patterns", {"limit": 5}, "/api/v1/logs/error-patterns"),
    ("/api/v1/logs/slow-requests", {"threshold_ms": 1}, "/api/v1/logs/slow-requests"),
    ("/api/v1/analyses", {}, "/api/v1/analyses"),
    ("/api/v1/analyses/error-rate", {}, "/api/v1/analyses/{name}"),
    ("/api/v1/analyses/slow-requests", {}, "/api/v1/analyses/{name}"),
    ("/api/v1/analyses/user-activity", {"start": "-1h"}, "/api/v1/analyses/{name}"),
    ("/api/v1/events", {"query": f"service:{SERVICE}"}, "/api/v1/events"),
    ("/api/v1/events/counts", {"by": "name"}, "/api/v1/events/counts"),
    ("/api/v1/events/funnel", {"step": ["name:a", "name:b"]}, "/api/v1/events/funnel"),
    ("/api/v1/service-map", {}, "/api/v1/service-map"),
    ("/api/v1/metrics", {}, "/api/v1/metrics"),
    (
        "/api/v1/metrics/range",
        {"name": "answers_total", "by": "endpoint", "label.endpoint": "/a"},
        "/api/v1/metrics/range",
    ),
    ("/api/v1/overview", {"start": "-1h"}, "/api/v1/overview"),
    ("/api/v1/overview", {"service": SERVICE}, "/api/v1/overview"),
    ("/api/v1/services", {}, "/api/v1/services"),
    ("/api/v1/status", {}, "/api/v1/status"),
    ("/api/v1/errors", {"status": "open"}, "/api/v1/errors"),
    ("/api/v1/profiles", {"service": SERVICE}, "/api/v1/profiles"),
    ("/api/v1/profiles/diff", {"start": "-5m"}, "/api/v1/profiles/diff"),
    ("/api/v1/endpoints", {"sort": "p95"}, "/api/v1/endpoints"),
    ("/api/v1/monitoring/health", {}, "/api/v1/monitoring/health"),
    ("/api/v1/monitoring/status", {}, "/api/v1/monitoring/status"),
    ("/api/v1/monitoring/metrics/system", {"minutes": 5}, "/api/v1/monitoring/metrics/system"),
    ("/api/v1/monitoring/metrics/api", {}, "/api/v1/monitoring/metrics/api"),
    ("/api/v1/monitoring/metrics/summary", {}, "/api/v1/monitoring/metrics/summary"),
    ("/api/v1/monitoring/alerts", {}, "/api/v1/monitoring/alerts"),
    ("/api/v1/monitoring/dashboard/overview", {}, "/api/v1/monitoring/dashboard/overview"),
    ("/api/dashboard/metrics", {}, "/api/dashboard/metrics"),
]


@pytest.mark.parametrize(("path", "parameters", "route"), CALLS)
def test_an_answer_is_of_the_shape_that_is_described(filled, path, parameters, route):
    """Every answer validates against the schema that the description of the API gives for it."""
    described = filled.get("/openapi.json")["paths"][route]["get"]["responses"]["200"]

    found = filled.get(path, **parameters)

    jsonschema.validate(found, described["content"]["application/json"]["schema"])


def test_the_logs_around_one_are_of_the_shape_that_is_described(filled):
    """A log's id leads to its neighbours."""
    described = filled.get("/openapi.json")["paths"]["/api/v1/logs/context"]["get"]["responses"]["200"]
    first, second = filled.get("/api/v1/logs", query=f"service:{SERVICE}", order="asc")["records"]

    found = filled.get("/api/v1/logs/context", id=first["id"])

    jsonschema.validate(found, described["content"]["application/json"]["schema"])
    assert second["id"] in [record["id"] for record in found["before"] + found["after"]]


def test_logs_are_found_with_all_they_have(filled):
    """A log comes back with its fields, its attributes as text and its resource."""
    (found,) = filled.get("/api/v1/logs", query=f"service:{SERVICE} order:7")["records"]

    assert (found["body"], found["level"], found["trace_id"]) == ("a was paid", "INFO", TRACE)
    assert (found["attributes"], found["resource"]["host.name"]) == ({"order": "7"}, "h1")
    assert found["timestamp"].endswith("Z")


def test_logs_are_paged(filled):
    """The cursor of a page gives the next one, until there is none."""
    first = filled.get("/api/v1/logs", query=f"service:{SERVICE}", limit=1)
    second = filled.get("/api/v1/logs", query=f"service:{SERVICE}", limit=1, cursor=first["next_cursor"])

    assert {first["records"][0]["body"], second["records"][0]["body"]} == {"a was paid", "b was not paid"}
    assert second["next_cursor"] is None


def test_a_trace_has_its_spans_and_logs(filled):
    """A trace comes with spans, their events and links, and the logs that carry its id."""
    found = filled.get(f"/api/v1/traces/{TRACE.upper()}")

    assert [span["name"] for span in found["spans"]] == ["GET /a", "SELECT a"]
    assert found["spans"][1]["events"][0]["name"] == "retry"
    assert found["spans"][1]["links"][0]["trace_id"] == "d" * 32
    assert [log["body"] for log in found["logs"]] == ["a was paid"]


def test_traces_are_listed_by_their_root(filled):
    """A trace of a list has the name and service of its root, and its figures."""
    (found,) = filled.get("/api/v1/traces", query=f"service:{SERVICE} name:SELECT*")["traces"]

    assert (found["trace_id"], found["root_name"], found["root_service"]) == (TRACE, "GET /a", SERVICE)
    assert (found["span_count"], found["error_count"], found["services"]) == (2, 1, [SERVICE])


def test_the_status_knows_the_process(filled):
    """The status tells what was stored, how large the store is and which processes send."""
    found = filled.get("/api/v1/status")

    assert found["stored"]["logs"] >= 2
    assert found["store"]["bytes"] > 0
    assert INSTANCE in {process["instance"] for process in found["processes"]}


def test_sql_is_answered(filled):
    """SQL with a parameter gives columns and rows."""
    question = {
        "query": "SELECT count() AS n FROM otel_logs WHERE ServiceName = {service:String}",
        "parameters": {"service": SERVICE},
    }

    found = filled.http.post("/api/v1/sql", json=question).json()

    schema = filled.get("/openapi.json")["paths"]["/api/v1/sql"]["post"]["responses"]["200"]
    jsonschema.validate(found, schema["content"]["application/json"]["schema"])
    assert (found["columns"], found["rows"]) == ([{"name": "n", "type": "UInt64"}], [[2]])


def test_records_are_followed_live(server):
    """A tail gives the records for which its search holds, as they come in, and no others."""
    name = f"tail-{now_ns()}"
    instance = f"{os.getpid() + 1:016x}"
    segment = SegmentFile(server.home / "spool", instance=instance, resource={"service.name": name})
    lines = server.http.stream("GET", "/api/v1/logs/tail", params={"query": f"service:{name} paid"})
    with lines as response:
        events = response.iter_lines()
        assert response.headers["content-type"].startswith("text/event-stream")
        assert next(events) == ": connected"

        segment.write(log("idle", now_ns()).replace(b"a" * 16, instance.encode(), 1))
        segment.write(log("was paid", now_ns()).replace(b"a" * 16, instance.encode(), 1))

        record = next(json.loads(line.removeprefix("data: ")) for line in events if line.startswith("data: "))
    segment.end()
    assert (record["body"], record["service"], record["signal"]) == ("was paid", name, "logs")
