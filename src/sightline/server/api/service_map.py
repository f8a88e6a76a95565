"""``/api/v1/service-map``: who calls whom."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from sightline.query.analyses.service_map import ServiceMap, service_map
from sightline.server.answers import Range, answer, ask, described, known_parameters

router = APIRouter(prefix="/api/v1/service-map", tags=["Traces"], dependencies=[Depends(known_parameters())])

_MAP: Final = {
    "nodes": [
        {"name": "pay", "kind": "service", "calls": 120, "errors": 3},
        {"name": "shop", "kind": "service", "calls": 0, "errors": 0},
    ],
    "edges": [{"caller": "shop", "called": "pay", "calls": 120, "errors": 3, "p50_ms": 8.1, "p95_ms": 40.2}],
    "sampled": False,
    "elapsed_ms": 30.5,
}


@router.get("", summary="Who calls whom", responses=described(ServiceMap, _MAP), response_class=Response)
async def calls(
    request: Request,
    range_: Range,
    service: Annotated[str, Query(max_length=256, description="Only what it calls, and what calls it.")] = "",
) -> Response:
    """Draw the calls between services, and to databases, queues, models and other hosts, from the newest spans."""
    return answer(await ask(service_map, request.app.state.sightline.store, range_, service=service))
