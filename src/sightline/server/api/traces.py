"""``/api/v1/traces``: search, one trace, where its time went, two beside each other."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response

from sightline.base.limits import MAX_PAGE
from sightline.query.analyses.critical_path import CriticalPath, critical_path
from sightline.query.analyses.trace_comparison import TraceComparison, compare_traces
from sightline.query.span_pages import SpanPage, write_spans
from sightline.query.traces import MAX_SPANS, Trace, TracePage, read_trace, search_traces
from sightline.server.answers import HEADERS, Range, answer, ask, described, known_parameters
from sightline.server.tags import NOT_MODIFIED, tagged

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

_SPAN: Final = {
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

_TRACE: Final = {
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "start": "2026-11-20T19:00:00.123456789Z",
    "duration_ms": 48.2,
    "services": ["shop"],
    "spans": [_SPAN],
    "logs": [],
    "truncated": False,
    "elapsed_ms": 3.4,
}


_SPANS: Final = {
    "trace_id": _TRACE["trace_id"],
    "spans": [_SPAN],
    "next_cursor": "WzE3OTUsIjEiLDE3OTVd",
    "elapsed_ms": 2.2,
}

_PATH: Final = {
    "trace_id": _TRACE["trace_id"],
    "duration_ms": 48.2,
    "steps": [
        {
            "span_id": "b7ad6b7169203331",
            "name": "GET /orders/{id}",
            "service": "shop",
            "offset_ms": 0.0,
            "duration_ms": 48.2,
        }
    ],
    "shares": [{"service": "shop", "name": "GET /orders/{id}", "duration_ms": 48.2, "share": 1.0}],
}

_FIGURES: Final = {"count": 1, "errors": 0, "duration_ms": 48.2, "self_ms": 31.0}

_COMPARISON: Final = {
    "before": _TRACE["trace_id"],
    "after": "4bf92f3577b34da6a3ce929d0e0e4736",
    "before_ms": 48.2,
    "after_ms": 20.1,
    "paths": [{"path": ["shop: GET /orders/{id}"], "before": _FIGURES, "after": _FIGURES, "change_ms": 0.0}],
}

T = TypeVar("T")

ID: Final = "^[0-9a-fA-F]{32}$"

TraceId = Annotated[str, Path(pattern=ID, description="32 hexadecimal digits.")]


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


@router.get(
    "/compare", summary="Two traces", responses=described(TraceComparison, _COMPARISON, 404), response_class=Response
)
async def comparison(
    request: Request,
    before: Annotated[str, Query(pattern=ID, description="One trace.", examples=["0af7651916cd43dd8448eb211c80319c"])],
    after: Annotated[str, Query(pattern=ID, description="The other.", examples=["4bf92f3577b34da6a3ce929d0e0e4736"])],
) -> Response:
    """Compare two traces: spans with the same names from the root down, and how much their own time differs."""
    return answer(compare_traces(await _found(request, before), await _found(request, after)))


@router.get(
    "/{trace_id}", summary="One trace", responses=described(Trace, _TRACE, 404) | NOT_MODIFIED, response_class=Response
)
async def trace(
    request: Request,
    trace_id: TraceId,
) -> Response:
    """Give the spans of a trace, the first ten thousand, and the logs that carry its id; 304 while nothing is added."""
    return tagged(request, await _found(request, trace_id))


@router.get(
    "/{trace_id}/spans", summary="Spans, paged", responses=described(SpanPage, _SPANS, 404), response_class=Response
)
async def spans(
    request: Request,
    trace_id: TraceId,
    limit: Annotated[int, Query(ge=1, le=MAX_SPANS, description="Most spans of the answer, 10000 at most.")] = MAX_PAGE,
    cursor: Annotated[str | None, Query(description="next_cursor of the answer before.")] = None,
) -> Response:
    """Give the spans of a trace of any size by their start, page by page."""
    store = request.app.state.sightline.store
    written = _there(await ask(write_spans, store, trace_id, limit=limit, cursor=cursor), trace_id)
    return Response(written, headers=HEADERS, media_type="application/json")


@router.get(
    "/{trace_id}/critical-path",
    summary="Where its time went",
    responses=described(CriticalPath, _PATH, 404),
    response_class=Response,
)
async def path(request: Request, trace_id: TraceId) -> Response:
    """Give the chain of spans that the end of the trace waited for."""
    return answer(critical_path(await _found(request, trace_id)))


async def _found(request: Request, trace_id: str) -> Trace:
    return _there(await ask(read_trace, request.app.state.sightline.store, trace_id), trace_id)


def _there(found: T | None, trace_id: str) -> T:
    if found is None:
        raise HTTPException(404, f"No span of the trace {trace_id.lower()} is stored.")
    return found
