"""
CPU that instrumentation adds to one FastAPI request with one span and two logs of its own, export included.

The application is called in process, without a network, so that what FastAPI itself takes is the baseline: the same
requests to the same application, not instrumented. Each subject runs in a fresh process, several times, interleaved
with the others; the least of its runs counts, for what else the machine does only ever adds. The time is the CPU time
of the whole process, its export threads included, until everything is handed over: to a segment (Sightline), or over
OTLP/HTTP to a receiver in another process.

Judged is the application as our documentation writes it, with ``get_logger``, against the same application as
OpenTelemetry's does, with Python's ``logging``. The row beside it has ours with Python's ``logging``, too.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

from sink import running_sink

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    Finish = Callable[[], object]
    Subject = Callable[[str], tuple[FastAPI, Finish]]

HEADERS = [
    (b"host", b"shop.example:8000"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"application/json"),
    (b"accept-encoding", b"gzip, deflate, br"),
    (b"accept-language", b"en-GB,en;q=0.7"),
    (b"connection", b"keep-alive"),
    (b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
]
LIMIT_OF_PEER = 8.0
"""How many times less than OpenTelemetry's instrumentation ours must add."""

AIM_US = 25.0


def make_app(span: Callable[[str], Any], log: Callable[..., None] | None = None) -> FastAPI:
    """Make the application; *span* opens a span and *log* records a log in the subject's way."""
    from fastapi import FastAPI

    app = FastAPI()
    python_log = logging.getLogger("shop")

    @app.get("/items/{item_id}")
    async def read_item(item_id: int) -> dict[str, int]:
        if log is not None:
            log("item asked for", item_id=item_id)
        else:
            python_log.info("item asked for", extra={"item_id": item_id})
        with span("load item"):
            found = {"item_id": item_id}
        if log is not None:
            log("item found", item_id=item_id, price=12.5)
        else:
            python_log.info("item found", extra={"item_id": item_id, "price": 12.5})
        return found

    return app


def bare(_: str) -> tuple[FastAPI, Finish]:
    return make_app(lambda _: contextlib.nullcontext()), lambda: None


def sightline(_: str) -> tuple[FastAPI, Finish]:
    import sightline
    from sightline.integrations.fastapi import instrument

    sightline.configure(service="bench")
    return instrument(make_app(sightline.span)), sightline.shutdown


def sightline_logger(_: str) -> tuple[FastAPI, Finish]:
    import sightline
    from sightline.integrations.fastapi import instrument

    sightline.configure(service="bench")
    log = sightline.get_logger("shop").info
    return instrument(make_app(sightline.span, log)), sightline.shutdown


def _opentelemetry(sink: str) -> tuple[Any, Finish]:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # Queues this long lose nothing in the run; the defaults would drop records, and cost less by it.
    spans = TracerProvider(shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{sink}/v1/traces")
    spans.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=1_000_000))
    trace.set_tracer_provider(spans)
    logs = LoggerProvider(shutdown_on_exit=False)
    log_exporter = OTLPLogExporter(endpoint=f"{sink}/v1/logs")
    logs.add_log_record_processor(BatchLogRecordProcessor(log_exporter, max_queue_size=1_000_000))
    log = logging.getLogger("shop")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(LoggingHandler(logger_provider=logs))

    def finish() -> None:
        spans.shutdown()
        logs.shutdown()

    return spans.get_tracer("bench"), finish


def opentelemetry(sink: str) -> tuple[FastAPI, Finish]:
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

    tracer, finish = _opentelemetry(sink)
    app = make_app(tracer.start_as_current_span)
    FastAPIInstrumentor.instrument_app(app)
    return app, finish


def opentelemetry_metrics(sink: str) -> tuple[FastAPI, Finish]:
    from opentelemetry import metrics
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=f"{sink}/v1/metrics"))
    meters = MeterProvider(metric_readers=[reader], shutdown_on_exit=False)
    metrics.set_meter_provider(meters)
    app, finish = opentelemetry(sink)

    def finish_all() -> None:
        finish()
        meters.shutdown()

    return app, finish_all


def fastapi_native(sink: str) -> tuple[FastAPI, Finish]:
    tracer, finish = _opentelemetry(sink)
    return make_app(tracer.start_as_current_span), finish


SUBJECTS: dict[str, Subject] = {
    "not instrumented": bare,
    "sightline": sightline_logger,
    "sightline, python's logs": sightline,
    "opentelemetry": opentelemetry,
    "opentelemetry + metrics": opentelemetry_metrics,
    "fastapi's own telemetry": fastapi_native,
}


async def call(app: FastAPI, count: int) -> None:
    """Send *count* requests, one after the other, and check each answer."""
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    for at in range(count):
        path = f"/items/{at}"
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
            "server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 50_000), "scheme": "http", "method": "GET",
            "root_path": "", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": HEADERS,
            "state": {},
        }  # fmt: skip
        await app(scope, receive, send)
    assert statuses == [200] * count


def measure(name: str, count: int, sink: str) -> float:
    """Run in this process: CPU microseconds per request, export included."""
    import warnings

    warnings.simplefilter("ignore")
    app, finish = SUBJECTS[name](sink)

    async def run() -> float:
        await call(app, 1000)  # until the interpreter has specialised its code and the caches are warm
        start = time.process_time()
        await call(app, count)
        return start

    start = asyncio.run(run())
    finish()
    return (time.process_time() - start) / count * 1e6


def measure_apart(name: str, count: int, sink: str) -> float:
    """Run one subject in a fresh process."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, __file__, "--subject", name, "--count", str(count), "--sink", sink],
            capture_output=True, text=True, check=False, env={**os.environ, "SIGHTLINE_HOME": home},
        )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return float(done.stdout.split()[-1])


def main() -> None:
    """Measure all subjects, print the table, and exit with 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3000, help="requests in each run")
    parser.add_argument("--runs", type=int, default=5, help="runs of each subject, interleaved")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--subject", default="", help=argparse.SUPPRESS)
    parser.add_argument("--sink", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.subject:
        print(measure(options.subject, options.count, options.sink))
        return
    found: dict[str, list[float]] = {name: [] for name in SUBJECTS}
    with running_sink() as sink:
        for _ in range(options.runs):
            for name, times in found.items():
                times.append(measure_apart(name, options.count, sink))
    report({name: min(times) for name, times in found.items()}, as_json=options.json)


def report(least: dict[str, float], *, as_json: bool) -> None:
    """Print what each adds to a request, and judge the target."""
    baseline = least["not instrumented"]
    added = {name: value - baseline for name, value in least.items()}
    ratio, through_logging = (
        added["opentelemetry"] / max(added[name], 0.01) for name in ("sightline", "sightline, python's logs")
    )
    met = ratio >= LIMIT_OF_PEER
    if as_json:
        rows = [{"by": name, "us": round(value, 2), "added_us": round(added[name], 2)} for name, value in least.items()]
        print(
            json.dumps(
                {
                    "rows": rows,
                    "ratio": round(ratio, 2),
                    "ratio_through_logging": round(through_logging, 2),
                    "at_least": LIMIT_OF_PEER,
                    "aim_us": AIM_US,
                    "met": met,
                }
            )
        )
    else:
        print(f"{'request':25} {'µs of CPU':>10} {'added µs':>10}")
        for name, value in least.items():
            print(f"{name:25} {value:10.1f} {added[name]:10.1f}")
        word = "met" if met else "MISSED"
        print(f"{word}: adds ≤ 1/{LIMIT_OF_PEER:.0f} of what opentelemetry adds: 1/{ratio:.1f}")
        print(f"with Python's logging: 1/{through_logging:.1f}; aim ≤ {AIM_US:.0f} µs: {added['sightline']:.1f} µs")
    if not met:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
