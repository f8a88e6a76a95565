"""How everything does: requests, errors, latency, the machine. Requests are the spans of kind Server."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.query.timerange import IN_RANGE, NS_PER_S, TimeRange, rfc3339

if TYPE_CHECKING:
    from sightline.store.connect import Store

BUCKETS: Final = 60
"""Most points of each series."""

MAX_ENDPOINTS: Final = 50
"""Most endpoints that are listed, those with most requests first."""

CURRENT_NS: Final = 5 * 60 * NS_PER_S
"""How old a measurement may be to be called current: ten intervals of the SDK."""

Points = list[tuple[int, float | None]]

_GAUGES: Final = {
    "cpu_percent": ("system_cpu_percent", "avg"),
    "memory_percent": ("system_memory_percent", "avg"),
    "disk_percent": ("system_disk_percent", "max"),
    "process_memory_bytes": ("process_memory_rss_bytes", "sum"),
}
"""Series of the overview: the metric, and how several machines or processes become one."""

_CURRENT: Final = {
    "cpu_percent": "system_cpu_percent",
    "memory_percent": "system_memory_percent",
    "memory_used_bytes": "system_memory_used_bytes",
    "disk_percent": "system_disk_percent",
    "load1": "system_load1",
}


class Totals(msgspec.Struct):
    """Figures of the whole range; latencies are null without requests."""

    requests: int
    errors: int
    error_rate: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    logs: int
    errors_logged: int
    spans: int


class OverviewSeries(msgspec.Struct):
    """Figures over time: pairs of Unix seconds and a value, null where nothing was measured."""

    requests: Points
    errors: Points
    p50_ms: Points
    p95_ms: Points
    cpu_percent: Points
    memory_percent: Points
    disk_percent: Points
    process_memory_bytes: Points


class Current(msgspec.Struct):
    """The machine now; null where nothing was measured in the last five minutes of the range."""

    cpu_percent: float | None
    memory_percent: float | None
    memory_used_bytes: float | None
    disk_percent: float | None
    load1: float | None


class Endpoint(msgspec.Struct):
    """One endpoint of a service, by the name of its spans."""

    service: str
    endpoint: str
    requests: int
    errors: int
    error_rate: float
    p50_ms: float
    p95_ms: float


class Overview(msgspec.Struct):
    """All of the overview page."""

    start: str
    end: str
    step_seconds: int
    services: list[str]
    totals: Totals
    series: OverviewSeries
    current: Current
    endpoints: list[Endpoint]
    elapsed_ms: float


def overview(store: Store, range_: TimeRange, service: str | None = None) -> Overview:
    """
    Sum up a range of time, of all services or of one.

    Raises:
        QueryTooExpensive: if it takes too long.
    """
    return _Overview(store, range_, service or "").gather()


class _Overview:
    def __init__(self, store: Store, range_: TimeRange, service: str) -> None:
        self._store = store
        self._range = range_
        self._step_s = range_.step_s(BUCKETS)
        first_s = range_.start_ns // NS_PER_S // self._step_s * self._step_s
        self._grid = range(first_s, -(-range_.end_ns // NS_PER_S), self._step_s)
        self._only = "AND ServiceName = {service:String}" if service else ""
        self._parameters: dict[str, Any] = {**range_.parameters, "service": service, "step": self._step_s}
        self._elapsed_ms = 0.0

    def gather(self) -> Overview:
        requests = self._requests()
        gauges = self._gauges()
        return Overview(
            start=rfc3339(self._range.start_ns),
            end=rfc3339(self._range.end_ns),
            step_seconds=self._step_s,
            services=self._services(),
            totals=self._totals(requests.pop(None, None)),
            series=OverviewSeries(
                requests=[(at, requests[at][0] if at in requests else 0) for at in self._grid],
                errors=[(at, requests[at][1] if at in requests else 0) for at in self._grid],
                p50_ms=[(at, requests[at][2] if at in requests else None) for at in self._grid],
                p95_ms=[(at, requests[at][3] if at in requests else None) for at in self._grid],
                **{name: self._drawn(gauges, *how) for name, how in _GAUGES.items()},
            ),
            current=self._current(),
            endpoints=self._endpoints(),
            elapsed_ms=self._elapsed_ms,
        )

    def _ask(self, sql: str, more: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        found = self._store.query(sql, {**self._parameters, **(more or {})})
        self._elapsed_ms += found.elapsed_ms
        return found.rows

    def _requests(self) -> dict[int | None, tuple[int, int, float, float, float]]:
        """Give requests, errors and latencies by step; the whole range is under None."""
        rows = self._ask(
            "SELECT toNullable(intDiv(toUnixTimestamp(Timestamp), {step:UInt32}) * {step:UInt32}) AS at, count(), "
            "countIf(StatusCode = 'Error'), quantiles(0.5, 0.95, 0.99)(Duration) FROM otel_traces "
            f"WHERE {IN_RANGE} AND SpanKind = 'Server' {self._only} GROUP BY at WITH ROLLUP"
        )
        return {at: (count, errors, p[0] / 1e6, p[1] / 1e6, p[2] / 1e6) for at, count, errors, p in rows if count}

    def _totals(self, requests: tuple[int, int, float, float, float] | None) -> Totals:
        logs, errors_logged = self._ask(
            f"SELECT count(), countIf(SeverityNumber >= 17) FROM otel_logs WHERE {IN_RANGE} {self._only}"
        )[0]
        spans = self._ask(f"SELECT count() FROM otel_traces WHERE {IN_RANGE} {self._only}")[0][0]
        if not requests:
            return Totals(0, 0, 0.0, None, None, None, logs, errors_logged, spans)
        count, errors, p50_ms, p95_ms, p99_ms = requests
        return Totals(count, errors, errors / count, p50_ms, p95_ms, p99_ms, logs, errors_logged, spans)

    def _endpoints(self) -> list[Endpoint]:
        rows = self._ask(
            "SELECT ServiceName, SpanName, count() AS requests, countIf(StatusCode = 'Error'), "
            f"quantiles(0.5, 0.95)(Duration) FROM otel_traces WHERE {IN_RANGE} AND SpanKind = 'Server' {self._only} "
            f"GROUP BY ServiceName, SpanName ORDER BY requests DESC, SpanName, ServiceName LIMIT {MAX_ENDPOINTS}"
        )
        return [
            Endpoint(service, name, count, errors, errors / count, p[0] / 1e6, p[1] / 1e6)
            for service, name, count, errors, p in rows
        ]

    def _services(self) -> list[str]:
        rows = self._ask(
            f"SELECT DISTINCT ServiceName FROM otel_traces WHERE {IN_RANGE} UNION DISTINCT "
            f"SELECT DISTINCT ServiceName FROM otel_logs WHERE {IN_RANGE}"
        )
        return sorted(row[0] for row in rows)

    def _gauges(self) -> dict[tuple[str, int], tuple[float, float, float]]:
        """Give average, maximum and sum over series, by metric and step."""
        rows = self._ask(
            "WITH wanted AS (SELECT SeriesId, any(MetricName) AS name FROM metric_series "
            f"WHERE MetricName IN {{names:Array(String)}} {self._only} GROUP BY SeriesId) "
            "SELECT name, at, avg(value), max(value), sum(value) FROM (SELECT SeriesId, avg(Value) AS value, "
            "intDiv(toUnixTimestamp(Timestamp), {step:UInt32}) * {step:UInt32} AS at FROM metric_samples "
            f"WHERE SeriesId IN (SELECT SeriesId FROM wanted) AND {IN_RANGE} GROUP BY SeriesId, at) AS samples "
            "INNER JOIN wanted USING (SeriesId) GROUP BY name, at",
            {"names": [metric for metric, _ in _GAUGES.values()]},
        )
        return {(name, at): (average, highest, total) for name, at, average, highest, total in rows}

    def _drawn(self, found: dict[tuple[str, int], tuple[float, float, float]], metric: str, how: str) -> Points:
        column = ("avg", "max", "sum").index(how)
        return [(at, found[metric, at][column] if (metric, at) in found else None) for at in self._grid]

    def _current(self) -> Current:
        rows = self._ask(
            "WITH wanted AS (SELECT SeriesId, any(MetricName) AS name FROM metric_series "
            f"WHERE MetricName IN {{names:Array(String)}} {self._only} GROUP BY SeriesId) "
            "SELECT name, avg(value) FROM (SELECT SeriesId, argMax(Value, Timestamp) AS value FROM metric_samples "
            f"WHERE SeriesId IN (SELECT SeriesId FROM wanted) AND {IN_RANGE} GROUP BY SeriesId) AS samples "
            "INNER JOIN wanted USING (SeriesId) GROUP BY name",
            {"names": list(_CURRENT.values()), "start": max(self._range.start_ns, self._range.end_ns - CURRENT_NS)},
        )
        found = dict(rows)
        return Current(**{name: found.get(metric) for name, metric in _CURRENT.items()})
