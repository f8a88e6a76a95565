"""How everything does: requests, errors, latency, the machine. Requests are the spans of kind Server."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from sightline.query.analyses.requests import request_step_s, request_sums
from sightline.query.counts import counted_by_service
from sightline.query.request_sums import MERGE
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
    p99_ms: Points
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


class _Requests(NamedTuple):
    requests: int
    errors: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


class _Gauge(NamedTuple):
    avg: float
    max: float
    sum: float
    last: float


class _Overview:
    def __init__(self, store: Store, range_: TimeRange, service: str) -> None:
        self._store = store
        self._range = range_
        self._service = service
        self._step_s = request_step_s(range_, BUCKETS)
        first_s = range_.start_ns // NS_PER_S // self._step_s * self._step_s
        self._grid = range(first_s, -(-range_.end_ns // NS_PER_S), self._step_s)
        self._only = "AND ServiceName = {service:String}" if service else ""
        self._parameters: dict[str, Any] = {**range_.parameters, "service": service, "step": self._step_s}
        self._elapsed_ms: list[float] = []

    def gather(self) -> Overview:
        with ThreadPoolExecutor(2) as beside:
            asked_gauges = beside.submit(copy_context().run, self._gauges)
            asked_services = beside.submit(copy_context().run, self._services)
            steps, endpoints = self._requests()
            gauges, services = asked_gauges.result(), asked_services.result()
        return Overview(
            start=rfc3339(self._range.start_ns),
            end=rfc3339(self._range.end_ns),
            step_seconds=self._step_s,
            services=[name for name, *_ in services],
            totals=self._totals(steps.pop(0, None), services),
            series=OverviewSeries(
                requests=[(at, steps[at].requests if at in steps else 0) for at in self._grid],
                errors=[(at, steps[at].errors if at in steps else 0) for at in self._grid],
                p50_ms=[(at, steps[at].p50_ms if at in steps else None) for at in self._grid],
                p95_ms=[(at, steps[at].p95_ms if at in steps else None) for at in self._grid],
                p99_ms=[(at, steps[at].p99_ms if at in steps else None) for at in self._grid],
                **{name: self._drawn(gauges, *how) for name, how in _GAUGES.items()},
            ),
            current=self._current(gauges),
            endpoints=endpoints,
            elapsed_ms=max(self._elapsed_ms),
        )

    def _ask(self, sql: str, more: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        found = self._store.query(sql, {**self._parameters, **(more or {})})
        self._elapsed_ms.append(found.elapsed_ms)
        return found.rows

    def _requests(self) -> tuple[dict[int, _Requests], list[Endpoint]]:
        """Give requests by step, the whole range under 0, and by endpoint: all three at once."""
        source, bounds = request_sums(self._range, self._step_s, self._only)
        rows = self._ask(
            f"SELECT drawn, at, service, name, sum(counted) AS requests, sum(errors), {MERGE}(latency) "
            f"FROM ({source}) GROUP BY GROUPING SETS ((drawn, at, service, name), (drawn)) "
            "HAVING drawn OR NOT grouping(name) ORDER BY requests DESC, name, service "
            f"LIMIT {MAX_ENDPOINTS} BY drawn, at",
            bounds,
        )
        steps: dict[int, _Requests] = {}
        endpoints: list[Endpoint] = []
        for drawn, at, service, name, count, errors, (p50, p95, p99) in rows:
            if not drawn and count:
                endpoints.append(Endpoint(service, name, count, errors, errors / count, p50 / 1e6, p95 / 1e6))
            elif count:
                steps[at * self._step_s] = _Requests(count, errors, p50 / 1e6, p95 / 1e6, p99 / 1e6)
        return steps, endpoints

    def _services(self) -> list[tuple[str, int, int, int]]:
        """Give each service with its spans, logs and logged errors."""
        source, bounds = counted_by_service(self._range)
        found: dict[str, tuple[int, int, int]] = {}
        for name, spans, logs, errors in self._ask(f"SELECT ServiceName, spans, logs, errors FROM ({source})", bounds):
            before = found.get(name, (0, 0, 0))
            found[name] = (before[0] + spans, before[1] + logs, before[2] + errors)
        return [(name, *figures) for name, figures in sorted(found.items())]

    def _totals(self, requests: _Requests | None, services: list[tuple[str, int, int, int]]) -> Totals:
        counted = [row for row in services if self._service in {"", row[0]}]
        spans, logs, errors_logged = (sum(row[1] for row in counted), sum(row[2] for row in counted),
                                      sum(row[3] for row in counted))  # fmt: skip
        if not requests:
            return Totals(0, 0, 0.0, None, None, None, logs, errors_logged, spans)
        return Totals(
            requests=requests.requests,
            errors=requests.errors,
            error_rate=requests.errors / requests.requests,
            p50_ms=requests.p50_ms,
            p95_ms=requests.p95_ms,
            p99_ms=requests.p99_ms,
            logs=logs,
            errors_logged=errors_logged,
            spans=spans,
        )

    def _gauges(self) -> dict[str, dict[int, _Gauge]]:
        """Give each gauge by step: average, maximum and sum over series, and the average of their last samples."""
        rows = self._ask(
            "WITH wanted AS (SELECT SeriesId, any(MetricName) AS name FROM metric_series "
            f"WHERE MetricName IN {{names:Array(String)}} {self._only} GROUP BY SeriesId) "
            "SELECT name, at, avg(value), max(value), sum(value), avg(last) FROM ("
            "SELECT SeriesId, avg(Value) AS value, argMax(Value, Timestamp) AS last, "
            "intDiv(toUnixTimestamp(Timestamp), {step:UInt32}) * {step:UInt32} AS at FROM metric_samples FINAL "
            f"WHERE SeriesId IN (SELECT SeriesId FROM wanted) AND {IN_RANGE} GROUP BY SeriesId, at) AS samples "
            "INNER JOIN wanted USING (SeriesId) GROUP BY name, at ORDER BY at",
            {"names": list({metric for metric, _ in _GAUGES.values()} | set(_CURRENT.values()))},
        )
        found: dict[str, dict[int, _Gauge]] = {}
        for name, at, average, highest, total, last in rows:
            found.setdefault(name, {})[at] = _Gauge(average, highest, total, last)
        return found

    def _drawn(self, gauges: dict[str, dict[int, _Gauge]], metric: str, how: str) -> Points:
        steps = gauges.get(metric, {})
        return [(at, getattr(steps[at], how) if at in steps else None) for at in self._grid]

    def _current(self, gauges: dict[str, dict[int, _Gauge]]) -> Current:
        since = (self._range.end_ns - CURRENT_NS) // NS_PER_S - self._step_s
        found = {
            name: next((gauge.last for at, gauge in reversed(gauges.get(metric, {}).items()) if at >= since), None)
            for name, metric in _CURRENT.items()
        }
        return Current(**found)
