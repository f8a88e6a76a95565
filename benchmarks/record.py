"""
CPU per recorded operation, export included, against peers in the same run.

Each subject runs in a fresh process, several times, interleaved with the others; the median counts. The time is the
CPU time of the whole process, its export threads included, from the first operation until everything is handed over:
to a segment (Sightline), over OTLP/HTTP to a receiver in another process (OpenTelemetry, logfire), or as bytes to
``/dev/null`` (structlog, python-json-logger, which keep nothing).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sink import running_sink

if TYPE_CHECKING:
    from collections.abc import Callable

ATTRIBUTES: dict[str, Any] = {
    "http.request.method": "GET",
    "http.route": "/items/{id}",
    "http.response.status_code": 200,
    "url.path": "/items/77",
    "user.id": "u5",
}
LABELS = ("method", "route", "status")
FIELDS: dict[str, Any] = {"order_id": 7, "amount": 12.5, "currency": "EUR"}


@dataclass(frozen=True)
class Row:
    """One line of the table: what is measured, by whom, and the function that makes it."""

    operation: str
    peer: str
    prepare: Callable[[str], tuple[Callable[[int], None], Callable[[], None]]]


def nothing() -> None:
    """Finish where there is nothing to finish."""


def sightline_span(_: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    import sightline

    sightline.configure(service="bench")

    def run(count: int) -> None:
        span = sightline.span
        for _ in range(count):
            with span("GET /items/{id}", **ATTRIBUTES):
                pass

    return run, sightline.shutdown


def sightline_tracer_span(_: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    from opentelemetry import trace

    import sightline

    sightline.configure(service="bench")
    tracer = trace.get_tracer("bench")

    def run(count: int) -> None:
        for _ in range(count):
            with tracer.start_as_current_span("GET /items/{id}", attributes=ATTRIBUTES):
                pass

    return run, sightline.shutdown


def _opentelemetry_tracer(sink: str) -> tuple[Any, Callable[[], None]]:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    # A queue this long loses nothing in the run; the default of 2,048 would drop most, and cost less by it.
    exporter = OTLPSpanExporter(endpoint=f"{sink}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=1_000_000))
    return provider.get_tracer("bench"), provider.shutdown


def opentelemetry_span(sink: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    tracer, finish = _opentelemetry_tracer(sink)

    def run(count: int) -> None:
        for _ in range(count):
            with tracer.start_as_current_span("GET /items/{id}", attributes=ATTRIBUTES):
                pass

    return run, finish


def changing(number: int) -> dict[str, Any]:
    """Give attributes of which two were never seen before, as paths and ids are."""
    return {**ATTRIBUTES, "url.path": f"/items/{number}/reviews", "user.id": f"user-{number * 7919:012x}"}


def sightline_changing(_: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    import sightline

    sightline.configure(service="bench")

    def run(count: int) -> None:
        span = sightline.span
        for number in range(count):
            with span("GET /items/{id}", **changing(number)):
                pass

    return run, sightline.shutdown


def opentelemetry_changing(sink: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    tracer, finish = _opentelemetry_tracer(sink)

    def run(count: int) -> None:
        for number in range(count):
            with tracer.start_as_current_span("GET /items/{id}", attributes=changing(number)):
                pass

    return run, finish


def logfire_span(sink: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    import logfire
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = OTLPSpanExporter(endpoint=f"{sink}/v1/traces")
    logfire.configure(
        send_to_logfire=False, console=False, inspect_arguments=False, metrics=False,
        additional_span_processors=[BatchSpanProcessor(exporter, max_queue_size=1_000_000)],
    )  # fmt: skip
    fields = {name.replace(".", "_"): value for name, value in ATTRIBUTES.items()}

    def run(count: int) -> None:
        for _ in range(count):
            with logfire.span("GET items", **fields):
                pass

    def finish() -> None:
        logfire.force_flush()
        logfire.shutdown(flush=False)

    return run, finish


def sentry_span(sink: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    import sentry_sdk

    sentry_sdk.init(dsn=sink.replace("://", "://key@") + "/1", traces_sample_rate=1.0, default_integrations=False)

    def run(count: int) -> None:
        for _ in range(count // 100):
            with sentry_sdk.start_transaction(name="GET /items/{id}"):
                for _ in range(100):
                    with sentry_sdk.start_span(op="http", name="GET /items/{id}") as span:
                        for name, value in ATTRIBUTES.items():
                            span.set_data(name, value)

    return run, lambda: sentry_sdk.get_client().close(timeout=30)


def sightline_logging(_: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    import logging

    import sightline

    sightline.configure(service="bench")
    log = logging.getLogger("shop")

    def run(count: int) -> None:
        for _ in range(count):
            log.info("order paid", extra=FIELDS)

    return run, sightline.shutdown


def opentelemetry_logging(sink: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    import logging
    import warnings

    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    warnings.simplefilter("ignore")
    provider = LoggerProvider()
    exporter = OTLPLogExporter(endpoint=f"{sink}/v1/logs")
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, max_queue_size=1_000_000))
    log = logging.getLogger("shop")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(_opentelemetry_handler(provider))

    def run(count: int) -> None:
        for _ in range(count):
            log.info("order paid", extra=FIELDS)

    return run, provider.shutdown


def _opentelemetry_handler(provider: Any) -> Any:
    """Find OpenTelemetry's handler, which has moved from its SDK to its instrumentation of ``logging``."""
    try:
        from opentelemetry.instrumentation.logging.handler import LoggingHandler
    except ImportError:
        from opentelemetry.sdk._logs import LoggingHandler
    return LoggingHandler(logger_provider=provider)


def python_json_logger(_: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    import logging

    from pythonjsonlogger.json import JsonFormatter

    handler = logging.StreamHandler(open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - lives on
    handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    log = logging.getLogger("shop")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(handler)

    def run(count: int) -> None:
        for _ in range(count):
            log.info("order paid", extra=FIELDS)

    return run, nothing


def sightline_get_logger(_: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    import sightline

    sightline.configure(service="bench")
    log = sightline.get_logger("shop")

    def run(count: int) -> None:
        for _ in range(count):
            log.info("order paid", **FIELDS)

    return run, sightline.shutdown


def structlog_orjson(_: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    import logging

    import orjson
    import structlog

    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        logger_factory=structlog.BytesLoggerFactory(open(os.devnull, "wb")),  # noqa: SIM115, PTH123 - lives on
    )
    log = structlog.get_logger("shop").bind()

    def run(count: int) -> None:
        for _ in range(count):
            log.info("order paid", **FIELDS)

    return run, nothing


def sightline_event(_: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    import sightline

    sightline.configure(service="bench")

    def run(count: int) -> None:
        for _ in range(count):
            sightline.event("order_paid", **FIELDS)

    return run, sightline.shutdown


def sightline_counter(_: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    import sightline

    sightline.configure(service="bench")
    return _counting(sightline.counter("orders", labels=LABELS)), sightline.shutdown


def prometheus_counter(_: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    from prometheus_client import Counter

    return _counting(Counter("orders", "orders", LABELS)), nothing


def _counting(orders: Any) -> Callable[[int], None]:
    def run(count: int) -> None:
        for _ in range(count):
            orders.labels("GET", "/items/{id}", "200").inc()

    return run


def sightline_disabled_level(_: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    import sightline

    sightline.configure(service="bench", level="INFO")
    log = sightline.get_logger("shop")

    def run(count: int) -> None:
        for _ in range(count):
            log.debug("order paid", order=7)

    return run, sightline.shutdown


def sightline_disabled_logging(_: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    import logging

    import sightline

    sightline.configure(service="bench", level="INFO")
    return _below(logging.getLogger("shop")), sightline.shutdown


def python_disabled_logging(_: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    import logging

    logging.basicConfig(level="INFO")
    return _below(logging.getLogger("shop")), nothing


def _below(log: Any) -> Callable[[int], None]:
    def run(count: int) -> None:
        for _ in range(count):
            log.debug("order paid", extra=FIELDS)

    return run


def sightline_sampled_out(_: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    import sightline

    sightline.configure(service="bench", sampler="always_off")

    def run(count: int) -> None:
        span = sightline.span
        for _ in range(count):
            with span("GET /items/{id}"):
                pass

    return run, sightline.shutdown


def opentelemetry_sampled_out(_: str) -> tuple[Callable[[int], None], Callable[[], None]]:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

    provider = TracerProvider(sampler=ALWAYS_OFF)
    tracer = provider.get_tracer("bench")

    def run(count: int) -> None:
        for _ in range(count):
            with tracer.start_as_current_span("GET /items/{id}"):
                pass

    return run, provider.shutdown


ROWS = [
    Row("span", "sightline", sightline_span),
    Row("span", "sightline tracer", sightline_tracer_span),
    Row("span", "opentelemetry-sdk", opentelemetry_span),
    Row("span", "logfire", logfire_span),
    Row("span", "sentry-sdk", sentry_span),
    Row("span, new texts", "sightline", sightline_changing),
    Row("span, new texts", "opentelemetry-sdk", opentelemetry_changing),
    Row("log through logging", "sightline", sightline_logging),
    Row("log through logging", "opentelemetry-sdk", opentelemetry_logging),
    Row("log through logging", "python-json-logger", python_json_logger),
    Row("log", "sightline", sightline_get_logger),
    Row("log", "structlog + orjson", structlog_orjson),
    Row("event", "sightline", sightline_event),
    Row("counter, three labels", "sightline", sightline_counter),
    Row("counter, three labels", "prometheus_client", prometheus_counter),
    Row("disabled level", "sightline", sightline_disabled_level),
    Row("disabled level of logging", "sightline", sightline_disabled_logging),
    Row("disabled level of logging", "logging alone", python_disabled_logging),
    Row("sampled-out span", "sightline", sightline_sampled_out),
    Row("sampled-out span", "opentelemetry-sdk", opentelemetry_sampled_out),
]

TARGETS = [
    ("span", "opentelemetry-sdk", 12.0),
    ("log through logging", "opentelemetry-sdk", 3.0),
    ("log", "structlog + orjson", 1.0),
    ("counter, three labels", "prometheus_client", 1.0),
    ("disabled level of logging", "logging alone", 0.9),
]
"""Operation, peer, and how many times dearer the peer must be."""

LIMITS = [
    ("disabled level", 0.15),
    ("sampled-out span", 0.8),
]
"""Operation, and microseconds that it may take by us: what is paid for that which nobody records."""


def measure(row: Row, count: int, sink: str) -> float:
    """Run in this process: CPU microseconds per operation, export included."""
    run, finish = row.prepare(sink)
    run(200)
    start = time.process_time()
    run(count)
    finish()
    return (time.process_time() - start) / count * 1e6


def measure_apart(index: int, count: int, sink: str) -> float:
    """Run one row in a fresh process."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "SIGHTLINE_HOME": home, "SIGHTLINE_SPOOL_BYTES": str(2 << 30)}
        done = subprocess.run(
            [sys.executable, __file__, "--row", str(index), "--count", str(count), "--sink", sink],
            capture_output=True, text=True, check=False, env=environment,
        )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{ROWS[index].operation} by {ROWS[index].peer} failed:\n{done.stderr}")
    return float(done.stdout.split()[-1])


def main() -> None:
    """Measure all rows, print the table, and exit with 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30_000, help="operations in each run")
    parser.add_argument("--runs", type=int, default=5, help="runs of each row, interleaved")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--only", default="", help="rows whose peer or operation contains this")
    parser.add_argument("--row", type=int, default=None, help=argparse.SUPPRESS)
    parser.add_argument("--sink", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.row is not None:
        print(measure(ROWS[options.row], options.count, options.sink))
        return
    wanted = [index for index, row in enumerate(ROWS) if options.only in f"{row.operation} {row.peer}"]
    found: dict[int, list[float]] = {index: [] for index in wanted}
    with running_sink() as sink:
        for _ in range(options.runs):
            for index in wanted:
                found[index].append(measure_apart(index, options.count, sink))
    report(found, as_json=options.json)


def report(found: dict[int, list[float]], *, as_json: bool) -> None:
    """Print medians and ratios, and judge the targets."""
    medians = {(ROWS[index].operation, ROWS[index].peer): statistics.median(times) for index, times in found.items()}
    rows = [
        {"operation": operation, "peer": peer, "us": round(value, 3),
         "ratio": round(value / medians[operation, "sightline"], 2) if (operation, "sightline") in medians else None}
        for (operation, peer), value in medians.items()
    ]  # fmt: skip
    targets = [
        {"operation": operation, "peer": peer, "at_least": least,
         "ratio": round(medians[operation, peer] / medians[operation, "sightline"], 2)}
        for operation, peer, least in TARGETS
        if (operation, peer) in medians and (operation, "sightline") in medians
    ]  # fmt: skip
    limits = [
        {"operation": operation, "at_most_us": most, "us": round(medians[operation, "sightline"], 3)}
        for operation, most in LIMITS
        if (operation, "sightline") in medians
    ]
    met = all(target["ratio"] >= target["at_least"] for target in targets)  # type: ignore[operator]
    met = met and all(limit["us"] <= limit["at_most_us"] for limit in limits)  # type: ignore[operator]
    if as_json:
        print(json.dumps({"rows": rows, "targets": targets, "limits": limits, "met": met}))
    else:
        print(f"{'operation':22} {'by':20} {'µs of CPU':>10} {'× Sightline':>12}")
        for row in rows:
            print(f"{row['operation']:22} {row['peer']:20} {row['us']:10.2f} {row['ratio'] or 1:12.1f}")
        for target in targets:
            word = "met" if target["ratio"] >= target["at_least"] else "MISSED"  # type: ignore[operator]
            print(f"{word}: {target['operation']} ≥ {target['at_least']} × cheaper than {target['peer']}: "
                  f"{target['ratio']} ×")  # fmt: skip
        for limit in limits:
            word = "met" if limit["us"] <= limit["at_most_us"] else "MISSED"  # type: ignore[operator]
            print(f"{word}: {limit['operation']} ≤ {limit['at_most_us']} µs: {limit['us']} µs")
    if not met:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
