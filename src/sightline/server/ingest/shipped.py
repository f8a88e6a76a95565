"""
Lines that an application on another machine ships: ``POST /api/v1/lines``.

The steps are those of every protocol: limit, decode, commit, answer, count.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from sightline.base.errors import DecodeError, RowsRefused, SegmentBroken
from sightline.server.answers import answer, described, known_parameters
from sightline.server.ingest.batch import count, cut, gathered
from sightline.server.ingest.quarantine import BadLine, set_aside
from sightline.server.ingest.sift import sift
from sightline.server.threads import Threads
from sightline.spool.format import HEADER_LIMIT_BYTES, SegmentName, decode_header
from sightline.spool.reader import Chunk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sightline.server.ingest.batch import Batch
    from sightline.server.services import Services


class _RangeLine(msgspec.Struct, tag_field="kind", tag="range"):
    segment: str
    start: int
    end: int


_decode = msgspec.json.Decoder(_RangeLine).decode

_LONGEST_RANGE_LINE: Final = 200
"""Bytes in which a range's address ends; it has a name of 44 characters and two numbers."""

WEIGHT_BYTES: Final = 32 * 1024 * 1024
"""What one insert may unfold to. A body that comes again after an update has to be cut as before, or counts twice."""


STORED_AT_ONCE: Final = 4
"""Bodies that are stored or wait for that at once, twice what the store inserts; more would gain nothing."""

_storing: Final = Threads("lines", STORED_AT_ONCE)

router = APIRouter(tags=["Lines"])


class Stored(msgspec.Struct):
    """
    What became of the ranges; the same body sent again is stored once.

    Attributes:
        stored: lines that are stored.
        quarantined: lines that cannot be stored and were set aside.
    """

    stored: int
    quarantined: int


_ANSWER: Final = {"stored": 1200, "quarantined": 0}


@router.post(
    "/api/v1/lines",
    summary="Take ranges of segments",
    responses=described(Stored, _ANSWER, 413),
    dependencies=[Depends(known_parameters())],
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "Of each range its address, its segment's header line, and whole lines.",
            "content": {
                "application/x-ndjson": {
                    "schema": {"type": "string"},
                    "example": '{"kind":"range","segment":"…","start":512,"end":98304}\n'
                    '{"kind":"segment","format":1,…}\n'
                    '{"kind":"log","time":…}\n',
                }
            },
        }
    },
)
async def lines(request: Request) -> Response:
    """
    Take whole lines of segments, each range behind its address and its segment's header; gzip, deflate and zstd work.

    docs/formats/shipping.md describes the body. Answered when the lines are stored.
    """
    services: Services = request.app.state.sightline
    with services.intake.pending.request() as hold:
        content = await services.intake.body(request, hold)
        chunks = list(_chunks(content))
        quarantined = await _storing.run(_store, services, chunks)
    return answer(Stored(sum(chunk.lines.count(b"\n") for chunk in chunks) - quarantined, quarantined))


def _chunks(content: bytes) -> Iterator[Chunk]:
    """Take the body apart, and check that each range is what its address says."""
    if not content:
        raise DecodeError("The body is empty; expected ranges of segments, see docs/formats/shipping.md.")
    at = 0
    while at < len(content):
        end = content.find(b"\n", at, at + _LONGEST_RANGE_LINE)
        try:
            told = _decode(content[at : max(at, end)])
            header, begin = decode_header(content[end + 1 : end + 1 + HEADER_LIMIT_BYTES])
        except msgspec.MsgspecError as error:
            raise DecodeError(f"The body has no address of a range at byte {at}: {error}.") from None
        except SegmentBroken as error:
            raise DecodeError(str(error)) from None
        begin += end + 1
        chunk = Chunk(told.segment, told.start, told.end, content[begin : begin + told.end - told.start], header)
        _check(chunk)
        yield chunk
        at = begin + len(chunk.lines)


def _check(chunk: Chunk) -> None:
    name = SegmentName.parse(chunk.segment)
    if name is None or name.instance != chunk.header.instance:
        raise DecodeError(f"The header is of instance {chunk.header.instance}, the segment {chunk.segment!r} is not.")
    size_bytes = chunk.end - chunk.start
    if size_bytes <= 0 or len(chunk.lines) != size_bytes or not chunk.lines.endswith(b"\n"):
        raise DecodeError(f"The range says {size_bytes} bytes of whole lines; the body has {len(chunk.lines)}.")
    if b"\0" in chunk.lines:
        raise DecodeError("The range holds NUL bytes; only what is written may be sent.")


def _store(services: Services, chunks: list[Chunk]) -> int:
    """Store ranges, their bad lines set aside, and give the number of those."""
    # The same body is cut in the same way, so each batch has the same token again.
    pieces = (piece for chunk in chunks for piece in cut(chunk, WEIGHT_BYTES))
    return sum(_store_batch(services, batch) for batch in gathered(pieces, WEIGHT_BYTES))


def _store_batch(services: Services, batch: Batch) -> int:
    ranges = "|".join(f"{chunk.segment}:{chunk.start}:{chunk.end}" for chunk in batch.chunks)
    token = f"shipped:{hashlib.sha256(ranges.encode()).hexdigest()}"
    services.counters.accepted.add(batch.tally)
    for chunk in batch.chunks:
        services.live.publish(chunk.lines, {chunk.header.instance: chunk.header.resource})
    good = [chunk.lines for chunk in batch.chunks]
    bad: list[BadLine] = []
    try:
        services.store.insert_lines(good, batch.resources, token)
    except RowsRefused:
        sifted = [sift(chunk, services.store.check_lines) for chunk in batch.chunks]
        good = [kept for kept, _ in sifted]
        bad = [line for _, broken in sifted for line in broken]
        if not bad:
            raise
        if any(good):
            services.store.insert_lines(good, batch.resources, token)
        set_aside(services.home / "quarantine", bad)
        services.counters.quarantined += len(bad)
    services.counters.stored.add(count(b"".join(good)) if bad else batch.tally)
    return len(bad)
