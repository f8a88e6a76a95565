"""
OTLP over HTTP: ``POST /v1/traces``, ``/v1/logs`` and ``/v1/metrics``.

Each signal takes the same steps in the same order: limit, decode, commit, answer, count.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from sightline.base.errors import BodyTooLarge, DecodeError, RowsRefused, StoreUnavailable
from sightline.server.ingest.otlp_answers import refusal, stored, unsupported
from sightline.wire.otlp import Decoded, decode_logs, decode_metrics, decode_traces, to_protobuf
from sightline.wire.otlp.answers import JSON, PROTOBUF

if TYPE_CHECKING:
    from collections.abc import Callable

    from sightline.server.services import Services

router = APIRouter(tags=["OTLP"])

_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            PROTOBUF: {"schema": {"type": "string", "format": "binary"}},
            JSON: {"schema": {"type": "object"}},
        },
    }
}
"""What the description of the API says of a request's body; the messages themselves are OTLP's."""


@router.post(
    "/api/{project}/integration/otlp/v1/traces",  # noqa: FAST003 - the resource names the service
    summary="The same, where Sentry's SDKs send",
    openapi_extra=_BODY,
)
@router.post("/v1/traces", summary="Take spans by OTLP/HTTP", openapi_extra=_BODY)
@router.post("/api/public/otel/v1/traces", summary="The same, where Langfuse has it", openapi_extra=_BODY)
async def traces(request: Request) -> Response:
    """Take an ``ExportTraceServiceRequest``, in Protobuf or JSON; answered when its spans are stored."""
    return await _export(request, "traces")


@router.post(
    "/api/{project}/integration/otlp/v1/logs",  # noqa: FAST003 - the resource names the service
    summary="The same, where Sentry's SDKs send",
    openapi_extra=_BODY,
)
@router.post("/v1/logs", summary="Take log records by OTLP/HTTP", openapi_extra=_BODY)
@router.post("/otlp/v1/logs", summary="The same, where Loki has it", openapi_extra=_BODY)
async def logs(request: Request) -> Response:
    """Take an ``ExportLogsServiceRequest``, in Protobuf or JSON; answered when its records are stored."""
    return await _export(request, "logs")


@router.post("/v1/metrics", summary="Take data points by OTLP/HTTP", openapi_extra=_BODY)
@router.post("/api/v1/otlp/v1/metrics", summary="The same, where Prometheus has it", openapi_extra=_BODY)
@router.post("/prometheus/api/v1/otlp/v1/metrics", summary="The same, where Mimir has it", openapi_extra=_BODY)
async def metrics(request: Request) -> Response:
    """Take an ``ExportMetricsServiceRequest``, in Protobuf or JSON; answered when its samples are stored."""
    return await _export(request, "metrics")


async def _export(request: Request, signal: str) -> Response:
    encoding = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if encoding not in {PROTOBUF, JSON}:
        return unsupported(f"Content-Type is {encoding!r}; expected {PROTOBUF} or {JSON}.")
    services: Services = request.app.state.sightline
    try:
        with services.intake.pending.request() as hold:
            content = await services.intake.body(request, hold)
            decoded = await services.intake.decode(decode, signal, encoding, content)
            decoded = await services.intake.store("otlp", decoded)
    except (BodyTooLarge, DecodeError, RowsRefused, StoreUnavailable) as error:
        services.counters.refuse("otlp", str(error))
        return refusal(request, encoding, error)
    except ClientDisconnect:
        return Response(status_code=HTTPStatus.BAD_REQUEST)
    return stored(signal, encoding, decoded)


def decode(signal: str, encoding: str, content: bytes) -> Decoded:
    """Decode the request of one signal, in Protobuf or JSON, that came now."""
    if encoding == JSON:
        content = to_protobuf(signal, content)
    return _DECODERS[signal](content, time.time_ns())


_DECODERS: Final[dict[str, Callable[[bytes, int], Decoded]]] = {
    "traces": decode_traces,
    "logs": decode_logs,
    "metrics": decode_metrics,
}
