"""Log files: blocks of lines over HTTP, ``POST /api/v1/logs/file``, and files that the server follows itself."""

from __future__ import annotations

import base64
import binascii
import time
from contextlib import asynccontextmanager
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from sightline.base.errors import DecodeError, SightlineError
from sightline.server.answers import answer, ask, described, known_parameters
from sightline.server.ingest.logfile_follow import Follower
from sightline.server.ingest.logfile_take import Range, take
from sightline.state.log_files import HEAD_BYTES, FileFacts
from sightline.wire.logfile.formats import SAMPLE_BYTES, recognise
from sightline.wire.logfile.source import Source

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sightline.server.services import Services

router = APIRouter(prefix="/api/v1/logs", tags=["ingest"], dependencies=[Depends(known_parameters(protocol="logfile"))])


class FileOpened(msgspec.Struct):
    """
    What is known of a file.

    Attributes:
        file: its number, which comes with each block.
        path: where it was seen last.
        device: number of the device that it was seen on.
        inode: its number there.
        stored_to: bytes from its begin that are stored, decompressed.
        pending: ranges behind these that come first, each in one block as it is.
        moved: whether it was known by its first bytes alone; nothing changes before it is opened with ``moved``.
    """

    file: int
    path: str
    device: int
    inode: int
    stored_to: int
    pending: list[tuple[int, int]]
    moved: bool


class BlockStored(msgspec.Struct):
    """
    What became of a block.

    Attributes:
        format: the format that it was read in.
        stored: records that are stored.
        unread: lines that were not of the format; they are stored as they are.
    """

    format: str
    stored: int
    unread: int


class _Opening(msgspec.Struct):
    host: str
    path: str
    device: int
    inode: int
    head: str
    apart: bool = False
    moved: bool = False
    size: int | None = None


_decode_opening: Final = msgspec.json.Decoder(_Opening).decode

_OPENED: Final = {
    "file": 3, "path": "/var/log/nginx/access.log", "device": 2049, "inode": 131, "stored_to": 4096, "pending": [],
    "moved": False,
}  # fmt: skip

_OPENING: Final = {
    "host": "web-1", "path": "/var/log/nginx/access.log", "device": 2049, "inode": 131, "head": "MTI3LjAuMC4x",
    "size": 4711,
}  # fmt: skip

_JSON_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "What tells the file from others; head: its first 1024 bytes, in Base64; size: its bytes, where "
        "it is not compressed.",
        "content": {"application/json": {"schema": {"type": "object"}, "example": _OPENING}},
    }
}

_LINES_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "Whole lines; gzip, deflate and zstd work.",
        "content": {
            "text/plain": {
                "schema": {"type": "string"},
                "example": '127.0.0.1 - - [20/Nov/2026:19:00:00 +0000] "GET / HTTP/1.1" 200 12\n',
            }
        },
    }
}


def _text(description: str) -> Any:
    return Query(max_length=4096, description=description)


def _number(description: str) -> Any:
    return Query(ge=0, lt=2**63, description=description)


@router.post(
    "/files",
    summary="Begin with a log file",
    responses=described(FileOpened, _OPENED),
    response_class=Response,
    openapi_extra=_JSON_BODY,
)
async def open_file(request: Request) -> Response:
    """Tell how far a file is stored already, known by its device, inode and first bytes. docs/formats/log-files.md."""
    services: Services = request.app.state.sightline
    with services.intake.pending.request() as hold:
        content = await services.intake.body(request, hold)
    try:
        told = _decode_opening(content)
        head = base64.b64decode(told.head, validate=True)[:HEAD_BYTES]
    except (msgspec.MsgspecError, UnicodeDecodeError, binascii.Error, ValueError) as error:
        raise DecodeError(f"The body does not tell of a file: {error}.") from None
    facts = FileFacts(told.host[:255], told.path[:4096], told.device, told.inode, head, told.apart, told.size)
    files = services.offsets.log_files
    known = await ask(files.open, facts)
    if known.moved and told.moved:
        await ask(files.move, known.id, facts)
    return answer(
        FileOpened(known.id, known.path, known.device, known.inode, known.stored_to, list(known.pending), known.moved)
    )


@router.post(
    "/file",
    summary="Take lines of a log file",
    responses=described(BlockStored, {"format": "access", "stored": 36812, "unread": 0}, 404, 413),
    response_class=Response,
    openapi_extra=_LINES_BODY,
)
async def lines_of_file(
    request: Request,
    format_: Annotated[str, Query(alias="format", description="Name of the format; recognised where empty.")] = "",
    service: Annotated[str, _text("Name of the service; the file's where empty.")] = "",
    host: Annotated[str, _text("Name of the machine.")] = "",
    path: Annotated[str, _text("Where the file is.")] = "",
    time_ns: Annotated[int | None, _number("Time of lines without one, Unix nanoseconds. Default: now.")] = None,
    file: Annotated[int | None, _number("The number that was given for the file; with start and end.")] = None,
    start: Annotated[int | None, _number("Offset of the first byte in the file.")] = None,
    end: Annotated[int | None, _number("Offset behind the last byte.")] = None,
) -> Response:
    """
    Take whole lines of a log file of any format; answered when they are stored.

    With the number of a file and the range of bytes that these lines are of it, they are stored once, however often
    they are sent.
    """
    services: Services = request.app.state.sightline
    try:
        with services.intake.pending.request() as hold:
            content = await services.intake.body(request, hold)
            form = format_ or await services.intake.decode(recognise, content[:SAMPLE_BYTES])
            about = source(service=service, host=host, path=path, time_ns=time_ns)
            range_ = await _range(services, file, start, end)
            decoded, unread = await take(services, content, form, about, range_)
    except SightlineError as error:
        services.counters.refuse("logfile", str(error))
        raise
    return answer(BlockStored(form, decoded.accepted, unread))


async def _range(services: Services, file: int | None, start: int | None, end: int | None) -> Range | None:
    if file is None:
        return None
    if start is None or end is None or start >= end:
        raise DecodeError("With a file come start and end, and the start lies before the end.")
    known = await ask(services.offsets.log_files.get, file)
    if known is None:
        raise HTTPException(404, f"There is no log file {file}; open it with POST /api/v1/logs/files.")
    return Range(known, start, end)


def source(*, service: str, host: str, path: str, time_ns: int | None = None) -> Source:
    """Describe where lines come from; a service without a name is called as its file."""
    name = PurePath(path).name
    about = {"service.name": service or name.split(".")[0], "host.name": host, "log.file.path": path}
    return Source({key: value for key, value in about.items() if value}, time_ns or time.time_ns())


@asynccontextmanager
async def listen(services: Services) -> AsyncIterator[None]:
    """Follow the files of the setting ``log_files``."""
    patterns = services.settings["log_files"]
    if not patterns:
        yield
        return
    async with Follower(services, patterns, source):
        yield
