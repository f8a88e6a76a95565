"""``/api/v1/traces``: search, and one trace."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response

from sightline.base.limits import MAX_PAGE
from sightline.query.traces import Trace, TracePage, read_trace, search_traces
from sightline.server.answers import Range, answer, ask, described, known_parameters

router = APIRouter(prefix="/api/v1/traces", tags=["Traces"], dependencies=[Depends(known_parameters())])

_PAGE: Final = {
    "traces": [
        {
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
            "root_name": "GET /orders/{id}",
            "root_service": "shop",
            "services": ["pay", "shop"],
            "start": "2026-11-20T19:00:00.123456789Z",
            "duration_ms": 48.2,
            "span_count": 6,
            "error_count": 1,
        }
    ],
    "next_cursor": "WzE3OTUyMDQ4MDAxMjM0NTY3ODksIjBhZjciLDE3OTUyMDQ4MDBd",
    "elapsed_ms": 9.8,
}

_TRACE: Final = {
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "start": "2026-11-20T19:00:00.123456789Z",
    "duration_ms": 48.2,
    "services": ["shop"],
    "spans": [
        {
            "span_id": "b7ad6b7169203331",
            "parent_id": "",
            "name": "GET /orders/{id}",
            "kind": "Server",
            "service": "shop",
            "start": "2026-11-20T19:00:00.123456789Z",
            "offset_ms": 0.0,
            "duration_ms": 48.2,
            "status": "Error",
            "status_message": "not paid",
            "scope": "sightline.integrations.asgi",
            "attributes": {"http.route": "/orders/{id}"},
            "resource": {"service.name": "shop"},
            "events": [{"time": "2026-11-20T19:00:00.130000000Z", "name": "exception", "attributes": {}}],
            "links": [],
        }
    ],
    "logs": [],
    "truncated": False,
    "elapsed_ms": 3.4,
}


@router.get("", summary="Search traces", responses=described(TracePage, _PAGE), response_class=Response)
async def traces(
    request: Request,
    range_: Range,
    query: Annotated[str, Query(description="A search among spans.", examples=["status:error duration:>500ms"])] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most traces of the answer.")] = 50,
    cursor: Annotated[str | None, Query(description="next_cursor of the answer before.")] = None,
) -> Response:
    """Give the traces that have a span for which the search holds, newest first, page by page."""
    store = request.app.state.sightline.store
    return answer(await ask(search_traces, store, query, range_, limit=limit, cursor=cursor))


@router.get("/{trace_id}", summary="One trace", responses=described(Trace, _TRACE, 404), response_class=Response)
async def trace(
    request: Request,
    trace_id: Annotated[str, Path(pattern="^[0-9a-fA-F]{32}$", description="32 hexadecimal digits.")],
) -> Response:
    """Give all spans of a trace and the logs that carry its id."""
    found = await ask(read_trace, request.app.state.sightline.store, trace_id)
    if found is None:
        raise HTTPException(404, f"No span of the trace {trace_id.lower()} is stored.")
    return answer(found)
