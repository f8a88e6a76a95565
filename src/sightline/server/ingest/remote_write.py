"""
Prometheus remote write, 1.0 and 2.0: ``POST /api/v1/write``.

The same steps as every protocol's: limit, decode, commit, answer, count. What was stored of a request that is partly
refused stays stored, as the protocol has it; status 400 tells the client not to send it again.
"""

from __future__ import annotations

import time
from email.message import Message
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from sightline.base.errors import BodyTooLarge, DecodeError, RowsRefused, StoreUnavailable
from sightline.server.ingest import body as bodies
from sightline.server.problems import of_error, problem
from sightline.wire import snappy
from sightline.wire.prometheus import KnownSeries, Written, decode_v1, decode_v2

if TYPE_CHECKING:
    from sightline.server.services import Services

router = APIRouter(tags=["Prometheus"])

VERSION_1: Final = "prometheus.WriteRequest"
VERSION_2: Final = "io.prometheus.write.v2.Request"

SMALL_BYTES: Final = 1024 * 1024
"""Bytes of a request, compressed, that others do not wait for while it is decoded."""

_MEDIA_TYPE: Final = "application/x-protobuf"
_DECODERS: Final = {VERSION_1: decode_v1, VERSION_2: decode_v2}
_BODY: Final = {
    "requestBody": {"required": True, "content": {_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
}


@router.post("/api/v1/write", summary="Take samples by Prometheus remote write", status_code=204, openapi_extra=_BODY)
@router.post("/prometheus/api/v1/write", summary="The same, where Mimir has it", status_code=204, openapi_extra=_BODY)
async def write(request: Request) -> Response:
    """Take a ``WriteRequest`` of 1.0 or a ``Request`` of 2.0, with Snappy; answered when its samples are stored."""
    message = _message(request)
    if message not in _DECODERS:
        return _unsupported(request)
    services: Services = request.app.state.sightline
    try:
        with services.intake.pending.request() as hold:
            if "content-encoding" in request.headers:
                bodies.taken_encoding(request, ("snappy",))
            content = await bodies.read(request, hold)
            hold.grow(snappy.size(content))
            known = _known(request)
            received_ns = time.time_ns()
            decode = services.intake.decode if len(content) > SMALL_BYTES else services.intake.decode_small
            written = await decode(_decode, message, content, received_ns, known)
            await services.intake.store("remote_write", written.decoded)
    except (BodyTooLarge, DecodeError, RowsRefused, StoreUnavailable) as error:
        services.counters.refuse("remote_write", str(error))
        return of_error(error)
    except ClientDisconnect:
        return Response(status_code=HTTPStatus.BAD_REQUEST)
    known.remember(written.fresh, received_ns / 1e9)
    return _stored(written)


def _known(request: Request) -> KnownSeries:
    """Find what this server knows of series; made with the first request, so that it costs nothing before."""
    state = request.app.state
    if not hasattr(state, "known_series"):
        state.known_series = KnownSeries()
    known: KnownSeries = state.known_series
    return known


def _decode(message: str, content: bytes, received_ns: int, known: KnownSeries) -> Written:
    return _DECODERS[message](snappy.decompress(content), received_ns, known)


def _message(request: Request) -> str:
    """Name the message that the request's type tells; without a parameter it is that of 1.0."""
    header = Message()
    header["content-type"] = request.headers.get("content-type", _MEDIA_TYPE)
    if header.get_content_type() != _MEDIA_TYPE:
        return header.get_content_type()
    return str(header.get_param("proto", VERSION_1))


def _stored(written: Written) -> Response:
    headers = {
        "X-Prometheus-Remote-Write-Samples-Written": str(written.samples),
        "X-Prometheus-Remote-Write-Histograms-Written": str(written.histograms),
        "X-Prometheus-Remote-Write-Exemplars-Written": str(written.exemplars),
    }
    if not written.decoded.rejected:
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
    detail = f"{written.decoded.rejected:,} samples were refused, the others are stored. {written.decoded.reason}"
    return problem(
        HTTPStatus.BAD_REQUEST, "samples-refused", "The store cannot take some samples", detail, headers=headers
    )


def _unsupported(request: Request) -> Response:
    kind = request.headers.get("content-type", "")[:200]
    detail = f"Content-Type is {kind!r}; expected {_MEDIA_TYPE} of {VERSION_1} or {VERSION_2}."
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    return problem(status, "unsupported-media-type", status.phrase, detail, headers={"Accept-Post": _MEDIA_TYPE})
