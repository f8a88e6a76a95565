"""``/api/v1/logs/statistics``, ``/error-patterns`` and ``/slow-requests``: what logs tell as a whole."""

from __future__ import annotations

import time
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from sightline.base.limits import MAX_PAGE
from sightline.query.analyses.log_reports import (
    ErrorPatterns,
    LogStatistics,
    SlowRequests,
    error_patterns,
    log_statistics,
    slow_requests,
)
from sightline.query.timerange import NS_PER_S, TimeRange, parse_range
from sightline.server.answers import End, Start, answer, ask, described, known_parameters

router = APIRouter(prefix="/api/v1/logs", tags=["Logs"], dependencies=[Depends(known_parameters())])

DAY_NS: Final = 24 * 3600 * NS_PER_S


def _day(start: Start = None, end: End = None) -> TimeRange:
    """Read ``start`` and ``end``; the last day where nothing is said."""
    return parse_range(start, end, time.time_ns(), DAY_NS)


Day = Annotated[TimeRange, Depends(_day)]
Search = Annotated[str, Query(description="A search of logs.", examples=["service:shop"])]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most entries of the answer.")]

_LOG: Final = {
    "timestamp": "2026-11-20T18:10:00.123456789Z",
    "level": "WARNING",
    "severity": 13,
    "service": "shop",
    "logger": "sightline.request",
    "body": "HTTP_REQUEST_COMPLETE",
    "trace_id": "",
    "span_id": "",
    "attributes": {"method": "POST", "path": "/orders", "status_code": "200", "duration_ms": "7312.4"},
    "resource": {"service.name": "shop"},
    "id": "18aab8a2b3c4d515-9c1f0e2d3b4a5968",
}

_STATISTICS: Final = {
    "start": "2026-11-19T19:00:00.000000000Z",
    "end": "2026-11-20T19:00:00.000000000Z",
    "total": 4,
    "errors": 1,
    "error_rate": 0.25,
    "levels": [{"level": "INFO", "count": 3, "share": 0.75}, {"level": "ERROR", "count": 1, "share": 0.25}],
    "services": [{"name": "shop", "count": 4, "errors": 1}],
    "loggers": [{"name": "shop.orders", "count": 4, "errors": 1}],
    "hours": [{"time": "2026-11-20T18:00:00.000000000Z", "count": 4, "errors": 1}],
    "elapsed_ms": 6.1,
}

_PATTERNS: Final = {
    "patterns": [
        {
            "pattern": "Order <n> was not paid",
            "count": 3,
            "share": 1.0,
            "first": "2026-11-20T18:00:00.000000000Z",
            "last": "2026-11-20T18:30:00.000000000Z",
            "examples": ["Order 7 was not paid", "Order 8 was not paid"],
        }
    ],
    "total": 3,
    "elapsed_ms": 5.2,
}

_SLOW: Final = {
    "threshold_ms": 5000.0,
    "requests": [
        {
            "duration_ms": 7312.4, "method": "POST", "path": "/orders", "status": "200", "request_id": "a1b2",
            "record": _LOG,
        }
    ],
    "total": 1,
    "elapsed_ms": 4.4,
}  # fmt: skip


@router.get(
    "/statistics", summary="Count logs", responses=described(LogStatistics, _STATISTICS), response_class=Response
)
async def statistics(request: Request, range_: Day, query: Search = "") -> Response:
    """Count the logs of the last day, or of a range, by level, service, logger and hour."""
    return answer(await ask(log_statistics, request.app.state.sightline.store, query, range_))


@router.get(
    "/error-patterns", summary="Errors that are alike", responses=described(ErrorPatterns, _PATTERNS),
    response_class=Response,
)  # fmt: skip
async def patterns(request: Request, range_: Day, query: Search = "", limit: Limit = 20) -> Response:
    """Group the errors of the last day, or of a range, by their messages without ids and numbers."""
    return answer(await ask(error_patterns, request.app.state.sightline.store, query, range_, limit=limit))


@router.get(
    "/slow-requests", summary="Slow requests that were logged", responses=described(SlowRequests, _SLOW),
    response_class=Response,
)  # fmt: skip
async def slow(
    request: Request,
    range_: Day,
    query: Search = "",
    threshold_ms: Annotated[
        float, Query(ge=0, le=1e12, allow_inf_nan=False, description="Shortest duration, in milliseconds.")
    ] = 5000.0,
    limit: Limit = 100,
) -> Response:
    """Give the logged requests of the last day, or of a range, that took so long, the slowest first."""
    store = request.app.state.sightline.store
    return answer(await ask(slow_requests, store, query, range_, threshold_ms=threshold_ms, limit=limit))
