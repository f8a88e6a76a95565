"""``/api/v1/events``: search, counts over time, funnels."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from sightline.base.limits import MAX_PAGE
from sightline.query.analyses.funnel import MAX_STEPS, MAX_WINDOW_S, Funnel, funnel
from sightline.query.events import EventCounts, EventPage, count_events, search_events
from sightline.server.answers import Range, answer, ask, described, known_parameters

router = APIRouter(prefix="/api/v1/events", tags=["Events"])

Search = Annotated[str, Query(description="A search of events.", examples=["name:order_paid amount:>10"])]
By = Annotated[str, Query(max_length=256, description="A field as a search names it.", examples=["name"])]

_PAGE: Final = {
    "records": [
        {
            "timestamp": "2026-11-20T19:00:00.123456789Z",
            "name": "order_paid",
            "service": "shop",
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
            "span_id": "b7ad6b7169203331",
            "data": {"amount": "19.90"},
            "attributes": {"user_id": "42"},
            "resource": {"service.name": "shop"},
        }
    ],
    "next_cursor": "WzE3OTUsNDIsMV0",
    "elapsed_ms": 3.9,
}

_COUNTS: Final = {
    "by": "name",
    "step_seconds": 15,
    "times": ["2026-11-20T19:00:00.000000000Z"],
    "series": [{"value": "order_paid", "total": 7, "counts": [7]}],
    "total": 7,
    "elapsed_ms": 4.1,
}

_FUNNEL: Final = {
    "by": "user_id",
    "window_seconds": 86400,
    "steps": [
        {"query": "name:user_registered", "users": 100, "share": 1.0, "share_of_previous": 1.0},
        {"query": "name:order_paid", "users": 25, "share": 0.25, "share_of_previous": 0.25},
    ],
    "elapsed_ms": 12.0,
}


@router.get(
    "",
    summary="Search events",
    responses=described(EventPage, _PAGE),
    response_class=Response,
    dependencies=[Depends(known_parameters())],
)
async def events(
    request: Request,
    range_: Range,
    query: Search = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most events of the answer.")] = 100,
    cursor: Annotated[str | None, Query(description="next_cursor of the answer before.")] = None,
) -> Response:
    """Give the events for which the search holds, newest first, page by page."""
    store = request.app.state.sightline.store
    return answer(await ask(search_events, store, query, range_, limit=limit, cursor=cursor))


@router.get(
    "/counts",
    summary="Count events over time",
    responses=described(EventCounts, _COUNTS),
    response_class=Response,
    dependencies=[Depends(known_parameters())],
)
async def counts(
    request: Request,
    range_: Range,
    query: Search = "",
    by: By = "name",
    buckets: Annotated[int, Query(ge=1, le=1000, description="Most steps of the answer.")] = 60,
) -> Response:
    """Count the events for which the search holds, by time and by the values of a field."""
    store = request.app.state.sightline.store
    return answer(await ask(count_events, store, query, range_, by=by, buckets=buckets))


@router.get(
    "/funnel",
    summary="A funnel",
    responses=described(Funnel, _FUNNEL),
    response_class=Response,
    dependencies=[Depends(known_parameters(repeated=frozenset({"step"})))],
)
async def through(
    request: Request,
    range_: Range,
    step: Annotated[
        list[str],
        Query(
            min_length=2,
            max_length=MAX_STEPS,
            description="A search for each step, given once a step, in order.",
            examples=[["name:user_registered", "name:order_paid"]],
        ),
    ],
    by: By = "user_id",
    window: Annotated[
        int, Query(ge=1, le=MAX_WINDOW_S, description="Longest time from the first step to the last, in seconds.")
    ] = 86_400,
) -> Response:
    """Follow users through events that happen in this order: how many get how far."""
    store = request.app.state.sightline.store
    return answer(await ask(funnel, store, step, range_, by=by, window_s=window))
