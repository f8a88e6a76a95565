"""Senders that go silent in the middle, and messages that are more than they look like."""

import asyncio
import contextlib
import socket
import time

import grpc
import pytest
from grpc import aio
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.requests import Request
from tests.support.server import ServerProcess

from sightline.base.errors import StoreUnavailable
from sightline.base.limits import MAX_BODY_BYTES
from sightline.base.settings import load
from sightline.server.app import open_services
from sightline.server.ingest import otlp_grpc
from sightline.server.ingest.body import Pending, read

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


def test_a_body_that_stalls_is_given_up():
    """What came of it is let go, and its sender, if it is there yet, is told to send it again."""
    pending, parts = Pending(), [{"type": "http.request", "body": b"half", "more_body": True}]
    held = []

    async def receive():
        if parts:
            return parts.pop()
        held.append(pending.held_bytes)
        return await asyncio.Event().wait()

    async def run():
        request = Request({"type": "http", "headers": [(b"content-length", b"8000")]}, receive)
        with pending.request() as hold:
            await read(request, hold, stalled_s=0.05)

    with pytest.raises(StoreUnavailable, match=r"Nothing more of the request came for 0.05 s. Send it again"):
        asyncio.run(run())
    assert (held, pending.held_bytes) == ([4], 0)


def test_dead_connections_hold_up_nobody(tmp_path):
    """Senders that state large bodies and then send nothing take no room from those that do."""
    head = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
    with ServerProcess(tmp_path / "home") as server, contextlib.ExitStack() as stack:
        host, _, port = server.url.rpartition("/")[2].rpartition(":")
        for _ in range(8):
            connection = stack.enter_context(socket.create_connection((host, int(port)), 30))
            connection.sendall(f"{head}Content-Length: {MAX_BODY_BYTES}\r\n\r\nhalf".encode())

        assert server.http.post("/v1/logs", json={"resourceLogs": []}).status_code == 200


def test_calls_that_never_send_make_room(tmp_path):
    """A gRPC call that was opened and sends nothing is ended as one that is to come again; the next is taken."""
    given = {"home": tmp_path / "home", "grpc_port": "0"}
    settings = {name: found.value for name, found in load(given).items()}

    async def run(services):
        async with (
            otlp_grpc.listen(services, calls_at_once=2, stalled_s=0.2),
            aio.insecure_channel(services.listening["grpc"]) as channel,
        ):
            silent = [channel.stream_unary(EXPORT)() for _ in range(2)]
            for call in silent:
                await call.wait_for_connection()
            ended = [await call.code() for call in silent]
            return ended, await channel.unary_unary(EXPORT)(b"", timeout=30)

    with open_services(settings, "http://localhost", serves=False) as services:
        ended, answer = asyncio.run(run(services))

    assert (ended, answer) == ([grpc.StatusCode.UNAVAILABLE] * 2, b"")


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_compressed_calls(tmp_path, compression):
    """They are inflated within the limit of bodies, and told so as over HTTP when they are more."""
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.add(
        trace_id=b"t" * 16, span_id=b"s" * 8, start_time_unix_nano=time.time_ns()
    )
    bomb = bytes(MAX_BODY_BYTES + 1)
    with ServerProcess(tmp_path / "home", environment={"SIGHTLINE_GRPC_PORT": "0"}) as server:
        with grpc.insecure_channel(server.listening["grpc"]) as channel:
            call = channel.unary_unary(EXPORT)
            assert call(request.SerializeToString(), timeout=30, compression=compression) == b""
            with pytest.raises(grpc.RpcError) as raised:
                call(bomb, timeout=60, compression=compression)
        stored = server.http.post("/api/v1/sql", json={"query": "SELECT count() FROM otel_traces"}).json()["rows"]

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "more than 67,108,864 bytes when decompressed" in raised.value.details()
    assert stored == [[1]]
