"""Errors over HTTP: one shape for all of them (RFC 9457), and nothing of the inside in it."""

import jsonschema
import pytest

from sightline.server.problems import MEDIA_TYPE, SCHEMA

WRONG = [
    ("GET", "/api/v1/logs?query=(a", {}, 400, "query-invalid"),
    ("GET", "/api/v1/logs?quary=a", {}, 400, "query-invalid"),
    ("GET", "/api/v1/logs?query=a&query=b", {}, 400, "query-invalid"),
    ("GET", "/api/v1/logs?limit=0", {}, 400, "request-invalid"),
    ("GET", "/api/v1/logs?limit=1001", {}, 400, "request-invalid"),
    ("GET", "/api/v1/logs?limit=many", {}, 400, "request-invalid"),
    ("GET", "/api/v1/logs?order=up", {}, 400, "request-invalid"),
    ("GET", "/api/v1/logs?cursor=x", {}, 400, "query-invalid"),
    ("GET", "/api/v1/logs?start=yesterday", {}, 400, "query-invalid"),
    ("GET", "/api/v1/logs?start=now&end=-5m", {}, 400, "query-invalid"),
    ("GET", "/api/v1/logs/histogram?buckets=0", {}, 400, "request-invalid"),
    ("GET", "/api/v1/logs/tail?query=%22", {}, 400, "query-invalid"),
    ("GET", "/api/v1/logs/tail?signal=noise", {}, 400, "request-invalid"),
    ("GET", "/api/v1/traces/abc", {}, 400, "request-invalid"),
    ("GET", f"/api/v1/traces/{'0' * 32}", {}, 404, "not-found"),
    ("GET", f"/api/v1/traces/{'0' * 32}?x=1", {}, 400, "query-invalid"),
    ("GET", "/api/v1/metrics/range", {}, 400, "request-invalid"),
    ("GET", "/api/v1/metrics/range?name=x&step=0", {}, 400, "query-invalid"),
    ("GET", "/api/v1/metrics/range?name=x&aggregate=mode", {}, 400, "query-invalid"),
    ("GET", "/api/v1/metrics/range?name=x&start=-7d&step=1", {}, 400, "query-invalid"),
    ("GET", "/api/v1/nothing", {}, 404, "not-found"),
    ("DELETE", "/api/v1/logs", {}, 405, "method-not-allowed"),
    ("POST", "/api/v1/sql", {"json": {"query": "DROP TABLE otel_logs"}}, 400, "query-invalid"),
    ("POST", "/api/v1/sql", {"json": {"query": "SELECT file('/etc/passwd')"}}, 400, "query-invalid"),
    ("POST", "/api/v1/sql", {"json": {"quary": "SELECT 1"}}, 400, "body-invalid"),
    ("POST", "/api/v1/sql", {"json": {"query": "SELECT 1", "limit": 0}}, 400, "body-invalid"),
    ("POST", "/api/v1/sql", {"json": {"query": "SELECT 1", "parameters": {"a;b": 1}}}, 400, "query-invalid"),
    ("POST", "/api/v1/sql", {"json": {"query": "SELECT {a:UInt8}"}}, 400, "query-invalid"),
    ("POST", "/api/v1/sql", {"json": {"query": "SELECT {a:UInt8}", "parameters": {"a": "x"}}}, 400, "query-invalid"),
    ("POST", "/api/v1/sql", {"content": b"{", "headers": {"content-type": "application/json"}}, 400, "body-invalid"),
    ("POST", "/api/v1/sql", {"content": b'{"query":"SELECT 1","parameters":{"a":' + b"[" * 9000 + b"]" * 9000 + b"}}",
                             "headers": {"content-type": "application/json"}}, 400, "body-invalid"),
    ("POST", "/api/v1/sql", {"content": b"\xff", "headers": {"content-type": "application/json"}}, 400, "body-invalid"),
    ("POST", "/api/v1/sql", {"content": b"{}", "headers": {"content-type": "text/x"}}, 415, "unsupported-media-type"),
    ("POST", "/api/v1/sql", {"json": {"query": "x" * 300_000}}, 413, "body-too-large"),
    ("POST", "/api/v1/sql", {"json": {"query": "x" * 70_000}}, 400, "query-invalid"),
    ("GET", "/assets/nothing.js", {}, 404, "not-found"),
    ("GET", "/assets/..%2f..%2fpy.typed", {}, 404, "not-found"),
    ("GET", "/docs", {}, 404, "not-found"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "more", "status", "kind"), WRONG)
def test_an_error_is_a_problem(server, method, path, more, status, kind):
    """What is wrong with a request is told as a problem of its kind, without a trace of the inside."""
    response = server.http.request(method, path, **more)

    assert (response.status_code, response.headers["content-type"]) == (status, MEDIA_TYPE)
    found = response.json()
    jsonschema.validate(found, SCHEMA)
    assert (found["type"], found["status"]) == (f"urn:sightline:problem:{kind}", status)
    for word in ("Traceback", str(server.home), "site-packages", "DB::Exception", "parseQueryToJSON", "root:x"):
        assert word not in response.text


def test_a_problem_of_a_search_says_where(server):
    """The problem of a search has the offset of the character at fault."""
    found = server.http.get("/api/v1/logs", params={"query": "paid level:loud"}).json()

    assert found["position"] == 11
    assert found["detail"].startswith("level is one of trace, debug,")


def test_a_value_of_a_body_that_is_none_of_a_list_names_those_there_are(server):
    """What is allowed stands in the message, as for a parameter."""
    response = server.http.post("/api/v1/errors/a1/status", json={"status": "done"})

    assert response.json()["detail"] == (
        "The body cannot be read: Invalid enum value 'done' - at `$.status`; expected one of ignored, resolved, "
        "unresolved."
    )


def test_an_unknown_parameter_names_those_there_are(server):
    """A parameter with a typing error is refused, and the message has the right one, and lists all."""
    found = server.http.get("/api/v1/logs", params={"quary": "x"}).json()

    assert found["detail"] == (
        "There is no parameter 'quary'. Did you mean query? There are: cursor, end, limit, order, query, start."
    )
    none = server.http.get(f"/api/v1/traces/{'0' * 32}", params={"x": 1}).json()
    assert none["detail"] == "There is no parameter 'x'. There is none here."


@pytest.mark.parametrize(
    ("method", "path", "detail"),
    [
        ("GET", "/api/v1/traces/abc", "path.trace_id: Expected 32 hexadecimal digits, found 'abc'."),
        ("GET", "/api/v1/logs?limit=0", "query.limit: Input should be greater than or equal to 1, found '0'."),
        ("GET", f"/api/v1/logs?order={'x' * 99}", f"query.order: Input should be 'asc' or 'desc', found '{'x' * 64}'."),
        ("GET", "/api/v1/metrics/range", "query.name: Field required."),
        ("GET", "/api/v1/nothing", "There is no /api/v1/nothing here. GET /openapi.json names all that there is."),
        ("DELETE", "/api/v1/logs", "DELETE is not answered here; GET is."),
    ],
)
def test_a_problem_says_what_was_expected_and_found(server, method, path, detail):
    """Who asks can put it right from the message alone."""
    assert server.http.request(method, path).json()["detail"] == detail


def test_an_expensive_question_is_ended(server):
    """A statement over its memory is a problem that says so, and the server goes on."""
    question = {"query": "SELECT length(groupArray(toString(number))) FROM numbers(1000000000)"}

    response = server.http.post("/api/v1/sql", json=question)

    assert (response.status_code, response.json()["type"]) == (422, "urn:sightline:problem:query-too-expensive")
    assert server.get("/health")["checks"]["store"]["status"] == "ok"
