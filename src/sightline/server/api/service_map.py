"""``/api/v1/service-map``: which services there are, and who calls whom."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from sightline.query.analyses.service_map import ServiceMap, service_map
from sightline.server.answers import Range, answer, ask, described, known_parameters

router = APIRouter(prefix="/api/v1/service-map", tags=["Traces"], dependencies=[Depends(known_parameters())])

_MAP: Final = {
    "nodes": [
        {"name": "pay", "kind": "service", "calls": 120, "errors": 3, "requests": 122, "request_errors": 3},
        {"name": "shop", "kind": "service", "calls": 0, "errors": 0, "requests": 60, "request_errors": 0},
        {"name": "bank", "kind": "external", "calls": 40, "errors": 0, "requests": None, "request_errors": None},
    ],
    "edges": [
        {"caller": "shop", "called": "pay", "calls": 120, "errors": 3, "p50_ms": 8.1, "p95_ms": 40.2},
        {"caller": "pay", "called": "bank", "calls": 40, "errors": 0, "p50_ms": 30.5, "p95_ms": 61.0},
    ],
    "sampled": False,
    "elapsed_ms": 30.5,
}


@router.get("", summary="Who calls whom", responses=described(ServiceMap, _MAP), response_class=Response)
async def calls(
    request: Request,
    range_: Range,
    service: Annotated[str, Query(max_length=256, description="Only it, what it calls, and what calls it.")] = "",
) -> Response:
    """
    Draw the calls between services, and to databases, queues, models and other hosts, from the newest spans.

    Every service that sent spans is there, with its requests of the whole range, also where it calls nobody.
    """
    return answer(await ask(service_map, request.app.state.sightline.store, range_, service=service))
