"""What OTLP's clients were told is stored survives a killed server."""

import os
import threading
import time

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.support.server import ServerProcess

CLIENTS = 4
ACKNOWLEDGED = 20
"""Requests that are answered before the server is killed."""


def request_of(count):
    """A request of *count* spans, and their ids."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    ids = [os.urandom(8) for _ in range(count)]
    for span_id in ids:
        spans.add(trace_id=os.urandom(16), span_id=span_id, start_time_unix_nano=time.time_ns())
    return request.SerializeToString(), [span_id.hex() for span_id in ids]


def test_killed_under_load(tmp_path):
    """Every span of every answered request is there after SIGKILL and a new start, and none is there twice."""
    acknowledged, enough = [], threading.Event()

    def send(url):
        with httpx.Client(trust_env=False) as client:
            while True:
                body, ids = request_of(100)
                try:
                    response = client.post(
                        f"{url}/v1/traces", content=body, headers={"content-type": "application/x-protobuf"}
                    )
                except httpx.TransportError:
                    return
                assert response.status_code == 200
                acknowledged.extend(ids)
                if len(acknowledged) >= ACKNOWLEDGED * 100:
                    enough.set()

    with ServerProcess(tmp_path / "home") as server:
        clients = [threading.Thread(target=send, args=(server.url,)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        assert enough.wait(60)
        server.kill()
        for client in clients:
            client.join(30)

    with ServerProcess(tmp_path / "home") as server:
        query = "SELECT count() AS n, uniqExact(SpanId) AS distinct FROM otel_traces"
        every, distinct = server.http.post("/api/v1/sql", json={"query": query}).json()["rows"][0]
        found = set()
        for first in range(16):
            part = f"SELECT SpanId FROM otel_traces WHERE startsWith(SpanId, '{first:x}')"
            answer = server.http.post("/api/v1/sql", json={"query": part, "limit": 10_000}).json()
            assert not answer["truncated"]
            found |= {row[0] for row in answer["rows"]}

    assert set(acknowledged) <= found
    assert int(every) == int(distinct) == len(found)
