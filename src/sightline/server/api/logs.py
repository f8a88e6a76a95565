"""``/api/v1/logs``: search, histogram, what stood around a log."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from sightline.base.limits import MAX_PAGE
from sightline.query.context import MAX_LINES, LogContext, log_context
from sightline.query.logs import Histogram, LogPage, Order, count_logs, search_logs
from sightline.server.answers import Range, answer, ask, described, known_parameters

router = APIRouter(prefix="/api/v1/logs", tags=["Logs"], dependencies=[Depends(known_parameters())])

Search = Annotated[
    str,
    Query(description="A search, see the page on the search language.", examples=['level:error service:shop "paid"']),
]

LOG: Final = {
    "timestamp": "2026-11-20T19:00:00.123456789Z",
    "level": "ERROR",
    "severity": 17,
    "service": "shop",
    "logger": "shop.orders",
    "body": "Order 7 was not paid",
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "span_id": "b7ad6b7169203331",
    "attributes": {"order": "7"},
    "resource": {"service.name": "shop", "service.version": "1.2.0"},
    "id": "18aab8a2b3c4d515-9c1f0e2d3b4a5968",
}

_PAGE: Final = {"records": [LOG], "next_cursor": "WzE3OTUyMDQ4MDAxMjM0NTY3ODksMV0", "elapsed_ms": 4.2}

_HISTOGRAM: Final = {
    "start": "2026-11-20T18:45:00.000000000Z",
    "end": "2026-11-20T19:00:00.000000000Z",
    "step_seconds": 15,
    "buckets": [{"time": "2026-11-20T18:45:00.000000000Z", "count": 3, "levels": {"INFO": 2, "ERROR": 1}}],
    "total": 3,
    "elapsed_ms": 2.1,
}


@router.get("", summary="Search logs", responses=described(LogPage, _PAGE), response_class=Response)
async def logs(
    request: Request,
    range_: Range,
    query: Search = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most records of the answer.")] = 100,
    cursor: Annotated[str | None, Query(description="next_cursor of the answer before.")] = None,
    order: Annotated[Order, Query(description="desc: newest first; asc: oldest first.")] = "desc",
) -> Response:
    """Give the logs for which the search holds, page by page."""
    store = request.app.state.sightline.store
    return answer(await ask(search_logs, store, query, range_, limit=limit, cursor=cursor, order=order))


@router.get(
    "/histogram", summary="Count logs over time", responses=described(Histogram, _HISTOGRAM), response_class=Response
)
async def histogram(
    request: Request,
    range_: Range,
    query: Search = "",
    buckets: Annotated[int, Query(ge=1, le=1000, description="Most steps of the answer.")] = 60,
) -> Response:
    """Count the logs for which the search holds, by time and level."""
    return answer(await ask(count_logs, request.app.state.sightline.store, query, range_, buckets=buckets))


_CONTEXT: Final = {"before": [LOG], "record": LOG, "after": [], "elapsed_ms": 5.0}


@router.get(
    "/context", summary="Logs around one", responses=described(LogContext, _CONTEXT, 404), response_class=Response
)
async def context(
    request: Request,
    id_: Annotated[str, Query(alias="id", description="The id of a log.", examples=[LOG["id"]])],
    before: Annotated[int, Query(ge=0, le=MAX_LINES, description="How many before it.")] = 10,
    after: Annotated[int, Query(ge=0, le=MAX_LINES, description="How many after it.")] = 10,
    of: Annotated[
        Literal["process", "service", "everything"], Query(description="Whose logs, besides the one's own.")
    ] = "process",
) -> Response:
    """Give what the same process logged just before and after a log, within a day."""
    store = request.app.state.sightline.store
    found = await ask(log_context, store, id_, before=before, after=after, of=of)
    if found is None:
        raise HTTPException(404, "There is no such log; it may have passed its retention.")
    return answer(found)
