"""``/api/v1/analyses``: analyses by name."""

from __future__ import annotations

import time
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response

from sightline.query.analyses.saved import (
    HOUR_NS,
    Analyses,
    AnalysisResult,
    default_hours,
    list_analyses,
    run_analysis,
)
from sightline.query.timerange import parse_range
from sightline.server.answers import End, Start, answer, ask, described, known_parameters
from sightline.server.tags import NOT_MODIFIED, tagged

router = APIRouter(prefix="/api/v1/analyses", tags=["Analyses"], dependencies=[Depends(known_parameters())])

_LIST: Final = {"analyses": [{"name": "error-rate", "title": "Error rate per hour", "hours": 24}]}

_RESULT: Final = {
    "name": "error-rate",
    "title": "Error rate per hour",
    "start": "2026-11-19T19:00:00.000000000Z",
    "end": "2026-11-20T19:00:00.000000000Z",
    "columns": ["hour", "logs", "errors", "error_rate"],
    "rows": [["2026-11-20T18:00:00Z", 400, 4, 0.01]],
    "elapsed_ms": 3.3,
}


@router.get("", summary="All analyses", responses=described(Analyses, _LIST) | NOT_MODIFIED, response_class=Response)
async def analyses(request: Request) -> Response:
    """Name the analyses there are."""
    return tagged(request, list_analyses())


@router.get(
    "/{name}", summary="Run an analysis", responses=described(AnalysisResult, _RESULT, 404), response_class=Response
)
async def analysis(
    request: Request,
    name: Annotated[str, Path(max_length=64, description="Its name.", examples=["error-rate"])],
    start: Start = None,
    end: End = None,
) -> Response:
    """Run an analysis over its own range up to now, or over another."""
    hours = default_hours(name)
    if hours is None:
        names = ", ".join(found.name for found in list_analyses().analyses)
        raise HTTPException(404, f"There is no analysis {name!r}; there are {names}.")
    range_ = parse_range(start, end, time.time_ns(), hours * HOUR_NS)
    return answer(await ask(run_analysis, request.app.state.sightline.store, name, range_))
