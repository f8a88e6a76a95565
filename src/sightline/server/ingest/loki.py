"""Loki's push API: ``POST /loki/api/v1/push``. What its clients send is stored before they are answered."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from sightline.base.errors import SightlineError
from sightline.server.problems import of_error, problem
from sightline.wire import loki

if TYPE_CHECKING:
    from sightline.server.services import Services
    from sightline.wire.decoded import Decoded

router = APIRouter(tags=["Loki"])

MAX_TENANT: Final = 150
"""Characters kept of a tenant's name; Loki allows as many."""

_SNAPPY: Final[tuple[str, ...]] = ("snappy",)
"""The compression that Protobuf always has here; some clients tell of it, and some do not."""

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-protobuf": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}


@router.post(
    "/loki/api/v1/push", summary="Take log lines as Loki does", status_code=HTTPStatus.NO_CONTENT, openapi_extra=_BODY
)
async def push(request: Request) -> Response:
    """Take a ``logproto.PushRequest`` compressed by snappy, or the same in JSON; answered when its lines are stored."""
    services: Services = request.app.state.sightline
    tenant = request.headers.get("x-scope-orgid", "")[:MAX_TENANT]
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    decoder, own = loki.decode_protobuf, _SNAPPY
    if kind == "application/json":
        decoder, own = loki.decode_json, ()
    try:
        with services.intake.pending.request() as hold:
            content = await services.intake.body(request, hold, own=own)
            decoded = await services.intake.decode(decoder, content, time.time_ns(), tenant)
            decoded = await services.intake.store("loki", decoded)
    except SightlineError as error:
        services.counters.refuse("loki", str(error))
        return of_error(error)
    except ClientDisconnect:
        return Response(status_code=HTTPStatus.BAD_REQUEST)
    return _some(decoded) if decoded.rejected else Response(status_code=HTTPStatus.NO_CONTENT)


def _some(decoded: Decoded) -> Response:
    """Say what was rejected, as Loki does: with 400, which no client sends again, though the rest is stored."""
    offered = decoded.accepted + decoded.rejected
    detail = f"{decoded.rejected:,} of {offered:,} lines were rejected, the others are stored. {decoded.reason}"
    return problem(HTTPStatus.BAD_REQUEST, "lines-rejected", "Some lines were rejected", detail)


@router.get("/loki/ready", include_in_schema=False)
@router.get("/ready", include_in_schema=False)
async def ready() -> Response:
    """Say that lines are taken, in Loki's words; ``/health`` says more."""
    return Response("ready\n", media_type="text/plain")
