"""OTLP over gRPC: OpenTelemetry's own exporters, a real server, and what it answers when it cannot take a request."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from tests.support.server import ServerProcess, eventually

from sightline.server.ingest.otlp_grpc import CALLS_AT_ONCE
from sightline.server.problems import RETRY_AFTER_S

GRPC = {"SIGHTLINE_GRPC_PORT": "0"}
RESOURCE = Resource({"service.name": "caller"})
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that takes gRPC."""
    with ServerProcess(tmp_path_factory.mktemp("grpc") / "home", environment=GRPC) as running:
        yield running


def ask(server, query):
    """Rows of the store."""
    answer = server.http.post("/api/v1/sql", json={"query": query})
    answer.raise_for_status()
    return answer.json()["rows"]


def export(server, content):
    """Send bytes as a request for spans, and give the answer's bytes."""
    with grpc.insecure_channel(server.listening["grpc"]) as channel:
        return channel.unary_unary(EXPORT)(content, timeout=30)


def test_spans(server):
    """A span that the real exporter sends, compressed, is stored when the exporter is answered."""
    provider = TracerProvider(resource=RESOURCE)
    exporter = OTLPSpanExporter(server.listening["grpc"], insecure=True, compression=grpc.Compression.Gzip)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("test").start_as_current_span("call"):
        pass
    provider.shutdown()

    assert ask(server, "SELECT SpanName FROM otel_traces WHERE ServiceName = 'caller'") == [["call"]]


def test_logs(server):
    """A log record that the real exporter sends is stored when the exporter is answered."""
    provider = LoggerProvider(resource=RESOURCE)
    provider.add_log_record_processor(
        SimpleLogRecordProcessor(OTLPLogExporter(server.listening["grpc"], insecure=True))
    )
    provider.get_logger("test").emit(body="hello")
    provider.shutdown()

    assert ask(server, "SELECT Body FROM otel_logs WHERE ServiceName = 'caller'") == [["hello"]]


def test_metrics(server):
    """A counter that the real exporter sends is found under Prometheus's name."""
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(server.listening["grpc"], insecure=True))
    provider = MeterProvider([reader], resource=RESOURCE)
    provider.get_meter("test").create_counter("calls").add(3)
    provider.shutdown()

    query = "SELECT MetricName FROM metric_series WHERE ServiceName = 'caller' AND MetricFamily = 'calls'"
    assert ask(server, query) == [["calls_total"]]


def test_nonsense(server):
    """A body that is no Protobuf is INVALID_ARGUMENT, with the field at fault, and is not worth another try."""
    with pytest.raises(grpc.RpcError) as raised:
        export(server, b"nonsense")

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    details = dict(raised.value.trailing_metadata())["grpc-status-details-bin"]
    [detail] = status_pb2.Status.FromString(details).details
    assert detail.Is(error_details_pb2.BadRequest.DESCRIPTOR)


def test_partial_success(server):
    """A span without an id is refused alone, and the answer says how many were."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, start_time_unix_nano=1, end_time_unix_nano=2)
    spans.add(trace_id=b"t" * 16)
    answer = ExportTraceServiceResponse.FromString(export(server, request.SerializeToString()))

    assert answer.partial_success.rejected_spans == 1


@contextlib.contextmanager
def busy(server):
    """Let requests be under way that hold all that may be held, until the way out."""
    host, _, port = server.url.rpartition("/")[2].rpartition(":")
    head = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
    with contextlib.ExitStack() as stack:

        def refused():
            if server.http.post("/v1/logs", json={"resourceLogs": []}).status_code == 503:
                return True
            connection = stack.enter_context(socket.create_connection((host, int(port)), 30))
            size = 16 * 1024 * 1024
            connection.sendall(f"{head}Content-Length: {size}\r\n\r\n".encode() + bytes(size - 1))
            return False

        eventually(refused)
        yield


def refused(server, request):
    """The error of a call that is refused, and when it may come again in seconds."""
    with pytest.raises(grpc.RpcError) as raised:
        export(server, request.SerializeToString())
    details = dict(raised.value.trailing_metadata())["grpc-status-details-bin"]
    [detail] = status_pb2.Status.FromString(details).details
    again = error_details_pb2.RetryInfo()
    assert detail.Unpack(again)
    return raised.value, again.retry_delay.seconds


def test_a_server_that_is_busy(server):
    """While requests hold all they may, a call is UNAVAILABLE and told when to come; the real exporter's does."""
    provider = TracerProvider(resource=Resource({"service.name": "patient"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(server.listening["grpc"], insecure=True)))
    with busy(server):
        error, again_s = refused(server, ExportTraceServiceRequest(resource_spans=[{"schema_url": "x" * 100}]))
        before = server.get("/api/v1/monitoring/status")["components"]["ingest_otlp"]["refused"]
        for number in range(100):
            provider.get_tracer("test").start_span(str(number)).end()
        flushed = threading.Thread(target=provider.force_flush)
        flushed.start()
        eventually(lambda: server.get("/api/v1/monitoring/status")["components"]["ingest_otlp"]["refused"] > before)
    flushed.join(60)
    provider.shutdown()

    query = "SELECT count(), uniqExact(SpanName) FROM otel_traces WHERE ServiceName = 'patient'"
    assert (error.code(), again_s) == (grpc.StatusCode.UNAVAILABLE, RETRY_AFTER_S)
    assert ask(server, query) == [[100, 100]]


def test_a_full_disk(tmp_path):
    """Without room on the disk a call is UNAVAILABLE, with the reason and when to come again."""
    environment = GRPC | {"SIGHTLINE_DISK_RESERVE_BYTES": str(1 << 60)}
    with ServerProcess(tmp_path / "home", environment=environment) as server:
        request = ExportTraceServiceRequest()
        request.resource_spans.add().scope_spans.add().spans.add(trace_id=b"t" * 16, span_id=b"s" * 8)
        error, again_s = refused(server, request)

    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert "The disk of" in error.details()
    assert again_s == RETRY_AFTER_S


def test_taken_port(server, tmp_path):
    """A second server does not start on the same port, and the message says which setting to change."""
    port = server.listening["grpc"].rpartition(":")[2]

    with pytest.raises(RuntimeError, match=f"Port {port} on .* cannot be taken.*SIGHTLINE_GRPC_PORT"):
        ServerProcess(tmp_path / "home", environment={"SIGHTLINE_GRPC_PORT": port})


def test_killed_server(tmp_path):
    """The real exporter sends again to a server that was killed and came back, and the span is there once."""
    with ServerProcess(tmp_path / "home", environment=GRPC) as first:
        port = first.listening["grpc"].rpartition(":")[2]
        exporter = OTLPSpanExporter(first.listening["grpc"], insecure=True)
        first.kill()
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with ServerProcess(tmp_path / "home", environment={"SIGHTLINE_GRPC_PORT": port}) as second:
        with provider.get_tracer("test").start_as_current_span("again"):
            pass
        found = eventually(lambda: ask(second, "SELECT SpanName FROM otel_traces"))
    provider.shutdown()

    assert found == [["again"]]


def test_more_calls_than_are_taken_at_once(server):
    """With all calls under way one more is UNAVAILABLE, told when to come; those that wait end well and make room."""
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.add(
        trace_id=b"c" * 16, span_id=b"s" * 8, name="crowd", start_time_unix_nano=time.time_ns()
    )  # fmt: skip
    content = request.SerializeToString()

    async def crowd():
        async with grpc.aio.insecure_channel(server.listening["grpc"]) as channel:
            export = channel.unary_unary(EXPORT)  # as exporters call
            calls = [channel.stream_unary(EXPORT)() for _ in range(CALLS_AT_ONCE + 1)]
            codes = [asyncio.ensure_future(call.code()) for call in calls]
            # Those that are taken wait for their message: whichever ends is the one too many, and all others have come.
            await asyncio.wait(codes, return_when=asyncio.FIRST_COMPLETED)
            refusal = await outcome(export(content))
            taken = [call for call in calls if not call.done()]
            await asyncio.gather(*map(send, taken))
            return refusal, len(taken), await outcome(export(content))

    async def send(call):
        await call.write(content)
        await call.done_writing()
        await call

    async def outcome(call):
        return await call.code(), dict(await call.trailing_metadata() or ())

    (code, told), taken, (after, _) = asyncio.run(crowd())
    [detail] = status_pb2.Status.FromString(told["grpc-status-details-bin"]).details
    assert (code, detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR)) == (grpc.StatusCode.UNAVAILABLE, True)
    assert (taken, after) == (CALLS_AT_ONCE, grpc.StatusCode.OK)
    assert ask(server, "SELECT count() FROM otel_traces WHERE SpanName = 'crowd'") == [[CALLS_AT_ONCE + 1]]
