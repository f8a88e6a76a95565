"""
What Sentry's SDKs send: ``POST /api/{project}/envelope/``, and ``/store/`` of older ones.

The same steps as everywhere: limit, decode, commit, answer, count.
"""

from __future__ import annotations

import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Path, Request, Response
from starlette.requests import ClientDisconnect

from sightline.base.errors import BodyTooLarge, DecodeError, RowsRefused, StoreUnavailable
from sightline.server.problems import RETRY_AFTER_S, of_error, problem
from sightline.wire.sentry import Sender, Taken, decode_envelope, decode_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from sightline.server.services import Services
    from sightline.wire.redact import Redactor

    Decode = Callable[[bytes, Sender, int, Redactor], Taken]

router = APIRouter(tags=["Sentry"])

PROTOCOL: Final = "sentry"

_PROJECT: Final = Path(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="The last part of the DSN.")
_AUTH: Final = re.compile(r"(?:^|[\s,])sentry_(key|client)=([^,\s]{1,200})")

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/x-sentry-envelope": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/api/{project}/envelope/", summary="Take an envelope of a Sentry SDK", openapi_extra=_BODY)
async def envelope(request: Request, project: Annotated[str, _PROJECT]) -> Response:
    """Take errors, messages, transactions, logs, metrics, sessions, check-ins and profiles; answered when stored."""
    return await _take(request, project, decode_envelope)


@router.post("/api/{project}/store/", summary="Take an event of an old Sentry SDK", openapi_extra=_BODY)
async def store(request: Request, project: Annotated[str, _PROJECT]) -> Response:
    """Take one event without an envelope; answered when it is stored."""
    return await _take(request, project, decode_event)


async def _take(request: Request, project: str, decode: Decode) -> Response:
    services: Services = request.app.state.sightline
    try:
        with services.intake.pending.request() as hold:
            content = await services.intake.body(request, hold)
            # SDKs take out what they know of secrets; what is left is taken out here.
            taken = await services.intake.decode(
                decode, content, _sender(request, project), time.time_ns(), services.redactor
            )
            token = taken.identity if taken.identity and taken.alone else None
            await services.intake.recent.once(
                taken.identity, lambda: services.intake.store(PROTOCOL, taken.decoded, token=token)
            )
    except StoreUnavailable as error:
        services.counters.refuse(PROTOCOL, str(error))
        return _later(error)
    except (BodyTooLarge, DecodeError, RowsRefused) as error:
        services.counters.refuse(PROTOCOL, str(error))
        return of_error(error)
    except ClientDisconnect:
        return Response(status_code=HTTPStatus.BAD_REQUEST)
    return Response(msgspec.json.encode({"id": taken.event_id}), media_type="application/json")


def _sender(request: Request, project: str) -> Sender:
    """Read the DSN's key and the SDK's name, from the header or the query."""
    told = dict(_AUTH.findall(request.headers.get("x-sentry-auth", "")[:2000]))
    for name in ("key", "client"):
        told.setdefault(name, request.query_params.get(f"sentry_{name}", "")[:200])
    name, _, version = told["client"].partition("/")
    return Sender(project, told["key"], name, version)


def _later(error: StoreUnavailable) -> Response:
    """Ask for a pause, in the words that these SDKs know; what they record meanwhile they drop and count."""
    headers = {"Retry-After": str(RETRY_AFTER_S), "X-Sentry-Rate-Limits": f"{RETRY_AFTER_S}::organization:busy"}
    return problem(
        HTTPStatus.TOO_MANY_REQUESTS, "store-unavailable", "The store does not answer", str(error), headers=headers
    )
