"""
Profiles in pprof's format: a profile itself, as Pyroscope's clients push them, or as OpenTelemetry has them.

The same steps as every protocol's: limit, decode, commit, answer, count. A profile that is sent again because its
answer got lost is stored once: it is known by its content, which says when it was taken.
"""

from __future__ import annotations

import time
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.requests import ClientDisconnect

from sightline.base.errors import SightlineError
from sightline.server.answers import known_parameters
from sightline.server.ingest.otlp_answers import unsupported
from sightline.server.problems import of_error
from sightline.wire.otlp.answers import PROTOBUF
from sightline.wire.pprof import Origin, answer_otlp, decode, decode_otlp, decode_push

if TYPE_CHECKING:
    from collections.abc import Callable

    from sightline.server.services import Services
    from sightline.wire.decoded import Decoded
    from sightline.wire.pprof import Profiles

Found = TypeVar("Found", bound="Decoded")

router = APIRouter(tags=["Profiles"])

_BINARY: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_PROFILE: Final = {"requestBody": {"required": True, "content": {"application/octet-stream": _BINARY}}}
_OTLP: Final = {"requestBody": {"required": True, "content": {PROTOBUF: _BINARY}}}
_PUSH: Final = {"requestBody": {"required": True, "content": {"application/proto": _BINARY}}}

Service = Annotated[str, Query(description="The service that was profiled.", min_length=1, max_length=200)]


@router.post(
    "/api/v1/profiles/pprof",
    summary="Take a profile in pprof's format",
    status_code=204,
    openapi_extra=_PROFILE,
    dependencies=[Depends(known_parameters(protocol="pprof"))],
)
async def profile(request: Request, service: Service = "unknown_service") -> Response:
    """Take a ``perftools.profiles.Profile`` of processor or clock time, compressed by gzip or not."""

    def decoder(body: bytes) -> Decoded:
        return decode(body, Origin(time.time_ns(), {"service.name": service}))

    return await _take(request, decoder, service, lambda _: Response(status_code=HTTPStatus.NO_CONTENT))


@router.post(
    "/push.v1.PusherService/Push", summary="Take profiles as Pyroscope's clients push them", openapi_extra=_PUSH
)
async def push(request: Request) -> Response:
    """Take a ``push.v1.PushRequest`` in Protobuf; answered when its profiles are stored."""

    def stored(_: Decoded) -> Response:
        return Response(b"", media_type="application/proto")

    return await _take(request, lambda body: decode_push(body, time.time_ns()), "push", stored)


@router.post("/v1development/profiles", summary="Take profiles by OTLP/HTTP", openapi_extra=_OTLP)
async def otlp(request: Request) -> Response:
    """Take an ``ExportProfilesServiceRequest`` in Protobuf, which may still change; answered when they are stored."""
    if (kind := request.headers.get("content-type", "").partition(";")[0].strip().lower()) != PROTOBUF:
        return unsupported(f"Content-Type is {kind!r}; expected {PROTOBUF}.")

    def stored(decoded: Profiles) -> Response:
        return Response(answer_otlp(decoded), media_type=PROTOBUF)

    return await _take(request, lambda body: decode_otlp(body, time.time_ns()), "otlp", stored)


async def _take(
    request: Request, decoder: Callable[[bytes], Found], origin: str, stored: Callable[[Found], Response]
) -> Response:
    """Store what a request brings; *stored* makes the answer then."""
    services: Services = request.app.state.sightline
    try:
        with services.intake.pending.request() as hold:
            content = await services.intake.body(request, hold)
            decoded = await services.intake.decode(decoder, content)
            token = sha256(origin.encode() + b"\0" + content).hexdigest()
            await services.intake.store("pprof", decoded, token=token)
    except SightlineError as error:
        services.counters.refuse("pprof", str(error))
        return of_error(error)
    except ClientDisconnect:
        return Response(status_code=HTTPStatus.BAD_REQUEST)
    return stored(decoded)
