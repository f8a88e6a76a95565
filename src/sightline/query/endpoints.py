"""What each endpoint did: rate, times, errors, sizes. Requests are the spans of kind Server."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from sightline.query.request_sums import MERGE, endpoint_sums
from sightline.query.timerange import NS_PER_S, TimeRange

if TYPE_CHECKING:
    from sightline.store.connect import Store

MAX_ENDPOINTS: Final = 1000
"""Most endpoints of an answer."""

Sort = Literal["requests", "errors", "mean", "p95"]

_SORTS: Final[dict[Sort, str]] = {"requests": "requests", "errors": "errors", "mean": "mean_ms", "p95": "times[2]"}


class EndpointFigures(msgspec.Struct):
    """One endpoint of a service; errors are statuses from 400 on, and what failed otherwise."""

    service: str
    method: str
    endpoint: str
    requests: int
    requests_per_minute: float
    errors: int
    error_rate: float
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    request_bytes: int
    response_bytes: int


class Endpoints(msgspec.Struct):
    """Endpoints, the busiest first unless asked otherwise."""

    endpoints: list[EndpointFigures]
    elapsed_ms: float


def endpoints(
    store: Store, range_: TimeRange, *, service: str = "", sort: Sort = "requests", limit: int = 50
) -> Endpoints:
    """
    Describe what each endpoint did in a range; percentiles are right to one per cent.

    Whole minutes are read from what was summed up as requests came in, the rest from the spans.

    Raises:
        QueryTooExpensive: if it takes too long.
    """
    only = "AND ServiceName = {service:String}" if service else ""
    source, bounds = endpoint_sums(range_, only)
    found = store.query(
        "SELECT ServiceName, Method, Endpoint, sum(Requests) AS requests, sum(Failed) AS errors, "
        f"sum(Nanoseconds) / requests / 1e6 AS mean_ms, {MERGE}(Latency) AS times, max(Longest) / 1e6, "
        f"sum(RequestBytes), sum(ResponseBytes) FROM ({source}) GROUP BY ServiceName, Method, Endpoint "
        f"ORDER BY {_SORTS[sort]} DESC, Endpoint, Method, ServiceName LIMIT {{limit:UInt32}}",
        {**range_.parameters, **bounds, "service": service, "limit": min(max(1, limit), MAX_ENDPOINTS)},
    )
    minutes = (range_.end_ns - range_.start_ns) / (60 * NS_PER_S)
    told = [
        EndpointFigures(
            name, method, endpoint, count, count / minutes, errors, errors / count, mean,
            p50 / 1e6, p95 / 1e6, p99 / 1e6, highest, asked, answered,
        )
        for name, method, endpoint, count, errors, mean, (p50, p95, p99), highest, asked, answered in found.rows
    ]  # fmt: skip
    return Endpoints(told, found.elapsed_ms)
