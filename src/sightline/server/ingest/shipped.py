"""
Lines that an application on another machine ships: ``POST /api/v1/lines``.

The steps are those of every protocol: limit, decode, commit, answer, count.
"""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final

import anyio.to_thread
import msgspec
from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response

from sightline.base.errors import DecodeError, RowsRefused, SegmentBroken
from sightline.server.answers import answer, described, known_parameters
from sightline.server.ingest import body as bodies
from sightline.server.ingest.batch import count
from sightline.server.ingest.quarantine import BadLine, set_aside
from sightline.server.ingest.sift import sift
from sightline.spool.format import SegmentName, decode_header
from sightline.spool.reader import Chunk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sightline.server.services import Services

_SEGMENT: Final = r"^\d{13}-[0-9a-f]{16}-\d{6}\.jsonl$"


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
    yield {"shipped": bodies.Pending()}


router = APIRouter(tags=["Lines"], lifespan=_lifespan)


class Stored(msgspec.Struct):
    """
    What became of a range; sent again with the same offsets, it is stored once.

    Attributes:
        stored: lines that are stored.
        quarantined: lines that cannot be stored and were set aside.
    """

    stored: int
    quarantined: int


_ANSWER: Final = {"stored": 1200, "quarantined": 0}


@router.post(
    "/api/v1/lines",
    summary="Take a range of a segment",
    responses=described(Stored, _ANSWER, 413),
    dependencies=[Depends(known_parameters())],
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The segment's header line, then whole lines.",
            "content": {
                "application/x-ndjson": {
                    "schema": {"type": "string"},
                    "example": '{"kind":"segment","format":1,…}\n{"kind":"log","time":…}\n',
                }
            },
        }
    },
)
async def lines(
    request: Request,
    segment: Annotated[str, Query(pattern=_SEGMENT, examples=["1795202514076-d2227cdd4253602a-000000.jsonl"])],
    start: Annotated[int, Query(ge=0, examples=[512])],
    end: Annotated[int, Query(gt=0, examples=[98304])],
) -> Response:
    """
    Take whole lines of a segment, behind the segment's header line; gzip, deflate and zstd are undone.

    Answered when the lines are stored.
    """
    encoding = bodies.content_encoding(request)
    if encoding not in bodies.DECOMPRESSORS:
        known = ", ".join(bodies.DECOMPRESSORS)
        raise DecodeError(f"Content-Encoding is {encoding!r}; expected {known}.")
    with request.state.shipped.request() as hold:
        content = await bodies.read(request, hold)
        content = await anyio.to_thread.run_sync(bodies.decompress, content, encoding)
        hold.grow(max(0, len(content) - hold.size_bytes))
        chunk = _chunk(content, segment, start, end)
        quarantined = await anyio.to_thread.run_sync(_store, request.app.state.sightline, chunk)
    return answer(Stored(chunk.lines.count(b"\n") - quarantined, quarantined))


def _chunk(content: bytes, segment: str, start: int, end: int) -> Chunk:
    """Take the body apart, and check that it is what its address says."""
    try:
        header, begin = decode_header(content)
    except SegmentBroken as error:
        raise DecodeError(str(error)) from None
    name = SegmentName.parse(segment)
    if name is None or name.instance != header.instance:
        raise DecodeError(f"The header is of instance {header.instance}, the segment {segment} is not.")
    found = content[begin:]
    if len(found) != end - start or not found.endswith(b"\n"):
        raise DecodeError(f"The range says {end - start} bytes of whole lines; the body has {len(found)}.")
    if re.search(rb"\0", found):
        raise DecodeError("The range holds NUL bytes; only what is written may be sent.")
    return Chunk(segment, start, end, found, header)


def _store(services: Services, chunk: Chunk) -> int:
    """Store a range, its bad lines set aside, and give their number."""
    resources = {chunk.header.instance: chunk.header.resource}
    token = f"shipped:{chunk.segment}:{chunk.start}:{chunk.end}"
    services.counters.accepted.add(count(chunk.lines))
    services.live.publish(chunk.lines, resources)
    good = chunk.lines
    bad: list[BadLine] = []
    try:
        services.store.insert_lines([good], resources, token)
    except RowsRefused:
        good, bad = sift(chunk, services.store.check_lines)
        if not bad:
            raise
        if good:
            services.store.insert_lines([good], resources, token)
        set_aside(services.home / "quarantine", bad)
        services.counters.quarantined += len(bad)
    services.counters.stored.add(count(good))
    return len(bad)
