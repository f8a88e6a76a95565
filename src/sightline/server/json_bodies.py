"""Bodies of questions and decisions: JSON of one shape, bounded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
import msgspec.inspect
from fastapi import HTTPException

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.server.answers import schema_of
from sightline.server.ingest.body import taken_encoding

if TYPE_CHECKING:
    from fastapi import Request

MAX_BODY: Final = 64 * 1024
"""Largest body, in bytes: a decision is a few words."""

_NO_CHOICE: Final = re.compile(r"^Invalid enum value .* - at `\$\.(\w+)`$", re.DOTALL)

T = TypeVar("T", bound=msgspec.Struct)


async def read_json(request: Request, kind: type[T], *, most: int = MAX_BODY) -> T:
    """
    Read the body as a *kind*.

    Raises:
        HTTPException, EncodingUnknown, BodyTooLarge: as :func:`read_body`.
        DecodeError: if it is not of this shape.
    """
    body = await read_body(request, most)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(f"The body cannot be read: {with_choices(error, kind)}.") from None


def with_choices(error: Exception, kind: type[msgspec.Struct]) -> str:
    """Say what is wrong with a *kind*, and which values there are where one is of none of them."""
    text = str(error)
    place = _NO_CHOICE.search(text)
    for field in msgspec.structs.fields(kind) if place else ():
        shape = msgspec.inspect.type_info(field.type)
        if place and field.encode_name == place[1] and isinstance(shape, msgspec.inspect.LiteralType):
            return f"{text}; expected one of {', '.join(map(str, shape.values))}"
    return text


async def read_body(request: Request, most: int) -> bytes:
    """
    Read a body that is said to be JSON.

    Raises:
        HTTPException: with 415 if it is not said to be JSON. A form of another page cannot say so.
        EncodingUnknown: if it is compressed: it is not worth it.
        BodyTooLarge: if it has more than *most* bytes.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "The body must be JSON: Content-Type application/json.")
    taken_encoding(request, ("identity",))
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise BodyTooLarge(f"The body has more than {most:,} bytes.")
    return bytes(body)


def body_described(kind: type[msgspec.Struct], example: dict[str, Any]) -> dict[str, Any]:
    """Describe a body for OpenAPI, as ``openapi_extra``."""
    content = {"application/json": {"schema": schema_of(kind), "example": example}}
    return {"requestBody": {"required": True, "content": content}}
