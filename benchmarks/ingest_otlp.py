"""
OTLP/HTTP spans acknowledged in a second: a real server, HTTP and commit included, the client on the same cores.

Requests are encoded before the clock starts; only their spans' times are set when they are sent, to the second before,
as a client's would be. Each connection stays open and sends one request after the other; the clock stops when the last
one is answered, which means stored. Afterwards the store is asked how many spans it has.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

SPREAD_NS = 1_000_000_000
"""The spans of a request started in the second before it is sent."""

START_MARK, END_MARK = 0xF1F2F3F4F5F6F7F8, 0xE1E2E3E4E5E6E7E8
"""Times as they are encoded, to be found again."""

HEADERS = {"Content-Type": "application/x-protobuf"}


def encode(spans: int, first: int) -> bytes:
    """Encode a request of *spans* spans with 8 attributes each, as a web service sends them."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    for key, text in {"service.name": "shop", "service.version": "1.4.2", "host.name": "web-1"}.items():
        resource_spans.resource.attributes.add(key=key).value.string_value = text
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = "opentelemetry.instrumentation.fastapi"
    for number in range(first, first + spans):
        span = scope_spans.spans.add(
            trace_id=os.urandom(16),
            span_id=os.urandom(8),
            parent_span_id=os.urandom(8) if number % 4 else b"",
            name="GET /orders/{id}",
            kind=2,
            start_time_unix_nano=START_MARK,
            end_time_unix_nano=END_MARK,
        )
        for key, value in (
            ("http.request.method", {"string_value": "GET"}),
            ("http.route", {"string_value": "/orders/{id}"}),
            ("url.path", {"string_value": f"/orders/{number}"}),
            ("user.id", {"string_value": f"u{number % 5000}"}),
            ("server.address", {"string_value": "shop.example"}),
            ("http.response.status_code", {"int_value": 200}),
            ("order.items", {"int_value": number % 7}),
            ("cache.hit", {"bool_value": number % 3 == 0}),
        ):
            span.attributes.add(key=key, value=value)
    encoded: bytes = request.SerializeToString()
    return encoded


class Template:
    """An encoded request whose times can be set."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._starts = _places(body, START_MARK)
        self._ends = _places(body, END_MARK)

    def at(self, now_ns: int) -> bytearray:
        """Give the request as a client sends it at *now_ns*."""
        body = bytearray(self._body)
        content = np.frombuffer(body, dtype=np.uint8)
        starts = np.linspace(now_ns - SPREAD_NS, now_ns, len(self._starts), dtype=np.uint64)
        content[self._starts] = starts.view(np.uint8).reshape(-1, 8)
        content[self._ends] = (starts + np.uint64(3_000_000)).view(np.uint8).reshape(-1, 8)
        return body


def _places(body: bytes, mark: int) -> Any:
    found, text = [], mark.to_bytes(8, "little")
    place = body.find(text)
    while place >= 0:
        found.append(place)
        place = body.find(text, place + 8)
    return np.array(found)[:, None] + np.arange(8)


@contextmanager
def running_server() -> Iterator[str]:
    """Start ``sightline serve`` in a directory of its own and give its address."""
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as home:
        command = [sys.executable, "-m", "sightline", "serve", "--home", home, "--port", "0"]
        environment = {**os.environ, "PYDANTIC_DISABLE_PLUGINS": "__all__", "SIGHTLINE_GRPC_PORT": "0"}
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
        try:
            yield _address(Path(home) / "server.json", process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _address(file: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"The server ended with {process.returncode} before it listened.")
        try:
            return str(json.loads(file.read_text())["url"])
        except (OSError, ValueError):
            time.sleep(0.05)
    raise SystemExit("The server did not listen within a minute.")


def _send(url: str, templates: list[Template]) -> None:
    address = urlsplit(url)
    connection = HTTPConnection(str(address.hostname), address.port, timeout=120)
    for template in templates:
        connection.request("POST", "/v1/traces", template.at(time.time_ns()), HEADERS)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200 or content:
            raise SystemExit(f"The server answered {answer.status}: {content!r}")
    connection.close()


def ask(url: str, query: str) -> list[list[Any]]:
    """Ask the store and give the rows."""
    address = urlsplit(url)
    connection = HTTPConnection(str(address.hostname), address.port, timeout=60)
    connection.request("POST", "/api/v1/sql", json.dumps({"query": query}), {"Content-Type": "application/json"})
    rows: list[list[Any]] = json.loads(connection.getresponse().read())["rows"]
    connection.close()
    return rows


def measure(seconds: float = 10.0, spans: int = 4000, connections: int = 4) -> dict[str, Any]:
    """
    Measure for about *seconds* and give the figures.

    Args:
        seconds: how long to send; the amount is estimated from a first round.
        spans: spans in one request.
        connections: clients that send side by side.
    """
    bodies = [encode(spans, index * spans) for index in range(16)]
    templates = [Template(body) for body in bodies]
    with running_server() as url, ThreadPoolExecutor(connections) as pool:
        warm_s = _round(pool, url, templates, connections, 4)
        requests = max(4, int(4 * seconds / warm_s))
        taken_s = _round(pool, url, templates, connections, requests)
        sent = (requests + 4) * connections * spans
        stored = int(ask(url, "SELECT count() FROM otel_traces")[0][0])
    acknowledged = requests * connections * spans
    return {
        "spans_per_second": round(acknowledged / taken_s),
        "spans": acknowledged,
        "seconds": round(taken_s, 2),
        "spans_per_request": spans,
        "attributes_per_span": 8,
        "connections": connections,
        "bytes_per_span": round(len(bodies[0]) / spans),
        "sent": sent,
        "stored": stored,
        "lost": sent - stored,
    }


def _round(pool: ThreadPoolExecutor, url: str, templates: list[Template], connections: int, requests: int) -> float:
    shares = [
        [templates[(lane + number) % len(templates)] for number in range(requests)] for lane in range(connections)
    ]
    started = time.perf_counter()
    list(pool.map(lambda share: _send(url, share), shares))
    return time.perf_counter() - started


def main() -> None:
    """Measure and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--spans", type=int, default=4000, help="spans in one request")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.seconds, arguments.spans, arguments.connections)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        print(f"{name.replace('_', ' '):22} {figure:>12,}")


if __name__ == "__main__":
    main()
