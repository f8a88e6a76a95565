"""
Answers to OTLP's clients.

The protocol wants a ``google.rpc.Status`` in the request's encoding. One in JSON is a problem of RFC 9457 at the
same time: the members of both stand in one object.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.responses import Response

from sightline.base.errors import BodyTooLarge, StoreUnavailable
from sightline.server.ingest.body import DECOMPRESSORS
from sightline.wire.otlp.answers import JSON, PROTOBUF, failure, failure_members, success

if TYPE_CHECKING:
    from starlette.requests import Request

    from sightline.base.errors import SightlineError
    from sightline.wire.otlp import Decoded

PROBLEM: Final = "application/problem+json"

RETRY_AFTER_S: Final = 1
"""Seconds after which a client may come back; an insert takes a small part of one."""


def stored(signal: str, encoding: str, decoded: Decoded) -> Response:
    """Answer that everything is stored, but for what the protocol has a partial success for."""
    content = success(signal, encoding, rejected=decoded.rejected, reason=decoded.reason)
    return Response(content, media_type=encoding)


def refusal(request: Request, encoding: str, error: SightlineError) -> Response:
    """Answer an error in the request's encoding; only what is worth another try has a status that says so."""
    if isinstance(error, StoreUnavailable):
        return _answer(request, encoding, 503, str(error), {"Retry-After": str(RETRY_AFTER_S)})
    return _answer(request, encoding, 413 if isinstance(error, BodyTooLarge) else 400, str(error), {})


def unsupported(request: Request, detail: str) -> Response:
    """Answer a request of a type or compression that is not known."""
    headers = {"Accept-Post": f"{PROTOBUF}, {JSON}", "Accept-Encoding": ", ".join(DECOMPRESSORS)}
    return _answer(request, PROBLEM, 415, detail, headers)


def _answer(request: Request, encoding: str, status: int, detail: str, headers: dict[str, str]) -> Response:
    if PROBLEM in request.headers.get("accept", ""):
        encoding = PROBLEM
    if encoding == PROTOBUF:
        return Response(failure(status, detail), status, headers, PROTOBUF)
    problem = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **failure_members(status, detail),
    }
    return Response(msgspec.json.encode(problem), status, headers, encoding)
