"""``/api/v1/endpoints``: what each endpoint of the applications did."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from sightline.query.endpoints import MAX_ENDPOINTS, Endpoints, Sort, endpoints
from sightline.server.answers import Range, answer, ask, described, known_parameters

router = APIRouter(prefix="/api/v1/endpoints", tags=["Overview"], dependencies=[Depends(known_parameters())])

_ENDPOINTS: Final = {
    "endpoints": [
        {
            "service": "shop", "method": "GET", "endpoint": "/orders/{id}", "requests": 420,
            "requests_per_minute": 28.0, "errors": 12, "error_rate": 0.0286, "mean_ms": 15.2, "p50_ms": 12.4,
            "p95_ms": 61.0, "p99_ms": 90.3,
            "max_ms": 210.4, "request_bytes": 0, "response_bytes": 1260000,
        }
    ],
    "elapsed_ms": 9.4,
}  # fmt: skip


@router.get("", summary="What endpoints do", responses=described(Endpoints, _ENDPOINTS), response_class=Response)
async def listed(
    request: Request,
    range_: Range,
    service: Annotated[str, Query(max_length=256, description="Only of this service.")] = "",
    sort: Annotated[Sort, Query(description="By what they are sorted, the highest first.")] = "requests",
    limit: Annotated[int, Query(ge=1, le=MAX_ENDPOINTS, description="Most endpoints of the answer.")] = 50,
) -> Response:
    """Give rate, mean and percentiles of time, errors and bytes of each endpoint, the busiest first."""
    store = request.app.state.sightline.store
    return answer(await ask(endpoints, store, range_, service=service, sort=sort, limit=limit))
