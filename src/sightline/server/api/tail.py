"""``/api/v1/logs/tail``: records as they come in, as server-sent events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import StreamingResponse

from sightline.query.search import LOGS, TRACES, matcher
from sightline.server.answers import known_parameters
from sightline.server.problems import EXAMPLE, MEDIA_TYPE, SCHEMA

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sightline.server.live import Live

HEARTBEAT_S: Final = 10.0
"""Seconds of silence after which a comment is sent: proxies close what is silent for a minute."""

router = APIRouter(prefix="/api/v1/logs", tags=["Logs"], dependencies=[Depends(known_parameters())])

_STREAM: Final = (
    'event: record\ndata: {"signal":"logs","timestamp":"2026-11-20T19:00:00.123456789Z","level":"INFO","severity":9,'
    '"service":"shop","logger":"shop.orders","body":"Order 7 was paid","trace_id":"","span_id":"",'
    '"attributes":{"order":"7"},"resource":{"service.name":"shop"}}\n\n'
    'event: dropped\ndata: {"count":12}\n\n'
)

_encode: Final = msgspec.json.Encoder().encode


@router.get(
    "/tail",
    summary="Follow records live",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Events record, with a record, and dropped, with how many were left out for slowness.",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _STREAM}},
        },
        400: {"description": "The search is wrong.", "content": {MEDIA_TYPE: {"schema": SCHEMA, "example": EXAMPLE}}},
    },
)
async def tail(
    request: Request,
    query: Annotated[str, Query(description="A search; see the page on the search language.")] = "",
    signal: Annotated[Literal["logs", "spans"], Query(description="What is followed.")] = "logs",
) -> StreamingResponse:
    """Send every record for which the search holds, before it is stored, until the client goes."""
    searched = matcher(query, LOGS if signal == "logs" else TRACES)

    def match(record: dict[str, Any]) -> bool:
        return record.get("signal") == signal and searched(record)

    return StreamingResponse(
        _events(request.app.state.sightline.live, match),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(live: Live, match: Callable[[dict[str, Any]], bool]) -> AsyncIterator[bytes]:
    with live.subscribe(match) as records:
        yield b": connected\n\n"
        while True:
            try:
                record = await records.next(HEARTBEAT_S)
            except StopAsyncIteration:
                return
            if dropped := records.dropped():
                yield _event(b"dropped", {"count": dropped})
            yield b": still here\n\n" if record is None else _event(b"record", record)


def _event(name: bytes, data: dict[str, Any]) -> bytes:
    return b"event: " + name + b"\ndata: " + _encode(data) + b"\n\n"
