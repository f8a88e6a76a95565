"""
Answers to OTLP's clients.

The protocol wants a ``google.rpc.Status`` in the request's encoding. One in JSON is a problem of RFC 9457 at the
same time: the members of both stand in one object. Who asks for ``application/problem+json`` gets the problem alone.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

from sightline.server.problems import MEDIA_TYPE, advice, of_error, problem
from sightline.wire.otlp.answers import JSON, PROTOBUF, failure, failure_members, success

if TYPE_CHECKING:
    from starlette.requests import Request

    from sightline.base.errors import SightlineError
    from sightline.wire.otlp import Decoded


def stored(signal: str, encoding: str, decoded: Decoded) -> Response:
    """Answer that everything is stored, but for what the protocol has a partial success for."""
    content = success(signal, encoding, rejected=decoded.rejected, reason=decoded.reason)
    return Response(content, media_type=encoding)


def unsupported(detail: str) -> Response:
    """Answer a request of a type that is not known, and say which are."""
    headers = {"Accept-Post": f"{PROTOBUF}, {JSON}"}
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    return problem(status, "unsupported-media-type", status.phrase, detail, headers=headers)


def refusal(request: Request, encoding: str, error: SightlineError) -> Response:
    """Answer an error in the request's encoding; only what is worth another try has a status that says so."""
    answer = of_error(error)
    if MEDIA_TYPE in request.headers.get("accept", ""):
        return answer
    headers = advice(answer)
    if encoding == PROTOBUF:
        return Response(failure(answer.status_code, str(error)), answer.status_code, headers, PROTOBUF)
    content = msgspec.json.decode(answer.body) | failure_members(answer.status_code, str(error))
    return Response(msgspec.json.encode(content), answer.status_code, headers, JSON)
