"""Sentry's SDKs and browsers, with a real server."""

import gzip
import json
import time
import uuid
import zlib

import brotli
import pytest
import sentry_sdk
from sentry_sdk import crons, logger, metrics
from tests.support.envelopes import BEACON, ERROR, envelope
from tests.support.server import ServerProcess, eventually


def found(server, query):
    """Give the rows of an SQL query."""
    return server.http.post("/api/v1/sql", json={"query": query}).json()["rows"]


def test_a_real_client(server):
    """What sentry-sdk records of a program is found: errors, messages, spans, logs, metrics, sessions, check-ins."""
    key = f"k{uuid.uuid4().hex[:8]}"
    client = sentry_sdk.Client(
        server.url.replace("http://", f"http://{key}@") + "/7",
        traces_sample_rate=1.0, enable_logs=True, release="1.2", default_integrations=False,
    )  # fmt: skip
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        with (
            sentry_sdk.start_transaction(op="http.server", name="GET /pay"),
            sentry_sdk.start_span(op="db", name="SELECT"),
        ):
            try:
                raise ExceptionGroup("several", [ValueError("a"), KeyError("b")])
            except ExceptionGroup:
                sentry_sdk.capture_exception()
        sentry_sdk.capture_message("hello")
        logger.warning("paid {order}", order=7)
        metrics.count("orders", 3)
        crons.capture_checkin(monitor_slug="nightly", status="ok")
        scope.start_session()
        scope.end_session()
        client.close(10)

    where = f"WHERE ServiceName = '{key}'"
    logs = eventually(lambda: len(rows := found(server, f"SELECT Body FROM otel_logs {where}")) == 3 and rows)
    assert sorted(row[0] for row in logs) == ["ExceptionGroup: several", "hello", "paid 7"]
    spans = eventually(lambda: found(server, f"SELECT SpanName FROM otel_traces {where} ORDER BY SpanName"))
    assert spans == [["GET /pay"], ["SELECT"]]
    events = eventually(lambda: found(server, f"SELECT EventName FROM events {where} ORDER BY EventName"))
    assert [row[0] for row in events][:1] == ["sentry.check_in"]
    assert eventually(lambda: found(server, f"SELECT MetricName FROM metric_series {where}")) == [["orders_total"]]


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress)]
)
def test_compressed_and_once(server, encoding, compress):
    """A compressed event is taken, and one that is sent three times is stored once."""
    event_id = uuid.uuid4().hex
    body = compress(envelope(("event", {**ERROR, "event_id": event_id}), event_id=event_id))

    for _ in range(3):
        answer = server.http.post(
            "/api/7/envelope/?sentry_key=once", content=body, headers={"content-encoding": encoding}
        )
        assert (answer.status_code, answer.json()) == (200, {"id": event_id})
    assert found(
        server, f"SELECT ServiceName FROM otel_logs WHERE LogAttributes['sentry.event_id'] = '{event_id}'"
    ) == [["once"]]


@pytest.mark.parametrize(
    "body", [brotli.compress(b"x" * 80_000_000, quality=1), brotli.compress(b"{}\n" * 99)[:9], b"x"]
)
def test_brotli_that_is_hostile(server, body):
    """A bomb, a cut stream and what is none are refused."""
    answer = server.http.post("/api/7/envelope/", content=body, headers={"content-encoding": "br"})

    assert answer.status_code in {400, 413}
    assert answer.headers["content-type"] == "application/problem+json"


def test_acknowledged_is_stored(tmp_path):
    """Every event that was answered is found after the server was killed."""
    answered = []
    with ServerProcess(tmp_path / "home") as server:
        for _ in range(20):
            event_id = uuid.uuid4().hex
            body = envelope(("event", {**ERROR, "event_id": event_id}), event_id=event_id)
            answered.append(server.http.post("/api/7/envelope/", content=body).json()["id"])
        server.kill()

    with ServerProcess(tmp_path / "home") as server:
        server.http.post("/api/7/envelope/", content=body).raise_for_status()  # known, though the server is another
        rows = found(server, "SELECT LogAttributes['sentry.event_id'] FROM otel_logs")
    assert sorted(row[0] for row in rows) == sorted(answered)


def test_a_beacon_of_a_local_page(server):
    """A page of a development server may send beacons, as a preflight tells it, and they are found."""
    page = {"origin": "http://localhost:3000", "sec-fetch-site": "cross-site"}
    asked = server.http.options("/api/rum", headers={**page, "access-control-request-method": "POST"})
    name = f"web-{uuid.uuid4().hex[:8]}"
    body = json.dumps({**BEACON, "app": name, "sent": time.time_ns() // 1_000_000})

    answer = server.http.post("/api/rum", content=body, headers={**page, "content-type": "text/plain"})

    assert (asked.status_code, asked.headers["access-control-allow-methods"]) == (204, "POST")
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert found(server, f"SELECT count() FROM events WHERE ServiceName = '{name}'") == [[7]]
    assert found(server, f"SELECT Body FROM otel_logs WHERE ServiceName = '{name}'") == [["TypeError: x is undefined"]]


@pytest.mark.parametrize("origin", ["https://shop.example", "null", "http://localhost.evil.example"])
@pytest.mark.parametrize("path", ["/api/rum", "/api/7/envelope/"])
def test_a_foreign_page(server, origin, path):
    """A page of an origin that nobody named may not send, and is not told that it could."""
    for method in ("POST", "OPTIONS"):
        answer = server.http.request(method, path, content="{}", headers={"origin": origin})

        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_a_local_page_may_not_ask(server):
    """That a page may send telemetry does not let it ask anything."""
    page = {"origin": "http://localhost:3000", "sec-fetch-site": "cross-site"}

    assert server.http.post("/api/v1/sql", json={"query": "SELECT 1"}, headers=page).status_code == 403
    assert server.http.get("/api/rum", headers=page).status_code == 403


def test_an_origin_that_is_named(tmp_path):
    """A page of an origin in the settings may send."""
    environment = {"SIGHTLINE_BROWSER_ORIGINS": "https://shop.example"}
    with ServerProcess(tmp_path / "home", environment=environment) as server:
        answers = [
            server.http.post("/api/rum", content="{}", headers={"origin": origin}).status_code
            for origin in ("https://shop.example", "https://other.example")
        ]

    assert answers == [204, 403]


def test_the_servers_settings_are_obeyed(tmp_path):
    """What the server is told to take out of what comes is not stored, whether an SDK or a browser sends it."""
    environment = {"SIGHTLINE_REDACT": "iban", "SIGHTLINE_REDACT_PERSONAL": "1"}
    event = {"message": "x", "user": {"email": "ada@shop.example"}, "extra": {"iban": "DE89370400440532013000"}}
    beacon = {"user": "ada@shop.example", "events": [{"k": "click", "el": "a"}]}
    with ServerProcess(tmp_path / "home", environment=environment) as server:
        server.http.post("/api/7/envelope/", content=envelope(("event", event))).raise_for_status()
        server.http.post("/api/rum", content=json.dumps(beacon)).raise_for_status()

        asked = "SELECT LogAttributes['user.email'], LogAttributes['sentry.extra.iban'] FROM otel_logs"
        assert found(server, asked) == [["[REDACTED]", "[REDACTED]"]]
        assert found(server, "SELECT UserId FROM events") == [["[REDACTED]"]]


def test_otlp_where_sentry_sends_it(server):
    """OTLP at the address that Sentry's SDKs make of a DSN is taken."""
    answer = server.http.post("/api/7/integration/otlp/v1/traces", json={"resourceSpans": []})

    assert answer.status_code == 200
