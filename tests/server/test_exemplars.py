"""From a metric to the traces behind it: exemplars are stored with their series and found by it."""

import struct
import time

import pytest
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider, TraceBasedExemplarFilter
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from tests.support.remote_write import compress, field, sample, series_1, varint
from tests.support.server import ServerProcess

NS = 10**9


def found(server: ServerProcess, name: str, **parameters: object) -> list[dict[str, object]]:
    """Ask for the exemplars of a metric."""
    return list(server.get("/api/v1/metrics/exemplars", name=name, **parameters)["exemplars"])


def send(server: ServerProcess, name: str, *exemplars: dict[str, object], label: str = "a") -> None:
    """Send a gauge with exemplars, as JSON."""
    attributes = [{"key": "kind", "value": {"stringValue": label}}]
    point = {"asDouble": 1, "timeUnixNano": str(time.time_ns()), "attributes": attributes, "exemplars": exemplars}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": f"of-{label}"}}]}
    metrics = [{"name": name, "gauge": {"dataPoints": [point]}}]
    content = {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": metrics}]}]}
    server.http.post("/v1/metrics", json=content).raise_for_status()


def test_opentelemetrys_own(server: ServerProcess):
    """What the real SDK observes within a span leads from the histogram to the span, by the series of its bucket."""
    exporter = OTLPMetricExporter(f"{server.url}/v1/metrics")
    reader = PeriodicExportingMetricReader(exporter)
    resource = Resource({"service.name": "waiter"})
    provider = MeterProvider([reader], resource=resource, exemplar_filter=TraceBasedExemplarFilter())
    waited = provider.get_meter("test").create_histogram("waited", "s", explicit_bucket_boundaries_advisory=[1, 5])
    with TracerProvider().get_tracer("test").start_as_current_span("wait") as span:
        waited.record(3, {"route": "/x"})
    provider.shutdown()

    [exemplar] = found(server, "waited_seconds")
    context = span.get_span_context()
    assert exemplar.pop("timestamp") > "2026"
    assert exemplar == {
        "value": 3.0, "trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}",
        "metric": "waited_seconds_bucket", "labels": {"route": "/x", "le": "5.0"}, "service": "waiter",
        "attributes": {},
    }  # fmt: skip


def test_sent_again_it_is_one(server: ServerProcess):
    """A point that is sent twice does not double its exemplars."""
    exemplar = {"asInt": "7", "timeUnixNano": str(time.time_ns()), "traceId": "1" * 32, "spanId": "2" * 16}
    for _ in range(2):
        send(server, "once", exemplar)

    assert [(each["value"], each["trace_id"], each["span_id"]) for each in found(server, "once")] == [
        (7.0, "1" * 32, "2" * 16)
    ]


def test_by_label_range_and_number(server: ServerProcess):
    """Only those of the series and of the time that were asked for come, newest first, and it is told of more."""
    now = time.time_ns()
    for label in "ab":
        exemplars = [{"asDouble": age, "timeUnixNano": str(now - age * 60 * NS)} for age in range(4)]
        send(server, "several", *exemplars, label=label)

    assert [each["value"] for each in found(server, "several", **{"label.kind": "a"})] == [0, 1, 2, 3]
    assert [each["service"] for each in found(server, "several", **{"label.service": "of-b"}, limit=1)] == ["of-b"]
    assert {each["value"] for each in found(server, "several", start="-150s", end="-90s")} == {2}
    page = server.get("/api/v1/metrics/exemplars", name="several", limit=3)
    assert (len(page["exemplars"]), page["truncated"]) == (3, True)


@pytest.mark.parametrize("parameters", [{}, {"name": "x", "limit": 0}, {"name": "x", "wrong": 1}])
def test_a_question_that_cannot_be(server: ServerProcess, parameters: dict[str, object]):
    """A name is needed, and what is not known is refused."""
    assert server.http.get("/api/v1/metrics/exemplars", params=parameters).status_code == 400


@pytest.mark.parametrize("version", [1, 2])
def test_remote_writes(server: ServerProcess, version: int):
    """What Prometheus passes on is found by the series, and the client is told how many were stored."""
    now, name = time.time_ns() // 10**6, f"written_{version}_seconds"
    labels = {"__name__": f"{name}_bucket", "job": "shop", "le": "0.5"}
    value = b"\x11" + struct.pack("<d", 0.25) + b"\x18" + varint(now)
    if version == 1:
        exemplar = field(3, field(1, field(1, b"trace_id") + field(2, b"1" * 32)) + value)
        body, kind = series_1(labels, (now, 3.0)) + series_1(labels, more=exemplar), "prometheus.WriteRequest"
    else:
        texts = ["", *(text for pair in labels.items() for text in pair), "trace_id", "1" * 32]
        refs, seen = bytes(range(1, 7)), field(4, field(1, b"\x07\x08") + value)
        body = b"".join(field(4, text.encode()) for text in texts)
        body += field(5, field(1, refs) + field(2, sample(now, 3.0)) + seen)
        kind = "io.prometheus.write.v2.Request"
    headers = {"content-type": f"application/x-protobuf;proto={kind}"}
    for _ in range(2):
        answer = server.http.post("/api/v1/write", content=compress(body), headers=headers).raise_for_status()

    assert answer.headers["x-prometheus-remote-write-exemplars-written"] == "1"
    [exemplar_found] = found(server, name)
    assert (exemplar_found["value"], exemplar_found["trace_id"], exemplar_found["service"]) == (0.25, "1" * 32, "shop")
    assert exemplar_found["labels"] == {"le": "0.5"}
