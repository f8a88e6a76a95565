"""
The day of records that benchmarks/search.py asks about, made by the engine itself so that 30 million take minutes.

A made-up shop of six services on twelve processes, as in benchmarks/storage.py: requests of eight spans with 11
attributes and sixteen logs with three to seven, random ids, customers of whom few come often, log-normal durations, one
request in fifty failed. One log in 100,003 has the words "needle in haystack", and one trace has 100,000 spans.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from sightline.query.timerange import NS_PER_S
from sightline.store.connect import Store

if TYPE_CHECKING:
    from pathlib import Path

DAY_S: Final = 86_400
HOUR_NS: Final = 3600 * NS_PER_S

BLOCK: Final = 250_000
"""Rows of one insert."""

LARGE_TRACE: Final = "f" * 32
LARGE_TRACE_SPANS: Final = 100_000
FILL_MEMORY: Final = 6 * 1024 * 1024 * 1024

SPANS_SHARE: Final = 0.55
"""Share of spans in what comes in during searches: they cost more than logs."""

_WRITTEN: Final = {
    "span": ("otel_traces", {
        "trace": "TraceId", "span": "SpanId", "parent": "ParentSpanId", "name": "SpanName", "span_kind": "SpanKind",
        "duration": "Duration", "status": "StatusCode", "scope": "ScopeName", "attributes": "SpanAttributes",
    }),
    "log": ("otel_logs", {
        "trace": "TraceId", "span": "SpanId", "severity": "SeverityNumber", "level": "SeverityText",
        "logger": "ScopeName", "body": "Body", "attributes": "LogAttributes",
    }),
}  # fmt: skip
"""What lines say, by their keys, and the columns that have it."""

_REQUEST: Final = """
    sipHash64(request, 1) AS r, sipHash64(number, 2) AS h,
    ['gateway', 'shop', 'pay', 'stock', 'mail', 'search'] AS services,
    ['/orders', '/orders/{id}', '/basket', '/basket/items', '/login', '/search', '/products/{id}', '/pay'] AS routes,
    toUInt64(least(49999, pow((r % 1000000 + 1) / 1000000, -1.67))) AS user, 7000000 + request AS order_id,
    r % 50 = 7 AS failed, services[1 + place % 6] AS service,
    map('service.name', service, 'service.version', concat('2.', toString(place % 6), '.1'), 'service.instance.id',
        concat('00000000000000', leftPad(toString(place % 6 + user % 2 * 6), 2, '0')), 'host.name',
        concat('web-', toString(place % 4)), 'process.pid', toString(4000 + (place % 6 + user % 2 * 6) * 37),
        'deployment.environment.name', 'production') AS resource,
    fromUnixTimestamp64Nano({start:Int64} + toInt64(number) * {step:Int64} + toInt64(h % 3000000)) AS at
"""

_LOGS: Final = f"""
INSERT INTO otel_logs (Timestamp, TraceId, SpanId, SeverityText, SeverityNumber, ServiceName, Body, ScopeName,
                       LogAttributes, ResourceAttributes)
WITH intDiv(number, 16) AS request, intDiv(number, 3) % 3 AS place, {_REQUEST},
    if(number % 16 = 15, 7, if(failed AND number % 16 = 14, 6, h % 6)) AS kind, h % 199 AS size,
    toString(intDiv(h, 7) % 300) AS took, toString(order_id) AS ordered, toString(user) AS customer,
    ['Berlin', 'Paris', 'Rome', 'Madrid', 'Vienna', 'Prague', 'Lisbon', 'Oslo'][1 + user % 8] AS city
SELECT at, lower(hex(sipHash128(request))), lower(hex(sipHash64(request, 3 + place))),
    multiIf(kind = 6, 'ERROR', kind = 5, 'WARNING', kind = 3 AND h % 5 = 0, 'DEBUG', 'INFO'),
    multiIf(kind = 6, 17, kind = 5, 13, kind = 3 AND h % 5 = 0, 5, 9), service,
    concat(multiIf(
        kind = 0, concat('order ', ordered, ' of customer ', customer, ' accepted, ', toString(size), ' items to ',
            city),
        kind = 1, concat('charged ', toString(h % 20000 / 100), ' EUR to card of customer ', customer, ' for order ',
            ordered),
        kind = 2, concat('cache miss for product ', toString(size), ', asking the database'),
        kind = 3, concat('query took ', took, ' ms and gave ', toString(size), ' rows'),
        kind = 4, concat('sent confirmation of order ', ordered, ' to customer ', customer),
        kind = 5, concat('retrying call to stock service after ', took, ' ms (attempt 2 of 3)'),
        kind = 6, concat('order ', ordered, ' failed'),
        concat('GET ', routes[1 + r % 8], ' 200 ', took, ' ms')), if(number % 100003 = 0, ' needle in haystack', '')),
    if(kind = 7, 'sightline.access', concat('shop.', service)),
    multiIf(
        kind = 6, map('order', ordered, 'exception.type', 'BankError', 'exception.message', 'refused',
            'exception.stacktrace', repeat('  File "/srv/shop/pay/charge.py", line 31, in charge', 6)),
        kind = 7, map('method', 'GET', 'path', replace(routes[1 + r % 8], '{{id}}', ordered), 'status', '200',
            'user_id', customer, 'duration_ms', took, 'client',
            concat('10.', toString(user % 8), '.', toString(user % 251), '.',
            toString(user % 239)), 'browser', concat('Mozilla/5.0 Firefox/', toString(118 + user % 12))),
        map('order', ordered, 'user_id', customer, 'city', city)),
    resource
FROM numbers({{first:UInt64}}, {{count:UInt64}})
"""

_SPANS: Final = f"""
INSERT INTO otel_traces (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, ScopeName,
                         SpanAttributes, ResourceAttributes, Duration, StatusCode)
WITH intDiv(number, 8) AS request, intDiv(number % 8, 2) AS place, {_REQUEST},
    if(user % 4 = 0, 'POST', 'GET') AS method, routes[1 + r % 8] AS route, failed AND number % 8 = 7 AS broken
SELECT at, {{trace:String}} || if({{trace:String}} = '', lower(hex(sipHash128(request))), ''),
    lower(hex(sipHash64(number))),
    if(number % 8 = 0, '', lower(hex(sipHash64(number - number % 8 + intDiv(number % 8 - 1, 2))))),
    concat(method, ' ', route), if(number % 2 = 0, 'Server', 'Client'), service, 'sightline.asgi',
    map('http.request.method', method, 'http.route', route, 'http.response.status_code', if(broken, '500', '200'),
        'url.scheme', 'https', 'url.path', replace(route, '{{id}}', toString(order_id)), 'server.address',
        concat(service, '.internal'), 'server.port', '8443', 'network.protocol.version', '1.1', 'user_agent.original',
        concat('Mozilla/5.0 (X11; Linux x86_64) Firefox/', toString(118 + user % 12), '.0'), 'user.id', toString(user),
        'http.response.body.size', toString(intDiv(h, 11) % 20000)),
    resource, toUInt64(exp(16 + 1.1 * sqrt(-2 * log((h % 999983 + 1) / 1000000)) * cos(6.2832 * (r % 9973) / 9973))),
    if(broken, 'Error', 'Unset')
FROM numbers({{first:UInt64}}, {{count:UInt64}})
"""

_SAMPLES: Final = """
INSERT INTO metric_points (MetricName, MetricFamily, MetricType, ServiceName, Labels, ResourceAttributes, Temporality,
                           Timestamp, Value)
SELECT n.1, n.2, n.3, 'shop', mapFilter((k, v) -> v != '', map('endpoint', if(n.3 = 'gauge', '', concat('/e',
    toString(number % 20))), 'le', n.4)), map('service.name', 'shop', 'service.instance.id', toString(number % 4)),
    if(n.3 = 'gauge', '', 'cumulative'),
    fromUnixTimestamp64Milli(intDiv({start:Int64}, 1000000) + intDiv(number, 20) * 15000 + intDiv({step:Int64}, 1e18)),
    if(n.3 = 'gauge', 40 + number % 10, intDiv(number, 20) * 3 * if(n.4 IN ('', '+Inf'), 10, toFloat64OrZero(n.4)))
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


def prepare(directory: Path, logs: int, spans: int) -> int:
    """Make a day of records in *directory*, unless it has one of this size, and give its end in nanoseconds."""
    made = directory / "made.json"
    wanted = {"logs": logs, "spans": spans}
    if made.exists():
        found = json.loads(made.read_text(encoding="utf-8"))
        if {name: found[name] for name in wanted} != wanted:
            raise SystemExit(f"{directory} has another day, {found}; name another directory.")
        return int(found["end_ns"])
    directory.mkdir(parents=True, exist_ok=True)
    end_ns = time.time_ns() // HOUR_NS * HOUR_NS  # what comes in later has sums of its own, and can be taken out again
    store = Store.open(f"chdb://{directory.resolve()}/store", memory_bytes=FILL_MEMORY)
    try:
        _fill(store, end_ns - DAY_S * NS_PER_S, logs, spans)
    finally:
        store.close()
    made.write_text(json.dumps({**wanted, "end_ns": end_ns}), encoding="utf-8")
    return end_ns


def _fill(store: Store, start_ns: int, logs: int, spans: int) -> None:
    day_ns = DAY_S * NS_PER_S
    asked = []
    for statement, total in ((_LOGS, logs), (_SPANS, spans), (_SAMPLES, DAY_S // 15 * 20)):
        values = {"start": start_ns, "step": day_ns // total, "trace": ""}
        asked += [
            (statement, values | {"first": first, "count": min(BLOCK, total - first)})
            for first in range(0, total, BLOCK)
        ]
    large = {"start": start_ns + day_ns // 2, "step": 6_000_000, "trace": LARGE_TRACE, "first": 0}
    asked.append((_SPANS, large | {"count": LARGE_TRACE_SPANS}))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: store.query(*one, readonly=False, seconds=600), asked))


def last_records(store: Store, end_ns: int, count: int) -> tuple[dict[str, dict[str, str]], list[dict[str, Any]]]:
    """
    Give the day's last records as what is written in lines, by their times, and the resource of each instance.

    The very last second is left out: earlier loads began in it, and left records of their own.
    """
    resources: dict[str, dict[str, str]] = {}
    records: list[dict[str, Any]] = []
    for kind, (table, columns) in _WRITTEN.items():
        share = SPANS_SHARE if kind == "span" else 1 - SPANS_SHARE
        found = store.query(
            f"SELECT toUnixTimestamp64Nano(Timestamp), ResourceAttributes, {', '.join(columns.values())} FROM {table} "
            f"WHERE Timestamp < fromUnixTimestamp64Nano({end_ns - NS_PER_S}) "
            f"ORDER BY Timestamp DESC LIMIT {round(count * share)}"
        )
        for at_ns, resource, *values in found.rows:
            instance = resource["service.instance.id"]
            resources[instance] = resource
            said = dict(zip(columns, values, strict=True))
            records.append({"kind": kind, "time": at_ns, "instance": instance, **said})
    return resources, sorted(records, key=itemgetter("time"))
