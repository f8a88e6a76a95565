"""OTLP over HTTP: what is acknowledged is stored, what is wrong is answered clearly."""

import gzip
import json
import os
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace import Status as SpanStatus

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}


def ask(server, query):
    """Rows of a query, as dicts."""
    response = server.http.post("/api/v1/sql", json={"query": query})
    response.raise_for_status()
    answer = response.json()
    names = [column["name"] for column in answer["columns"]]
    return [dict(zip(names, row, strict=True)) for row in answer["rows"]]


def spans_of(server, service):
    """How many spans of a service are stored."""
    return int(ask(server, f"SELECT count() AS n FROM otel_traces WHERE ServiceName = '{service}'")[0]["n"])


def span_request(service, count=1, **fields):
    """A request of *count* spans."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    resource_spans.resource.attributes.add(key="service.name").value.string_value = service
    scope_spans = resource_spans.scope_spans.add()
    for _ in range(count):
        ids = {"trace_id": os.urandom(16), "span_id": os.urandom(8)}
        scope_spans.spans.add(**{**ids, "name": "s", "start_time_unix_nano": time.time_ns(), **fields})
    return request


@pytest.mark.parametrize("compression", list(Compression))
def test_spans_of_the_sdk(server, compression):
    """What OpenTelemetry's own exporter sends is found with all that it said, in every compression it has."""
    service = f"sdk-spans-{compression.value}"
    exporter = OTLPSpanExporter(f"{server.url}/v1/traces", compression=compression)
    provider = TracerProvider(resource=Resource({"service.name": service}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    with provider.get_tracer("shop.orders", "2.0").start_as_current_span("pay", kind=SpanKind.CLIENT) as span:
        span.set_attributes({"order": 7, "ratio": 0.5, "paid": True, "tags": ["a", "b"]})
        span.add_event("retry", {"attempt": 2})
        span.set_status(SpanStatus(StatusCode.ERROR, "declined"))
    provider.shutdown()

    (row,) = ask(
        server,
        "SELECT SpanName, SpanKind, StatusCode, StatusMessage, ScopeName, ScopeVersion, SpanAttributes, "
        "Duration > 0 AS took, "
        f"Events.Name AS events, lower(hex(unhex(TraceId))) AS trace FROM otel_traces WHERE ServiceName = '{service}'",
    )
    context = span.get_span_context()
    assert row == {
        "SpanName": "pay",
        "SpanKind": "Client",
        "StatusCode": "Error",
        "StatusMessage": "declined",
        "ScopeName": "shop.orders",
        "ScopeVersion": "2.0",
        "SpanAttributes": {"order": "7", "ratio": "0.5", "paid": "true", "tags": '["a","b"]'},
        "took": 1,
        "events": ["retry"],
        "trace": f"{context.trace_id:032x}",
    }


def test_metrics_of_the_sdk(server):
    """Counters, gauges, histograms and exponential histograms of OpenTelemetry's SDK become series and samples."""
    exporter = OTLPMetricExporter(f"{server.url}/v1/metrics", compression=Compression.Gzip)
    view = View(instrument_name="size", aggregation=ExponentialBucketHistogramAggregation())
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=1e6)
    provider = MeterProvider([reader], Resource({"service.name": "sdk-metrics"}), views=[view])
    meter = provider.get_meter("shop")

    meter.create_counter("shop.orders", "{order}").add(3, {"shop.kind": "web"})
    meter.create_up_down_counter("queue").add(-2)
    meter.create_gauge("temperature", "Cel").set(21.5)
    meter.create_histogram("wait", "s", explicit_bucket_boundaries_advisory=[1, 2]).record(1.5)
    meter.create_histogram("size", "By").record(1000)
    provider.shutdown()

    rows = ask(
        server,
        "SELECT MetricName AS name, any(MetricType) AS type, any(Labels) AS labels, max(Value) AS value "
        "FROM metric_series INNER JOIN metric_samples USING (SeriesId) WHERE ServiceName = 'sdk-metrics' "
        "GROUP BY MetricName, SeriesId ORDER BY name, labels['le']",
    )
    assert [(row["name"], row["type"], row["labels"], row["value"]) for row in rows] == [
        ("queue", "gauge", {}, -2),
        ("shop_orders_total", "counter", {"shop_kind": "web"}, 3),
        ("size_bytes_count", "histogram", {}, 1),
        ("size_bytes_sum", "histogram", {}, 1000),
        ("temperature_celsius", "gauge", {}, 21.5),
        ("wait_seconds_bucket", "histogram", {"le": "+Inf"}, 1),
        ("wait_seconds_bucket", "histogram", {"le": "1.0"}, 0),
        ("wait_seconds_bucket", "histogram", {"le": "2.0"}, 1),
        ("wait_seconds_count", "histogram", {}, 1),
        ("wait_seconds_sum", "histogram", {}, 1.5),
    ]
    (whole,) = ask(
        server,
        "SELECT Count AS n, Sum AS sum, Max AS max, arraySum(PositiveBuckets) AS buckets FROM metric_histograms "
        "WHERE SeriesId IN (SELECT SeriesId FROM metric_series WHERE ServiceName = 'sdk-metrics')",
    )
    assert {name: float(value) for name, value in whole.items()} == {"n": 1, "sum": 1000, "max": 1000, "buckets": 1}


def test_logs_in_json(server):
    """Records in OTLP's JSON are found with their ids, levels, bodies and attributes."""
    record = {
        "timeUnixNano": str(time.time_ns()),
        "severityNumber": 17,
        "body": {"kvlistValue": {"values": [{"key": "a", "value": {"intValue": "1"}}]}},
        "attributes": [{"key": "user", "value": {"stringValue": "u1"}}],
        "traceId": "5B8EFFF798038103D269B633813FC60C",
        "spanId": "EEE19B7EC3C1B174",
        "newField": True,
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "json-logs"}}]}
    content = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}

    response = server.http.post("/v1/logs", json=content)

    assert (response.status_code, response.json(), response.headers["content-type"]) == (200, {}, "application/json")
    (row,) = ask(
        server,
        "SELECT TraceId, SpanId, SeverityText, SeverityNumber, Body, LogAttributes FROM otel_logs "
        "WHERE ServiceName = 'json-logs'",
    )
    assert row == {
        "TraceId": "5b8efff798038103d269b633813fc60c",
        "SpanId": "eee19b7ec3c1b174",
        "SeverityText": "ERROR",
        "SeverityNumber": 17,
        "Body": '{"a":1}',
        "LogAttributes": {"user": "u1"},
    }


def test_equal_requests_are_all_stored(server):
    """Two equal requests are two, as two clients may well send the same."""
    body = span_request("equal").SerializeToString()

    for _ in range(3):
        assert server.http.post("/v1/traces", content=body, headers=PROTOBUF).status_code == 200

    assert spans_of(server, "equal") == 3


def test_requests_at_once(server):
    """Of many requests at once every one is stored when it is answered, and none twice."""
    bodies = [span_request("at-once", 50).SerializeToString() for _ in range(60)]

    with ThreadPoolExecutor(12) as pool:
        send = lambda body: server.http.post("/v1/traces", content=body, headers=PROTOBUF).status_code  # noqa: E731
        codes = list(pool.map(send, bodies))

    assert codes == [200] * 60
    assert spans_of(server, "at-once") == 3000


def test_partial_success(server):
    """A request with invalid spans is stored without them, and the answer says how many and why."""
    request = span_request("partial", 2)
    request.resource_spans[0].scope_spans[0].spans.add(trace_id=b"short", span_id=b"\x01" * 8)

    response = server.http.post("/v1/traces", content=request.SerializeToString(), headers=PROTOBUF)

    answer = ExportTraceServiceResponse.FromString(response.content)
    assert (response.status_code, answer.partial_success.rejected_spans) == (200, 1)
    assert answer.partial_success.error_message.startswith("A span needs a trace id of 16 bytes")
    assert spans_of(server, "partial") == 2


@pytest.mark.parametrize("signal", ["traces", "logs", "metrics"])
@pytest.mark.parametrize(("headers", "empty", "answer"), [(PROTOBUF, b"", b""), (JSON, b"{}", b"{}")])
def test_empty_requests(server, signal, headers, empty, answer):
    """A request that carries nothing is a success."""
    response = server.http.post(f"/v1/{signal}", content=empty, headers=headers)

    assert (response.status_code, response.content) == (200, answer)


@pytest.mark.parametrize("signal", ["traces", "logs", "metrics"])
def test_malformed_protobuf(server, signal):
    """Malformed Protobuf is answered with a Status in Protobuf that says so, and is not worth another try."""
    response = server.http.post(f"/v1/{signal}", content=b"\xff\xff", headers=PROTOBUF)

    assert (response.status_code, response.headers["content-type"]) == (400, "application/x-protobuf")
    assert Status.FromString(response.content).message.startswith("The body is no Protobuf of Export")


def test_malformed_json(server):
    """Malformed JSON is answered with a Status in JSON that is a problem of RFC 9457 too."""
    response = server.http.post("/v1/traces", content=b'{"resourceSpans":', headers=JSON)

    problem = response.json()
    assert (response.status_code, response.headers["content-type"]) == (400, "application/json")
    assert (problem["type"], problem["status"]) == ("urn:sightline:problem:body-invalid", 400)
    assert problem["detail"] == problem["message"] == "The body is no JSON: Input data was truncated."


def test_problem_for_those_who_ask(server):
    """Who accepts problems is answered with one, whatever the request was."""
    headers = {**PROTOBUF, "accept": "application/problem+json"}
    response = server.http.post("/v1/traces", content=b"\xff", headers=headers)

    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"].startswith("The body is no Protobuf")


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({"content-type": "text/plain"}, "Content-Type is 'text/plain'; expected application/x-protobuf or"),
        ({}, "Content-Type is ''; expected"),
    ],
)
def test_wrong_types(server, headers, detail):
    """A wrong type is answered with those that are taken."""
    response = server.http.post("/v1/traces", content=b"x", headers=headers)

    assert (response.status_code, response.headers["content-type"]) == (415, "application/problem+json")
    assert response.json()["detail"].startswith(detail)
    assert response.headers["accept-post"] == "application/x-protobuf, application/json"


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        (PROTOBUF, bytes(64 * 1024 * 1024 + 1)),
        ({**PROTOBUF, "content-encoding": "gzip"}, os.urandom(16 * 1024 * 1024 + 1)),
        ({**PROTOBUF, "content-encoding": "gzip"}, gzip.compress(bytes(100 * 1024 * 1024))),
        ({**PROTOBUF, "content-encoding": "deflate"}, zlib.compress(bytes(100 * 1024 * 1024))),
    ],
)
def test_oversized_bodies(server, headers, content):
    """A body that is too large, or would be, is answered with the limit."""
    with server.http.stream("POST", "/v1/traces", content=content, headers=headers) as response:
        message = Status.FromString(response.read()).message

    assert response.status_code == 413
    assert "67,108,864" in message or "16,777,216" in message


def test_endless_body_without_a_length(server):
    """A body that never ends is cut off at the limit."""
    sent = 0

    def endless():
        nonlocal sent
        while sent < 200 * 1024 * 1024:
            sent += 1024 * 1024
            yield bytes(1024 * 1024)

    response = server.http.post("/v1/traces", content=endless(), headers=PROTOBUF)

    assert response.status_code == 413
    assert sent <= 200 * 1024 * 1024


def test_days_in_one_request(server):
    """Spans of very many days in one request are taken; those that retention still keeps are there."""
    request = ExportTraceServiceRequest()
    for day in range(300):
        one = span_request("many-days", start_time_unix_nano=time.time_ns() - day * 86_400 * 10**9)
        request.resource_spans.extend(one.resource_spans)

    response = server.http.post("/v1/traces", content=request.SerializeToString(), headers=PROTOBUF)

    assert response.status_code == 200
    assert spans_of(server, "many-days") >= 30


def test_spans_at_the_edges_of_time(server):
    """A span of 1970, which expires at once or soon, and one of 2105 do no harm to the one sent with them."""
    request = span_request("edges")
    for start_ns in (0, (2**32 - 1) * 10**9):
        request.resource_spans.extend(span_request("edges", start_time_unix_nano=start_ns).resource_spans)

    response = server.http.post("/v1/traces", content=request.SerializeToString(), headers=PROTOBUF)

    assert response.status_code == 200
    assert ExportTraceServiceResponse.FromString(response.content).partial_success.rejected_spans == 1
    assert spans_of(server, "edges") in {1, 2}


def test_live_tail(server):
    """What is stored is handed to who is tailing."""
    with server.http.stream("GET", "/api/v1/logs/tail", params={"query": "service:otlp-tail"}) as stream:
        lines = stream.iter_lines()
        record = {"body": {"stringValue": "seen"}, "severityNumber": 9}
        resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "otlp-tail"}}]}
        content = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}
        assert server.http.post("/v1/logs", json=content).status_code == 200

        data = next(line for line in lines if line.startswith("data:") and "seen" in line)

    assert json.loads(data.removeprefix("data:"))["body"] == "seen"


def test_export_result(server):
    """The SDK's exporter takes our answers for what they are: a success, and a failure that it does not repeat."""
    provider = TracerProvider(resource=Resource({"service.name": "export-result"}))
    with provider.get_tracer("t").start_as_current_span("s") as span:
        pass

    assert OTLPSpanExporter(f"{server.url}/v1/traces").export([span]) is SpanExportResult.SUCCESS
    wrong = OTLPSpanExporter(f"{server.url}/v1/logs", timeout=5)
    started = time.monotonic()
    wrong.export([span])
    assert time.monotonic() - started < 3


def test_logs_of_the_sdk(server):
    """What OpenTelemetry's exporter of logs sends is found."""
    from opentelemetry._logs import LogRecord, SeverityNumber
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor

    provider = LoggerProvider(Resource({"service.name": "sdk-logs"}))
    provider.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(f"{server.url}/v1/logs")))
    provider.get_logger("shop.cart").emit(
        LogRecord(
            timestamp=time.time_ns(), severity_number=SeverityNumber.WARN, body="low stock", attributes={"left": 2}
        )
    )
    provider.shutdown()

    (row,) = ask(
        server,
        "SELECT Body, SeverityText, ScopeName, LogAttributes FROM otel_logs WHERE ServiceName = 'sdk-logs'",
    )
    assert row == {
        "Body": "low stock",
        "SeverityText": "WARNING",
        "ScopeName": "shop.cart",
        "LogAttributes": {"left": "2"},
    }


ALIASES = {
    "traces": ["/api/public/otel/v1/traces"],
    "logs": ["/otlp/v1/logs"],
    "metrics": ["/api/v1/otlp/v1/metrics", "/prometheus/api/v1/otlp/v1/metrics"],
}


@pytest.mark.parametrize("path", [path for paths in ALIASES.values() for path in paths])
def test_paths_of_others(server, path):
    """Where Langfuse, Loki, Prometheus and Mimir take OTLP, the server takes it too."""
    answer = server.http.post(path, content=b"", headers=PROTOBUF)

    assert (answer.status_code, answer.content) == (200, b"")
