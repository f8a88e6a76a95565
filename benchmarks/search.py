"""
How long the dashboard's questions take on a day of records: 2 million logs, 1 million spans, 1.5 million samples.

The records are made by the engine itself, with bodies, attributes and durations that vary as a shop's do. Each question
is asked through the same functions as over HTTP, of the last half hour and of the whole day.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sightline.query.analyses.overview import overview
from sightline.query.logs import count_logs, search_logs
from sightline.query.metrics import RangeQuestion, list_metrics, metric_range
from sightline.query.services import list_services
from sightline.query.timerange import NS_PER_S, TimeRange
from sightline.query.traces import read_trace, search_traces
from sightline.store.connect import Store

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS: Final = 20
"""Inserts in which the records are made, so that the engine has parts to merge."""

DAY_S: Final = 86_400

_LOGS: Final = """
INSERT INTO otel_logs (Timestamp, TraceId, SpanId, SeverityText, SeverityNumber, ServiceName, Body, ScopeName,
                       LogAttributes, ResourceAttributes)
SELECT fromUnixTimestamp64Nano({start:Int64} + toInt64(number) * {step:Int64}),
    lower(hex(sipHash128(intDiv(number, 2)))), lower(hex(sipHash64(number))),
    ['DEBUG', 'INFO', 'WARNING', 'ERROR'][1 + (number % 20 > 2) + (number % 20 > 17) + (number % 20 > 18)] AS level,
    transform(level, ['DEBUG', 'INFO', 'WARNING', 'ERROR'], [5, 9, 13, 17], 0), ['shop', 'pay', 'mail'][1 + number % 3],
    concat('Order ', toString(number), ' paid by user', toString(number % 5000), ' in ',
           ['Berlin', 'Paris', 'Rome'][1 + rand() % 3], if(number % 100003 = 0, ' needle in haystack', '')),
    'shop.orders', map('user_id', toString(number % 5000), 'order.id', toString(number)),
    map('service.name', ['shop', 'pay', 'mail'][1 + number % 3], 'host.name', 'h1', 'service.version', '1')
FROM numbers({first:UInt64}, {count:UInt64})
"""

_SPANS: Final = """
INSERT INTO otel_traces (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, ScopeName,
                         SpanAttributes, ResourceAttributes, Duration, StatusCode)
SELECT fromUnixTimestamp64Nano({start:Int64} + toInt64(number) * {step:Int64}),
    lower(hex(sipHash128(intDiv(number, 5)))), lower(hex(sipHash64(number))),
    if(number % 5 = 0, '', lower(hex(sipHash64(number - 1)))),
    if(number % 5 = 0, concat('GET /orders/', toString(intDiv(number, 5) % 40)),
       ['SELECT orders', 'INSERT pay', 'HTTP GET', 'render'][number % 5]),
    if(number % 5 = 0, 'Server', 'Client'), ['shop', 'pay', 'mail'][1 + intDiv(number, 5) % 3], 'x',
    map('http.route', concat('/orders/', toString(intDiv(number, 5) % 40)), 'user.id', toString(number % 5000),
        'http.response.status_code', '200', 'http.request.method', 'GET'),
    map('service.name', 'shop', 'host.name', 'h1'), 1000000 + sipHash64(number) % 400000000,
    if(sipHash64(number) % 50 = 0, 'Error', 'Unset')
FROM numbers({first:UInt64}, {count:UInt64})
"""

_SAMPLES: Final = """
INSERT INTO metric_points (MetricName, MetricFamily, MetricType, ServiceName, Labels, ResourceAttributes, Temporality,
                           Timestamp, Value)
SELECT n.1, n.2, n.3, 'shop', mapFilter((k, v) -> v != '', map('endpoint', if(n.3 = 'gauge', '', concat('/e',
    toString(number % 20))), 'le', n.4)), map('service.name', 'shop', 'service.instance.id', toString(number % 4)),
    if(n.3 = 'gauge', '', 'cumulative'),
    fromUnixTimestamp64Milli(intDiv({start:Int64}, 1000000) + intDiv(number, 20) * 15000),
    if(n.3 = 'gauge', 40 + number % 10, intDiv(number, 20) * 3 * toFloat64OrZero(replace(n.4, '+Inf', '10')))
FROM numbers({first:UInt64}, {count:UInt64}) ARRAY JOIN [
    ('system_cpu_percent', 'system_cpu_percent', 'gauge', ''),
    ('system_memory_percent', 'system_memory_percent', 'gauge', ''),
    ('system_disk_percent', 'system_disk_percent', 'gauge', ''), ('system_load1', 'system_load1', 'gauge', ''),
    ('process_memory_rss_bytes', 'process_memory_rss_bytes', 'gauge', ''),
    ('http_requests_total', 'http_requests', 'counter', ''),
    ('wait_bucket', 'wait', 'histogram', '0.1'), ('wait_bucket', 'wait', 'histogram', '0.2'),
    ('wait_bucket', 'wait', 'histogram', '0.5'), ('wait_bucket', 'wait', 'histogram', '1.0'),
    ('wait_bucket', 'wait', 'histogram', '2.0'), ('wait_bucket', 'wait', 'histogram', '5.0'),
    ('wait_bucket', 'wait', 'histogram', '+Inf')] AS n
"""

LOG_SEARCHES: Final = (
    "", "needle", "paid berlin", '"paid by user42"', "haystack OR user4999", "pay*", "level:error",
    "service:shop level:>=warning", "user_id:42", "user_id:>=4990",
)  # fmt: skip
TRACE_SEARCHES: Final = ("", "status:error", "duration:>390ms", "service:shop orders", "user.id:42")


def fill(store: Store, now_ns: int, logs: int, spans: int) -> None:
    """Make a day of records."""
    start = now_ns - DAY_S * NS_PER_S
    for statement, total in ((_LOGS, logs), (_SPANS, spans), (_SAMPLES, DAY_S // 15 * 20)):
        for part in range(PARTS):
            count = total // PARTS
            values = {"start": start, "step": DAY_S * NS_PER_S // total, "first": part * count, "count": count}
            store.query(statement, values, readonly=False)


def questions(store: Store, now_ns: int) -> dict[str, Callable[[], Any]]:
    """Give what the dashboard asks, by name."""
    found: dict[str, Callable[[], Any]] = {}
    for span, seconds in (("30 min", 1800), ("day", DAY_S)):
        within = TimeRange(now_ns - seconds * NS_PER_S, now_ns)
        found[f"overview, {span}"] = partial(overview, store, within)
        found[f"services, {span}"] = partial(list_services, store, within)
        for query in LOG_SEARCHES:
            found[f"logs, {span}: {query}"] = partial(search_logs, store, query, within)
            found[f"histogram, {span}: {query}"] = partial(count_logs, store, query, within)
        for query in TRACE_SEARCHES:
            found[f"traces, {span}: {query}"] = partial(search_traces, store, query, within)
        for name in ("system_cpu_percent", "http_requests_total", "wait"):
            asked = RangeQuestion(name, within, by=["endpoint"], aggregate="p95" if name == "wait" else None)
            found[f"metric, {span}: {name}"] = partial(metric_range, store, asked)
    trace_id = search_traces(store, "", TimeRange(now_ns - 60 * NS_PER_S, now_ns)).traces[0].trace_id
    found["one trace"] = partial(read_trace, store, trace_id)
    found["metrics"] = partial(list_metrics, store)
    return found


def measure(question: Callable[[], Any], rounds: int) -> dict[str, float]:
    """Ask so often, and give the middle and the 95th percentile in milliseconds."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        question()
        times.append((time.perf_counter() - started) * 1000)
    return {"p50_ms": round(statistics.median(times), 1), "p95_ms": round(sorted(times)[int(rounds * 0.95)], 1)}


def main() -> None:
    """Fill a store, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=int, default=2_000_000)
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        store = Store.open(f"chdb://{Path(directory).resolve()}/store")
        try:
            now_ns = time.time_ns()
            fill(store, now_ns, arguments.logs, arguments.spans)
            found = {name: measure(ask, arguments.rounds) for name, ask in questions(store, now_ns).items()}
        finally:
            store.close()
    if arguments.json:
        json.dump({"logs": arguments.logs, "spans": arguments.spans, "questions": found}, sys.stdout)
        return
    print(f"{arguments.logs:,} logs, {arguments.spans:,} spans{'p50 ms':>31}{'p95 ms':>10}")
    for name, figures in found.items():
        print(f"{name:<56}{figures['p50_ms']:>6.1f}{figures['p95_ms']:>10.1f}")


if __name__ == "__main__":
    main()
