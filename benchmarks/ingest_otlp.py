"""
OTLP/HTTP spans and log records acknowledged in a second: a real server, HTTP and commit included.

The client runs on the same cores. Requests are encoded before the clock starts; only their records' times are set when
they are sent, to the second before, as a client's would be. Each connection stays open and sends one request after the
other; the clock stops when the last one is answered, which means stored. Afterwards the store is asked how many records
it has.
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
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

SPREAD_NS = 1_000_000_000
"""The spans of a request started in the second before it is sent."""

START_MARK, END_MARK = 0xF1F2F3F4F5F6F7F8, 0xE1E2E3E4E5E6E7E8
"""Times as they are encoded, to be found again."""

HEADERS = {"Content-Type": "application/x-protobuf"}


PATHS = {"spans": "/v1/traces", "lone_spans": "/v1/traces", "logs": "/v1/logs"}
TABLES = {"spans": "otel_traces", "lone_spans": "otel_traces", "logs": "otel_logs"}

TOGETHER = 8
"""Spans of a trace: a request, and what it does within the service and asks of others."""
RESOURCE = {"service.name": "shop", "service.version": "1.4.2", "host.name": "web-1"}


def encode(spans: int, first: int, together: int = TOGETHER) -> bytes:
    """Encode a request of *spans* spans with 8 attributes each, so many of a trace, as a web service sends them."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    for key, text in RESOURCE.items():
        resource_spans.resource.attributes.add(key=key).value.string_value = text
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = "opentelemetry.instrumentation.fastapi"
    trace_id, root = b"", b""
    for number in range(first, first + spans):
        place, span_id = (number - first) % together, os.urandom(8)
        if place == 0:
            trace_id, root = os.urandom(16), span_id
        span = scope_spans.spans.add(
            trace_id=trace_id,
            span_id=span_id,
            parent_span_id=root if place else b"",
            name=("GET /orders/{id}", "load order", "SELECT orders")[min(place, 1 + place % 2)],
            kind=2 if place == 0 else (1, 3)[place % 2],
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


def encode_logs(records: int, first: int) -> bytes:
    """Encode a request of log records with 4 attributes each, half of them within a span."""
    request = ExportLogsServiceRequest()
    resource_logs = request.resource_logs.add()
    for key, text in RESOURCE.items():
        resource_logs.resource.attributes.add(key=key).value.string_value = text
    scope_logs = resource_logs.scope_logs.add()
    scope_logs.scope.name = "shop.orders"
    for number in range(first, first + records):
        record = scope_logs.log_records.add(
            time_unix_nano=START_MARK,
            observed_time_unix_nano=END_MARK,
            severity_number=9,
            severity_text="INFO",
            trace_id=os.urandom(16) if number % 2 else b"",
            span_id=os.urandom(8) if number % 2 else b"",
        )
        record.body.string_value = f"order {number} of customer {number % 5000} was paid in {number % 431} ms"
        record.attributes.add(key="order").value.int_value = number
        record.attributes.add(key="customer").value.string_value = f"c{number % 5000}"
        record.attributes.add(key="cached").value.bool_value = number % 3 == 0
        record.attributes.add(key="code.function.name").value.string_value = "shop.orders.pay"
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


class Running(NamedTuple):
    """A server of its own: where it answers, and its process."""

    url: str
    process_id: int

    def cpu_s(self) -> float:
        """Give the processor time that it has used until now, of all its threads."""
        fields = Path(f"/proc/{self.process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running_server() -> Iterator[Running]:
    """Start ``sightline serve`` in a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as home:
        command = [sys.executable, "-m", "sightline", "serve", "--home", home, "--port", "0"]
        environment = {**os.environ, "PYDANTIC_DISABLE_PLUGINS": "__all__", "SIGHTLINE_GRPC_PORT": "0"}
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
        try:
            yield Running(_address(Path(home) / "server.json", process), process.pid)
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


def _send(url: str, path: str, templates: list[Template]) -> None:
    address = urlsplit(url)
    connection = HTTPConnection(str(address.hostname), address.port, timeout=120)
    for template in templates:
        connection.request("POST", path, template.at(time.time_ns()), HEADERS)
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


def measure(seconds: float = 10.0, records: int = 4000, connections: int = 8) -> dict[str, Any]:
    """
    Measure spans, then log records, each for about *seconds*, and give the figures.

    Args:
        seconds: how long to send; the amount is estimated from a first round.
        records: spans or log records in one request.
        connections: clients that send side by side.
    """
    found: dict[str, Any] = {}
    # Of lone spans each is a trace and a request of its own: the most that a span can cost.
    for kind, make in (("spans", encode), ("lone_spans", partial(encode, together=1)), ("logs", encode_logs)):
        found |= _measure(kind, [make(records, index * records) for index in range(16)], seconds, records, connections)
    return found | {
        "attributes_per_span": 8,
        "spans_per_trace": TOGETHER,
        "attributes_per_log": 4,
        "connections": connections,
    }


def _measure(kind: str, bodies: list[bytes], seconds: float, records: int, connections: int) -> dict[str, Any]:
    templates = [Template(body) for body in bodies]
    with running_server() as server, ThreadPoolExecutor(connections) as pool:
        url = server.url
        warm_s = _round(pool, url, PATHS[kind], templates, connections, 4)
        requests = max(4, int(4 * seconds / warm_s))
        before_s = server.cpu_s()
        taken_s = _round(pool, url, PATHS[kind], templates, connections, requests)
        used_s = server.cpu_s() - before_s
        sent = (requests + 4) * connections * records
        stored = int(ask(url, f"SELECT count() FROM {TABLES[kind]} WHERE ServiceName = 'shop'")[0][0])
    acknowledged = requests * connections * records
    one = kind.removesuffix("s")
    return {
        f"{kind}_per_second": round(acknowledged / taken_s),
        kind: acknowledged,
        f"{kind}_seconds": round(taken_s, 2),
        f"server_cpu_us_per_{one}": round(used_s * 1e6 / acknowledged, 2),
        f"{kind}_per_request": records,
        f"bytes_per_{one}": round(len(bodies[0]) / records),
        f"{kind}_lost": sent - stored,
    }


def _round(
    pool: ThreadPoolExecutor, url: str, path: str, templates: list[Template], connections: int, requests: int
) -> float:
    shares = [
        [templates[(lane + number) % len(templates)] for number in range(requests)] for lane in range(connections)
    ]
    started = time.perf_counter()
    list(pool.map(lambda share: _send(url, path, share), shares))
    return time.perf_counter() - started


def main() -> None:
    """Measure and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--records", type=int, default=4000, help="spans or log records in one request")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.seconds, arguments.records, arguments.connections)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        print(f"{name.replace('_', ' '):22} {figure:>12,}")


if __name__ == "__main__":
    main()
