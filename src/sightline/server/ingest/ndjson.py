"""Log records as lines of JSON: ``POST /api/v1/logs/ndjson``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query, Request

from sightline.base.errors import SightlineError
from sightline.wire.log_object import ROLES, roles
from sightline.wire.ndjson import decode_ndjson

if TYPE_CHECKING:
    from sightline.server.services import Services

router = APIRouter(tags=["ingest"])

_BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"application/x-ndjson": {"schema": {"type": "string"}}}}
}

_Field = Annotated[str | None, Query(max_length=256)]


@router.post("/api/v1/logs/ndjson", summary="Take log records as lines of JSON", openapi_extra=_BODY)
async def ndjson(
    request: Request,
    time_field: _Field = None,
    level_field: _Field = None,
    message_field: _Field = None,
    service_field: _Field = None,
) -> dict[str, Any]:
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
            await services.intake.store("ndjson", decoded)
    except SightlineError as error:
        services.counters.refuse("ndjson", str(error))
        raise
    return {"accepted": decoded.accepted, "rejected": decoded.rejected, "reason": decoded.reason}
