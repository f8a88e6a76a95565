"""
Beacons of browsers: ``POST /api/rum``.

The same steps as everywhere: limit, decode, commit, answer, count.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.requests import ClientDisconnect

from sightline.base.errors import BodyTooLarge, DecodeError, RowsRefused, StoreUnavailable
from sightline.server.answers import known_parameters
from sightline.server.problems import of_error
from sightline.wire.rum import decode

if TYPE_CHECKING:
    from sightline.server.services import Services

PROTOCOL: Final = "rum"

router = APIRouter(tags=["Browsers"], dependencies=[Depends(known_parameters(protocol=PROTOCOL))])

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"text/plain": {"schema": {"type": "string"}}, "application/json": {"schema": {"type": "object"}}},
    }
}


@router.post("/api/rum", status_code=204, summary="Take what a browser recorded", openapi_extra=_BODY)
async def beacon(request: Request) -> Response:
    """Take a beacon, JSON of any content type; answered when its events are stored."""
    services: Services = request.app.state.sightline
    try:
        with services.intake.pending.request() as hold:
            content = await services.intake.body(request, hold)
            found = await services.intake.decode(decode, content, time.time_ns(), services.redactor)
            await services.intake.recent.once(found.identity, lambda: services.intake.store(PROTOCOL, found.decoded))
    except (BodyTooLarge, DecodeError, RowsRefused, StoreUnavailable) as error:
        services.counters.refuse(PROTOCOL, str(error))
        return of_error(error)
    except ClientDisconnect:
        return Response(status_code=HTTPStatus.BAD_REQUEST)
    return Response(status_code=HTTPStatus.NO_CONTENT)
