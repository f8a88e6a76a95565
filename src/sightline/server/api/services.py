"""``/api/v1/services``: who has sent something."""

from __future__ import annotations

import time
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from sightline.query.services import DEFAULT_RANGE_NS, MAX_SERVICES, Services, list_services
from sightline.query.timerange import parse_range
from sightline.server.answers import End, Start, answer, ask, described, known_parameters

router = APIRouter(prefix="/api/v1/services", tags=["Overview"], dependencies=[Depends(known_parameters())])

_SERVICES: Final = {
    "services": [{"name": "shop", "last_seen": "2026-11-20T19:00:00.123456789Z", "spans": 4200, "logs": 2520}],
    "next_cursor": "WyJzaG9wIl0",
    "elapsed_ms": 6.0,
}


@router.get("", summary="List services", responses=described(Services, _SERVICES), response_class=Response)
async def services(
    request: Request,
    start: Start = None,
    end: End = None,
    limit: Annotated[int, Query(ge=1, le=MAX_SERVICES, description="Most services of the answer.")] = MAX_SERVICES,
    cursor: Annotated[str | None, Query(description="next_cursor of the answer before.")] = None,
) -> Response:
    """List services with their spans and logs, of the last day where no time is given."""
    range_ = parse_range(start, end, time.time_ns(), DEFAULT_RANGE_NS)
    return answer(await ask(list_services, request.app.state.sightline.store, range_, limit=limit, cursor=cursor))
