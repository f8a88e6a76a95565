"""The machine and the requests as monitoring clients ask for them: measurements, requests one by one, sums, trends."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.query.analyses.trends import Trend, trend
from sightline.query.request_sums import endpoint_sums
from sightline.query.timerange import IN_RANGE, NS_PER_S, TimeRange, rfc3339

if TYPE_CHECKING:
    from sightline.store.connect import Store

MAX_ROWS: Final = 10_000
"""Most rows of an answer, the newest ones."""

HOUR_NS: Final = 3600 * NS_PER_S

_NAMES: Final = (
    "system_cpu_percent", "system_memory_percent", "system_disk_percent",
    "system_network_sent_bytes_total", "system_network_received_bytes_total", "system_connections",
)  # fmt: skip
"""Metrics of the machine, in the order of ``SystemRow``'s fields."""


class SystemRow(msgspec.Struct):
    """One measurement of one machine; network bytes count from its start."""

    timestamp: str
    cpu_percent: float
    memory_percent: float
    disk_usage_percent: float
    network_bytes_sent: int
    network_bytes_recv: int
    active_connections: int


class ApiRow(msgspec.Struct):
    """One request; *error_count* is 1 for statuses from 400 on and for what failed otherwise, else 0."""

    timestamp: str
    endpoint: str
    method: str
    status_code: int
    response_time_ms: float
    request_size_bytes: int
    response_size_bytes: int
    error_count: int


class SystemSummary(msgspec.Struct):
    """The machine over some hours; zeros where nothing was measured."""

    avg_cpu_percent: float
    max_cpu_percent: float
    avg_memory_percent: float
    max_memory_percent: float
    avg_disk_percent: float
    data_points: int


class ApiSummary(msgspec.Struct):
    """The requests of some hours; zeros where there were none."""

    total_requests: int
    avg_response_time_ms: float
    max_response_time_ms: float
    error_count: int
    error_rate_percent: float
    unique_endpoints: int


class Summary(msgspec.Struct):
    """Machine and requests over the last *time_period_hours*."""

    time_period_hours: int
    system: SystemSummary
    api: ApiSummary


class Trends(msgspec.Struct):
    """Which way CPU and memory went in the last hour, and their means."""

    cpu_trend: Trend
    memory_trend: Trend
    avg_cpu_last_hour: float
    avg_memory_last_hour: float


_SAMPLES: Final = (
    f"metric_samples FINAL INNER JOIN wanted USING (SeriesId) WHERE SeriesId IN (SELECT SeriesId FROM wanted) "
    f"AND {IN_RANGE} AND isFinite(Value)"
)
"""Each sample once. Prometheus marks the end of a series with one that is no number."""

_MEASUREMENTS: Final = f"""
    WITH wanted AS (
        SELECT SeriesId, any(MetricName) AS name, any(ResourceAttributes['host.name']) AS host
        FROM (SELECT SeriesId, MetricName, ResourceAttributes FROM metric_series
              WHERE MetricName IN {{names:Array(String)}}) GROUP BY SeriesId
    )
    SELECT toUnixTimestamp64Milli(Timestamp) AS at,
        {", ".join(f"anyIf(Value, name = {{names:Array(String)}}[{at}]) AS v{at}" for at in range(1, len(_NAMES) + 1))},
        countIf(name = {{names:Array(String)}}[1]) AS whole
    FROM {_SAMPLES}
    GROUP BY Timestamp, host HAVING whole > 0
"""
"""One row a measurement: the SDK gives all samples of one the same time."""


def system_rows(store: Store, range_: TimeRange) -> list[SystemRow]:
    """Give the measurements of all machines, oldest first, the newest ``MAX_ROWS`` at most."""
    found = store.query(
        f"SELECT * FROM ({_MEASUREMENTS} ORDER BY at DESC LIMIT {{limit:UInt32}}) ORDER BY at",
        {**range_.parameters, "names": list(_NAMES), "limit": MAX_ROWS},
    )
    return [
        SystemRow(rfc3339(at * 1_000_000), cpu, memory, disk, int(sent), int(received), int(connections))
        for at, cpu, memory, disk, sent, received, connections, _ in found.rows
    ]


_ENDPOINT: Final = "if(SpanAttributes['http.route'] != '', SpanAttributes['http.route'], SpanName)"
_STATUS: Final = "SpanAttributes['http.response.status_code']"
_FAILED: Final = "(toUInt16OrZero(status) >= 400 OR StatusCode = 'Error')"


def api_rows(store: Store, range_: TimeRange) -> list[ApiRow]:
    """
    Give the requests, oldest first, the newest ``MAX_ROWS`` at most.

    They are the spans of kind Server: what sampling left out is not among them.
    """
    found = store.query(
        f"SELECT toUnixTimestamp64Nano(Timestamp) AS at, {_ENDPOINT}, SpanAttributes['http.request.method'], "
        f"toUInt16OrZero({_STATUS} AS status), Duration / 1e6, "
        "toUInt64OrZero(SpanAttributes['http.request.body.size']), "
        f"toUInt64OrZero(SpanAttributes['http.response.body.size']), toUInt8({_FAILED}) "
        f"FROM otel_traces WHERE {IN_RANGE} AND SpanKind = 'Server' ORDER BY Timestamp DESC LIMIT {{limit:UInt32}}",
        {**range_.parameters, "limit": MAX_ROWS},
    )
    return [ApiRow(rfc3339(at), *rest) for at, *rest in reversed(found.rows)]


def summary(store: Store, hours: int, now_ns: int) -> Summary:
    """Sum up machine and requests of the last hours."""
    range_ = TimeRange(now_ns - hours * HOUR_NS, now_ns)
    return Summary(hours, _system(store, range_), api_summary(store, range_))


def _system(store: Store, range_: TimeRange) -> SystemSummary:
    names = list(_NAMES[:3])
    found = store.query(
        "WITH wanted AS (SELECT SeriesId, any(MetricName) AS name FROM metric_series "
        "WHERE MetricName IN {names:Array(String)} GROUP BY SeriesId) "
        f"SELECT name, avg(Value), max(Value), count() FROM {_SAMPLES} GROUP BY name",
        {**range_.parameters, "names": names},
    )
    figures = {name: (mean, highest, count) for name, mean, highest, count in found.rows}
    cpu, memory, disk = (figures.get(name, (0.0, 0.0, 0)) for name in names)
    return SystemSummary(
        avg_cpu_percent=round(cpu[0], 3),
        max_cpu_percent=round(cpu[1], 3),
        avg_memory_percent=round(memory[0], 3),
        max_memory_percent=round(memory[1], 3),
        avg_disk_percent=round(disk[0], 3),
        data_points=cpu[2],
    )


def api_summary(store: Store, range_: TimeRange) -> ApiSummary:
    """Sum up the requests of a range."""
    source, bounds = endpoint_sums(range_)
    count, spent, highest, errors, endpoints = store.query(
        f"SELECT sum(Requests), sum(Nanoseconds), max(Longest), sum(Failed), uniqExact(Endpoint) FROM ({source})",
        {**range_.parameters, **bounds},
    ).rows[0]
    if not count:
        return ApiSummary(0, 0.0, 0.0, 0, 0.0, 0)
    return ApiSummary(
        total_requests=count,
        avg_response_time_ms=round(spent / count / 1e6, 3),
        max_response_time_ms=round(highest / 1e6, 3),
        error_count=errors,
        error_rate_percent=round(100 * errors / count, 3),
        unique_endpoints=endpoints,
    )


def trends(store: Store, now_ns: int) -> Trends:
    """Tell which way CPU and memory went in the last hour, from the means of its minutes."""
    names = list(_NAMES[:2])
    found = store.query(
        "WITH wanted AS (SELECT SeriesId, any(MetricName) AS name FROM metric_series "
        "WHERE MetricName IN {names:Array(String)} GROUP BY SeriesId) "
        f"SELECT name, intDiv(toUnixTimestamp(Timestamp), 60) AS minute, avg(Value) FROM {_SAMPLES} "
        "GROUP BY name, minute",
        {**TimeRange(now_ns - HOUR_NS, now_ns).parameters, "names": names},
    )
    points: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for name, minute, value in found.rows:
        points[name].append((minute, value))
    cpu, memory = (points[name] for name in names)
    return Trends(trend(cpu), trend(memory), _mean(cpu), _mean(memory))


def _mean(points: list[tuple[float, float]]) -> float:
    return round(sum(value for _, value in points) / len(points), 3) if points else 0.0


def last_measured_ns(store: Store) -> int | None:
    """Tell when a machine was measured last, in nanoseconds since the epoch; None for never."""
    found: Any = store.query(
        "SELECT toUnixTimestamp64Milli(max(LastSeen)) FROM metric_series WHERE MetricName = {name:String}",
        {"name": _NAMES[0]},
    ).scalar()
    return int(found) * 1_000_000 if found else None
