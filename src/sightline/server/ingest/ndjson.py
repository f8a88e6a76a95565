"""Log records as lines of JSON: ``POST /api/v1/logs/ndjson``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from sightline.base.errors import SightlineError
from sightline.server.answers import answer, described, known_parameters
from sightline.wire.log_object import ROLES, roles
from sightline.wire.ndjson import decode_ndjson

if TYPE_CHECKING:
    from sightline.server.services import Services

router = APIRouter(tags=["ingest"], dependencies=[Depends(known_parameters(protocol="ndjson"))])

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "example": '{"time": "2026-11-20T19:00:00Z", "level": "info", "message": "paid", "order": 7}\n',
            }
        },
    }
}

_Field = Annotated[str | None, Query(max_length=256, description="Name of the field that is it, and no other.")]


class Taken(msgspec.Struct):
    """
    What became of the records.

    Attributes:
        accepted: records that are stored.
        rejected: lines that are no records, or tell a time more than a year ahead.
        reason: why the first of those was rejected.
    """

    accepted: int
    rejected: int
    reason: str


_TAKEN: Final = {"accepted": 1200, "rejected": 0, "reason": ""}


@router.post(
    "/api/v1/logs/ndjson",
    summary="Take log records as lines of JSON",
    responses=described(Taken, _TAKEN, 413),
    response_class=Response,
    openapi_extra=_BODY,
)
async def ndjson(
    request: Request,
    time_field: _Field = None,
    level_field: _Field = None,
    message_field: _Field = None,
    service_field: _Field = None,
) -> Response:
    """
    Take one JSON object a line, or one array of objects; answered when they are stored.

    Fields are known by their usual names. A parameter names the one field that is meant, dotted where it is nested.
    """
    services: Services = request.app.state.sightline
    chosen = {"time": time_field, "level": level_field, "message": message_field, "service": service_field}
    named = {part: name for part, name in chosen.items() if name}
    try:
        with services.intake.pending.request() as hold:
            content = await services.intake.body(request, hold)
            known = roles(**named) if named else ROLES
            decoded = await services.intake.decode(decode_ndjson, content, time.time_ns(), known)
            decoded = await services.intake.store("ndjson", decoded)
    except SightlineError as error:
        services.counters.refuse("ndjson", str(error))
        raise
    return answer(Taken(decoded.accepted, decoded.rejected, decoded.reason))
