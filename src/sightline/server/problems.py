"""Every error over HTTP in one shape: ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from sightline.base.errors import (
    BodyTooLarge,
    DecodeError,
    EncodingUnknown,
    QueryInvalid,
    QueryTooExpensive,
    RowsRefused,
    SightlineError,
    SpoolError,
    StoreError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request

MEDIA_TYPE: Final = "application/problem+json"

RETRY_AFTER_S: Final = 1
"""Seconds after which a client may ask again when the store does not answer."""

MAX_TOLD: Final = 64
"""Characters of what was given that an answer repeats."""

_PATTERNS: Final = {"^[0-9a-fA-F]{32}$": "Expected 32 hexadecimal digits"}
"""What regular expressions of parameters mean, in words."""

_log = logging.getLogger(__name__)

_KINDS: Final[tuple[tuple[type[SightlineError], int, str, str], ...]] = (
    (QueryInvalid, 400, "query-invalid", "The question cannot be read"),
    (QueryTooExpensive, 422, "query-too-expensive", "The question takes too much"),
    (BodyTooLarge, 413, "body-too-large", "The body is too large"),
    (EncodingUnknown, 415, "unsupported-media-type", "Unsupported Media Type"),
    (DecodeError, 400, "body-invalid", "The body cannot be read"),
    (RowsRefused, 400, "rows-refused", "The store cannot take these records"),
    (StoreError, 503, "store-unavailable", "The store does not answer"),
    (SpoolError, 503, "spool-unavailable", "The spool cannot be used"),
    (SightlineError, 500, "internal", "Something went wrong in the server"),
)
"""Our errors, most special first: status, type and title."""

SCHEMA: Final = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "position": {
            "type": ["integer", "null"],
            "description": "Offset of the character at fault in a search or in SQL.",
        },
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"where": {"type": "string"}, "message": {"type": "string"}}},
        },
    },
}
"""What a problem looks like, for the description of the API."""

EXAMPLE: Final = {
    "type": "urn:sightline:problem:query-invalid",
    "title": "The question cannot be read",
    "status": 400,
    "detail": "The quote that opens here is not closed.",
    "position": 0,
}


def problem(
    status: int,
    kind: str,
    title: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> Response:
    """Make the answer. *members* are further fields of the problem."""
    content = {"type": f"urn:sightline:problem:{kind}", "title": title, "status": status, "detail": detail, **members}
    return Response(msgspec.json.encode(content), status, dict(headers or {}), MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let *app* answer every error as a problem. Nothing of a traceback, a path or a setting gets into one."""
    app.add_exception_handler(SightlineError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(Exception, _of_bug)


async def _of_ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, SightlineError)
    return of_error(error)


def of_error(error: SightlineError) -> Response:
    """Make the answer to one of our errors."""
    status, kind, title = next(found[1:] for found in _KINDS if isinstance(error, found[0]))
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    if isinstance(error, EncodingUnknown):
        headers = {"Accept-Encoding": ", ".join(error.taken)}
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("An error that is no fault of the request", exc_info=error)
        return _internal()
    if isinstance(error, QueryInvalid):
        return problem(status, kind, title, str(error), headers=headers, position=error.position)
    return problem(status, kind, title, str(error), headers=headers)


def advice(answer: Response) -> dict[str, str]:
    """Give the headers of an answer to an error that tell its client what to do, for an answer in other words."""
    return {name: answer.headers[name] for name in ("Retry-After", "Accept-Encoding") if name in answer.headers}


async def _of_validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"where": ".".join(map(str, found.get("loc", ()))), "message": _expected_and_found(found)}
        for found in error.errors()
    ]
    detail = "; ".join(f"{found['where']}: {found['message']}" for found in errors[:5])
    return problem(400, "request-invalid", "The request cannot be read", f"{detail}.", errors=errors)


def _expected_and_found(error: Mapping[str, Any]) -> str:
    """Say what was expected, and of a parameter what was given; a body may hold secrets."""
    message = str(error.get("msg", ""))
    if error.get("type") == "string_pattern_mismatch":
        message = _PATTERNS.get(error["ctx"]["pattern"], message)
    given = error.get("input")
    if isinstance(given, str) and error.get("loc", ("",))[0] in {"path", "query"}:
        return f"{message}, found {given[:MAX_TOLD]!r}"
    return message


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    kind = phrase.lower().replace(" ", "-").replace("'", "")
    detail = str(error.detail)
    if detail == phrase and error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"There is no {request.url.path[:MAX_TOLD]} here. GET /openapi.json names all that there is."
    elif detail == phrase and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "another method")
        detail = f"{request.method} is not answered here; {allowed} is."
    return problem(error.status_code, kind, phrase, detail, headers=error.headers)


async def _of_bug(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _internal()


def _internal() -> Response:
    return problem(
        500, "internal", "Something went wrong in the server", "The server's log has the details. Nothing was changed."
    )
