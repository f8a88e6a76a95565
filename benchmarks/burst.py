"""
A burst of spans with a slow or dead server: what is lost, how long the end takes, and what is there after a restart.

is counted by decoding it. Ours is counted in the store of a real ``sightline serve``, started after the burst.
is counted by decoding it. Ours is counted in the store of a real ``sightline serve``, started only after the burst.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import http.server
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from serving import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW_S: Final = 0.5
"""Seconds that the slow receiver takes to answer a request."""

PATIENCE_S: Final = 120.0

OURS: Final = """
import json, sys, time
import sightline
home, server, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
sightline.configure(service="burst", home=home, **({"server": server} if server else {}))
began = time.perf_counter()
for n in range(count):
    with sightline.span("burst", n=n, route="/items/{id}", user="u1"):
        pass
burst_s = time.perf_counter() - began
began = time.perf_counter()
sightline.shutdown()
print(json.dumps({"burst_s": burst_s, "shutdown_s": time.perf_counter() - began}), flush=True)
"""

STAY: Final = """
import sys
import sightline
sightline.configure(service="later", home=sys.argv[1], server=sys.argv[2])
sightline.get_logger("later").info("started")
sys.stdin.read()
"""

THEIRS: Final = """
import json, logging, sys, time
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
logging.disable(logging.CRITICAL)
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=sys.argv[1] + "/v1/traces")))
tracer = provider.get_tracer("burst")
began = time.perf_counter()
for n in range(int(sys.argv[2])):
    with tracer.start_as_current_span("burst", attributes={"n": n, "route": "/items/{id}", "user": "u1"}):
        pass
burst_s = time.perf_counter() - began
began = time.perf_counter()
provider.shutdown()
print(json.dumps({"burst_s": burst_s, "shutdown_s": time.perf_counter() - began}), flush=True)
"""


class _Receiver(http.server.BaseHTTPRequestHandler):
    """Takes OTLP after a while, and counts the spans."""

    protocol_version = "HTTP/1.1"
    spans = 0

    def do_POST(self) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        request = ExportTraceServiceRequest.FromString(body)
        time.sleep(SLOW_S)
        type(self).spans += sum(len(s.spans) for r in request.resource_spans for s in r.scope_spans)
        with contextlib.suppress(OSError):
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextlib.contextmanager
def _slow_receiver() -> Iterator[str]:
    _Receiver.spans = 0
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Receiver) as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{receiver.server_address[1]}"
        receiver.shutdown()


@contextlib.contextmanager
def _slow_proxy(url: str) -> Iterator[str]:
    """Pass requests on to a server of ours, each after a while."""
    port = int(url.rpartition(":")[2])

    class Proxy(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            import http.client

            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(SLOW_S)
            onward = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            onward.request("POST", self.path, body, {k: v for k, v in self.headers.items() if k.lower() != "host"})
            answer = onward.getresponse()
            told = answer.read()
            onward.close()
            with contextlib.suppress(OSError):
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as above
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_address[1]}"
        proxy.shutdown()


def _dead_url() -> str:
    """Give an address that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextlib.contextmanager
def _silent_url() -> Iterator[str]:
    """Give an address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def _run(source: str, *arguments: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-c", source, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _stored(server: Server) -> int:
    """Count the different spans, and fail where one is there twice."""
    sql = "SELECT count(), uniqExact(SpanAttributes['n']) FROM otel_traces WHERE ServiceName = 'burst'"
    ((count, different),) = server.rows(sql)
    if int(count) != int(different):
        raise SystemExit(f"{count} spans are stored, of which {different} are different.")
    return int(count)


def _wait_stored(server: Server, count: int) -> tuple[int, float]:
    """Wait until *count* are stored, and tell how many are and how long it took."""
    began = time.perf_counter()
    while (stored := _stored(server)) < count and time.perf_counter() - began < PATIENCE_S:
        time.sleep(0.2)
    return stored, time.perf_counter() - began


def _theirs(receiver: str, url: str, count: int) -> dict[str, Any]:
    found = _run(THEIRS, url, str(count))
    received = _Receiver.spans if receiver == "slow" else 0
    return {"who": "OpenTelemetry", "server": receiver, "way": "OTLP", "lost": count - received, **found}


def _ours_by_spool(root: Path, count: int) -> dict[str, Any]:
    """Record with no server, then start one on the same home."""
    home = root / "spool-only"
    found = _run(OURS, str(home), "", str(count))
    with Server(home) as server:
        stored, took_s = _wait_stored(server, count)
    return {"who": "Sightline", "server": "dead", "way": "spool", "lost": count - stored, "after_s": took_s, **found}


def _ours_by_ship(root: Path, name: str, url: str, count: int) -> dict[str, Any]:
    """Record with a server that does not answer, then start one, and another process that ships there."""
    home = root / name
    found = _run(OURS, str(home), url, str(count))
    with Server(root / f"{name}-server") as server, _staying(home, server.url):
        stored, took_s = _wait_stored(server, count)
    return {"who": "Sightline", "server": name, "way": "ship", "lost": count - stored, "after_s": took_s, **found}


def _ours_slow(root: Path, count: int) -> dict[str, Any]:
    """Record while the server takes half a second for each request; the next process ships what is left."""
    home = root / "slow"
    with Server(root / "slow-server") as server, _slow_proxy(server.url) as url:
        found = _run(OURS, str(home), url, str(count))
        with _staying(home, url):
            stored, took_s = _wait_stored(server, count)
    return {"who": "Sightline", "server": "slow", "way": "ship", "lost": count - stored, "after_s": took_s, **found}


@contextlib.contextmanager
def _staying(home: Path, url: str) -> Iterator[None]:
    """Run a process that ships what another left."""
    process = subprocess.Popen([sys.executable, "-c", STAY, str(home), url], stdin=subprocess.PIPE)
    try:
        yield
    finally:
        process.communicate()


def main() -> None:
    """Run, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=50_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    count = options.spans
    with tempfile.TemporaryDirectory(prefix="sightline-burst-") as directory:
        root = Path(directory)
        found = []
        with _slow_receiver() as url:
            found.append(_theirs("slow", url, count))
        found.append(_ours_slow(root, count))
        found.append(_theirs("dead", _dead_url(), count))
        found.append(_ours_by_ship(root, "dead", _dead_url(), count))
        found.append(_ours_by_spool(root, count))
        with _silent_url() as url:
            found.append(_ours_by_ship(root, "silent", url, count))
    if options.json:
        print(json.dumps({"spans": count, "results": found}, indent=1))
        return
    print(f"{count:,} spans in a burst\n")
    print(f"{'':<14} {'server':<7} {'way':<6} {'lost':>8} {'burst s':>8} {'shutdown s':>11} {'delivered after s':>18}")
    for row in found:
        after = f"{row['after_s']:.2f}" if "after_s" in row else "never"
        print(
            f"{row['who']:<14} {row['server']:<7} {row['way']:<6} {row['lost'] / count:>8.1%} {row['burst_s']:>8.2f} "
            f"{row['shutdown_s']:>11.2f} {after:>18}"
        )


if __name__ == "__main__":
    main()
