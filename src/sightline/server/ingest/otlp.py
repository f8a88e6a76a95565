"""
OTLP over HTTP: ``POST /v1/traces``, ``/v1/logs`` and ``/v1/metrics``.

Each signal takes the same steps in the same order: limit, decode, commit, answer, count.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.requests import ClientDisconnect

from sightline.base.errors import BodyTooLarge, DecodeError, RowsRefused, StoreUnavailable
from sightline.server.ingest import body as bodies
from sightline.server.ingest.commit import GROUP_ROWS, GroupCommit
from sightline.server.ingest.otlp_answers import refusal, stored, unsupported
from sightline.server.ingest.otlp_live import records
from sightline.server.services import Tally
from sightline.wire.otlp import Decoded, decode_logs, decode_metrics, decode_traces, to_protobuf
from sightline.wire.otlp.answers import JSON, PROTOBUF

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import pyarrow as pa

    from sightline.server.services import Services

THREADS: Final = 2
"""Threads that decode, and as many that insert. Decoding mostly holds the interpreter's lock: more gain nothing."""


@dataclass(frozen=True, slots=True)
class OtlpIngest:
    """What the requests of one server share."""

    pending: bodies.Pending
    threads: ThreadPoolExecutor
    committer: GroupCommit


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    def insert(table: str, rows: pa.Table) -> None:
        for start in range(0, rows.num_rows, GROUP_ROWS):
            app.state.sightline.store.insert_arrow(table, rows.slice(start, GROUP_ROWS))

    with (
        ThreadPoolExecutor(THREADS, "sightline-otlp-decode") as decoding,
        ThreadPoolExecutor(THREADS, "sightline-otlp-insert") as inserting,
    ):
        committer = GroupCommit(insert, inserting)
        yield {"otlp": OtlpIngest(bodies.Pending(), decoding, committer)}
        await committer.drain()


router = APIRouter(tags=["OTLP"], lifespan=_lifespan)

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


@router.post("/v1/traces", summary="Take spans by OTLP/HTTP", openapi_extra=_BODY)
async def traces(request: Request) -> Response:
    """Take an ``ExportTraceServiceRequest``, in Protobuf or JSON; answered when its spans are stored."""
    return await _export(request, "traces")


@router.post("/v1/logs", summary="Take log records by OTLP/HTTP", openapi_extra=_BODY)
async def logs(request: Request) -> Response:
    """Take an ``ExportLogsServiceRequest``, in Protobuf or JSON; answered when its records are stored."""
    return await _export(request, "logs")


@router.post("/v1/metrics", summary="Take data points by OTLP/HTTP", openapi_extra=_BODY)
async def metrics(request: Request) -> Response:
    """Take an ``ExportMetricsServiceRequest``, in Protobuf or JSON; answered when its samples are stored."""
    return await _export(request, "metrics")


async def _export(request: Request, signal: str) -> Response:
    encoding = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if encoding not in {PROTOBUF, JSON}:
        return unsupported(f"Content-Type is {encoding!r}; expected {PROTOBUF} or {JSON}.")
    if bodies.content_encoding(request) not in bodies.DECOMPRESSORS:
        known = ", ".join(bodies.DECOMPRESSORS)
        return unsupported(f"Content-Encoding is {bodies.content_encoding(request)!r}; expected {known}.")
    shared: OtlpIngest = request.state.otlp
    try:
        with shared.pending.request() as hold:
            decoded = await _decode(request, signal, encoding, shared, hold)
            await shared.committer.commit(decoded.tables)
    except (BodyTooLarge, DecodeError, RowsRefused, StoreUnavailable) as error:
        return refusal(request, encoding, error)
    except ClientDisconnect:
        return Response(status_code=HTTPStatus.BAD_REQUEST)
    _count(request.app.state.sightline, signal, decoded)
    return stored(signal, encoding, decoded)


async def _decode(request: Request, signal: str, encoding: str, shared: OtlpIngest, hold: bodies.Hold) -> Decoded:
    loop = asyncio.get_running_loop()
    content = await bodies.read(request, hold)
    if bodies.is_compressed(request):
        content = await loop.run_in_executor(
            shared.threads, bodies.decompress, content, bodies.content_encoding(request)
        )
        hold.grow(len(content) - hold.size_bytes)
    return await loop.run_in_executor(shared.threads, _decode_body, signal, encoding, content)


def _decode_body(signal: str, encoding: str, content: bytes) -> Decoded:
    if encoding == JSON:
        content = to_protobuf(signal, content)
    return _DECODERS[signal](content, time.time_ns())


def _count(services: Services, signal: str, decoded: Decoded) -> None:
    rows = sum(table.num_rows for table in decoded.tables.values())
    tally = Tally(**{_TALLIES[signal]: rows})
    services.counters.accepted.add(tally)
    services.counters.stored.add(tally)
    if services.live.wanted:
        services.live.publish_records(records(decoded.tables))


_DECODERS: Final[dict[str, Callable[[bytes, int], Decoded]]] = {
    "traces": decode_traces,
    "logs": decode_logs,
    "metrics": decode_metrics,
}

_TALLIES: Final = {"traces": "spans", "logs": "logs", "metrics": "samples"}
