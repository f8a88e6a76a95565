"""Answers that a client may have already: with a tag of what is in them, and none of it where the client has it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.responses import Response

from sightline.server.answers import HEADERS

if TYPE_CHECKING:
    from starlette.requests import Request

NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "The client has this answer already: its If-None-Match names the ETag."}
}
"""Description of such an answer, for OpenAPI."""


def tag_of(content: bytes) -> str:
    """Make the tag of an answer."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def has(request: Request, tag: str) -> bool:
    """Tell whether the client has what *tag* stands for; weak tags compare as strong ones do (RFC 9110, 13.1.2)."""
    asked = request.headers.get("if-none-match", "")
    return asked.strip() == "*" or tag in {part.strip().removeprefix("W/") for part in asked.split(",")}


def tagged(request: Request, found: msgspec.Struct) -> Response:
    """Answer a struct as JSON, or 304 where the client has it already; it is to ask again each time."""
    content = msgspec.json.encode(found)
    timed = getattr(found, "elapsed_ms", None) is not None
    # How long it took to find is not what was found.
    tag = tag_of(msgspec.json.encode(msgspec.structs.replace(found, elapsed_ms=0)) if timed else content)
    return sent(request, content, tag)


def sent(request: Request, content: bytes, tag: str = "") -> Response:
    """Answer JSON that is written already, or 304."""
    headers = {**HEADERS, "Cache-Control": "no-cache", "ETag": tag or tag_of(content)}
    if has(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")
