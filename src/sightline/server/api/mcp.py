"""``/mcp``: what coding assistants ask, over streamable HTTP. Each request stands for itself; there are no sessions."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response

from sightline.server.answers import HEADERS
from sightline.server.json_bodies import read_body
from sightline.server.mcp.inside import Inside
from sightline.server.mcp.protocol import NO_METHOD, PARSE_ERROR, Protocol, refusal
from sightline.server.problems import EXAMPLE, MEDIA_TYPE, SCHEMA

MAX_BODY: Final = 256 * 1024
"""Largest message, in bytes: the longest statement of SQL and its parameters."""

router = APIRouter(tags=["MCP"])

_MESSAGE: Final = {"type": "object", "required": ["jsonrpc"], "properties": {"jsonrpc": {"const": "2.0"}}}
_QUESTION: Final = {
    "jsonrpc": "2.0", "id": 1, "method": "tools/call",
    "params": {"name": "search", "arguments": {"query": "level:error"}},
}  # fmt: skip
_ANSWER: Final = {
    "jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": "{…}"}], "isError": False},
}  # fmt: skip
_PROBLEM: Final = {MEDIA_TYPE: {"schema": SCHEMA, "example": EXAMPLE}}
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The answer.", "content": {"application/json": {"schema": _MESSAGE, "example": _ANSWER}}},
    202: {"description": "A notification was taken note of."},
    400: {
        "description": "The message is not of the protocol.",
        "content": {"application/json": {"schema": _MESSAGE, "example": refusal(PARSE_ERROR, "This is no JSON.")}},
    },
    404: {
        "description": "There is no such method; only from revision 2026-07-28 on has it this status.",
        "content": {"application/json": {"schema": _MESSAGE, "example": refusal(NO_METHOD, "There is none.")}},
    },
    413: {"description": "The message is too large.", "content": _PROBLEM},
    415: {"description": "The message is not JSON.", "content": _PROBLEM},
}


@router.post(
    "/mcp",
    summary="Ask as an assistant",
    responses=_RESPONSES,
    response_class=Response,
    openapi_extra={
        "requestBody": {
            "required": True, "content": {"application/json": {"schema": _MESSAGE, "example": _QUESTION}},
        }
    },
)  # fmt: skip
async def mcp(request: Request) -> Response:
    """Take one message of the Model Context Protocol (JSON-RPC 2.0); its tools read and change nothing."""
    body = await read_body(request, MAX_BODY)
    try:
        message = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _json(refusal(PARSE_ERROR, "This is no JSON."), 400)
    services = request.app.state.sightline
    protocol = Protocol(Inside(request.app, request.receive), services.version)
    reply = await protocol.answer(message, {name.lower(): value for name, value in request.headers.items()})
    if reply.message is None:
        return Response(status_code=reply.status, headers=HEADERS)
    return _json(reply.message, reply.status)


@router.get("/mcp", include_in_schema=False)
@router.delete("/mcp", include_in_schema=False)
async def stream() -> Response:
    """Say that there are neither sessions nor messages that the server begins."""
    raise HTTPException(405, "There is only POST here: one message, one answer.", {"Allow": "POST"})


def _json(message: dict[str, Any], status: int) -> Response:
    return Response(msgspec.json.encode(message), status, HEADERS, "application/json")
