"""``/api/v1/overview``: the first page's figures."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from sightline.query.analyses.overview import Overview, overview
from sightline.server.answers import Range, answer, ask, described, known_parameters

router = APIRouter(prefix="/api/v1/overview", tags=["Overview"], dependencies=[Depends(known_parameters())])

_POINTS: Final = [[1795202100, 12], [1795202115, 14]]

_OVERVIEW: Final = {
    "start": "2026-11-20T18:45:00.000000000Z",
    "end": "2026-11-20T19:00:00.000000000Z",
    "step_seconds": 15,
    "services": ["pay", "shop"],
    "totals": {
        "requests": 840,
        "errors": 12,
        "error_rate": 0.0143,
        "p50_ms": 11.8,
        "p95_ms": 48.2,
        "p99_ms": 210.4,
        "logs": 2520,
        "errors_logged": 12,
        "spans": 4200,
    },
    "series": {
        "requests": _POINTS,
        "errors": [[1795202100, 0], [1795202115, 1]],
        "p50_ms": _POINTS,
        "p95_ms": _POINTS,
        "p99_ms": _POINTS,
        "cpu_percent": [[1795202100, 31.5], [1795202115, None]],
        "memory_percent": _POINTS,
        "disk_percent": _POINTS,
        "process_memory_bytes": [[1795202100, 68157440.0]],
    },
    "current": {
        "cpu_percent": 31.5,
        "memory_percent": 62.0,
        "memory_used_bytes": 5368709120.0,
        "disk_percent": 41.0,
        "load1": 0.7,
    },
    "endpoints": [
        {
            "service": "shop",
            "endpoint": "GET /orders/{id}",
            "requests": 420,
            "errors": 12,
            "error_rate": 0.0286,
            "p50_ms": 12.4,
            "p95_ms": 61.0,
        }
    ],
    "elapsed_ms": 21.7,
}


@router.get("", summary="How everything does", responses=described(Overview, _OVERVIEW), response_class=Response)
async def summed_up(
    request: Request,
    range_: Range,
    service: Annotated[str | None, Query(description="Only this service. Default: all.")] = None,
) -> Response:
    """Sum up requests (spans of kind Server), errors, latency, logs and the machine."""
    return answer(await ask(overview, request.app.state.sightline.store, range_, service))
