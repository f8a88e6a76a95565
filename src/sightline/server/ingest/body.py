"""Bodies of requests, within their limits: one place for size, compression and what may be under way at once."""

from __future__ import annotations

import asyncio
import io
import zlib
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from sightline.base.errors import BodyTooLarge, DecodeError, EncodingUnknown, StoreUnavailable
from sightline.base.limits import MAX_BODY_BYTES, MAX_COMPRESSED_BYTES
from sightline.wire import members

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterator

    from starlette.requests import Request

T = TypeVar("T")

MAX_PENDING_BYTES: Final = MAX_BODY_BYTES * 3 // 2
"""Bytes of all bodies being read, decoded or stored; each takes about four. Above it, clients must come again."""

STALLED_S: Final = 60.0
"""Seconds that a body which has begun may pause. A sender that is gone without a word must not hold what came of it."""

MAX_ENCODING: Final = 64
"""Characters of a compression's name that is not known which an answer repeats."""

PENDING_SHARE: Final = 10
"""The memory budget is at least this many times what is under way, where that leaves room for one body."""

_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS
_RAW_DEFLATE: Final = -zlib.MAX_WBITS


def pending_bytes(memory_bytes: int) -> int:
    """Tell how many bytes may be under way within a memory budget."""
    return min(MAX_PENDING_BYTES, max(MAX_BODY_BYTES, memory_bytes // PENDING_SHARE))


class Pending:
    """
    Counts the bytes that are under way, for all requests of one server. Used in the event loop alone.

    Args:
        limit_bytes: most bytes of all together.
        admit: asked before a request is read; raises StoreUnavailable where there is no room for one.

    Attributes:
        held_bytes: bytes that are under way now.
        requests: requests that are.
    """

    def __init__(self, limit_bytes: int = MAX_PENDING_BYTES, admit: Callable[[], None] | None = None) -> None:
        self.limit_bytes = limit_bytes
        self.held_bytes = 0
        self.requests = 0
        self._admit = admit

    @contextmanager
    def request(self) -> Iterator[Hold]:
        """
        Count what one request holds until it is answered.

        Raises:
            StoreUnavailable: if there is no room for another one.
        """
        if self._admit is not None:
            self._admit()
        hold = Hold(self)
        self.requests += 1
        try:
            yield hold
        finally:
            self.requests -= 1
            hold.grow(-hold.size_bytes)


class Hold:
    """What one request holds."""

    def __init__(self, pending: Pending) -> None:
        self._pending = pending
        self.size_bytes = 0

    def grow(self, size_bytes: int) -> None:
        """
        Hold more, or less.

        Raises:
            StoreUnavailable: if all requests together would then hold more than the limit.
        """
        if size_bytes > 0 and self._pending.held_bytes + size_bytes > self._pending.limit_bytes:
            raise StoreUnavailable(
                f"Requests under way hold {self._pending.held_bytes:,} of {self._pending.limit_bytes:,} bytes. Send "
                "this one again later."
            )
        self._pending.held_bytes += size_bytes
        self.size_bytes += size_bytes


async def read(request: Request, hold: Hold, *, stalled_s: float = STALLED_S) -> bytes:
    """
    Read the body as it was sent. Its bytes are held as they come: what it states it may never send.

    Raises:
        BodyTooLarge: as soon as it is known to be over its limit; the rest is not read.
        DecodeError: if its stated length is no number.
        StoreUnavailable: if too much is under way already, or nothing of it comes for *stalled_s* seconds.
    """
    limit = MAX_COMPRESSED_BYTES if is_compressed(request) else MAX_BODY_BYTES
    stated = request.headers.get("content-length", "0")
    if not (stated.isascii() and stated.isdigit()):
        raise DecodeError(f"Content-Length is {stated!r}; expected a number of bytes.")
    _check(int(stated), limit)
    content = io.BytesIO()  # grows in place: joined chunks would be there twice
    size, stream = 0, request.stream()
    while (chunk := await unstalled(anext(stream, None), stalled_s)) is not None:
        size += len(chunk)
        _check(size, limit)
        hold.grow(len(chunk))
        content.write(chunk)
    return content.getvalue()


async def unstalled(coming: Awaitable[T], stalled_s: float = STALLED_S) -> T:
    """
    Wait for what comes next of a request.

    Raises:
        StoreUnavailable: if nothing comes for *stalled_s* seconds; with what this is answered with, senders come again.
    """
    try:
        async with asyncio.timeout(stalled_s):
            return await coming
    except TimeoutError:
        raise StoreUnavailable(f"Nothing more of the request came for {stalled_s:g} s. Send it again.") from None


def _check(size: int, limit: int) -> None:
    if size > limit:
        kind = "as it is sent, compressed" if limit == MAX_COMPRESSED_BYTES else "uncompressed"
        raise BodyTooLarge(
            f"The body has {size:,} bytes or more; at most {limit:,} are taken {kind}. Send fewer at once."
        )


def content_encoding(request: Request) -> str:
    """Name the body's compression; ``identity`` for none."""
    return request.headers.get("content-encoding", "").strip().lower() or "identity"


def taken_encoding(request: Request, taken: Collection[str]) -> str:
    """
    Name the body's compression, which every protocol asks for before it reads the body.

    Raises:
        EncodingUnknown: if it is none of *taken*; answered with 415, and with these.
    """
    encoding = content_encoding(request)
    if encoding not in taken:
        raise EncodingUnknown(encoding[:MAX_ENCODING], taken)
    return encoding


def is_compressed(request: Request) -> bool:
    """Tell whether the body is compressed."""
    return content_encoding(request) != "identity"


def decompress(body: bytes, encoding: str) -> bytes:
    """
    Undo one of ``DECOMPRESSORS``. Takes time: call it off the event loop.

    Raises:
        DecodeError: if *body* is broken or cut short.
        BodyTooLarge: as soon as the result is over ``MAX_BODY_BYTES``; no more than that is ever held.
    """
    return DECOMPRESSORS[encoding](body)


def _identity(body: bytes) -> bytes:
    return body


def _gzip(body: bytes) -> bytes:
    return _inflate(body, _GZIP_OR_ZLIB)


def _deflate(body: bytes) -> bytes:
    """Undo HTTP's ``deflate``, which by the standard has zlib's frame, and from some clients has not."""
    framed = len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _inflate(body, zlib.MAX_WBITS if framed else _RAW_DEFLATE)


def _inflate(body: bytes, window_bits: int) -> bytes:
    try:
        return members.joined(body, partial(zlib.decompressobj, window_bits), _NAME)
    except zlib.error as error:
        raise DecodeError(f"The body cannot be decompressed: {error}.") from None


_NAME: Final = "The body"


def _brotli(body: bytes) -> bytes:
    import brotli

    parts: list[bytes] = []
    room = MAX_BODY_BYTES
    stream = brotli.Decompressor()
    rest = body
    try:
        while not stream.is_finished():
            part = stream.process(rest, output_buffer_limit=_BROTLI_STEP_BYTES)
            if not part and not rest:
                raise DecodeError("The body's compressed content is cut short.")
            room = _use(room, part)
            parts.append(part)
            rest = b""
    except brotli.error as error:
        raise DecodeError(f"The body cannot be decompressed: {error}.") from None
    return b"".join(parts)


_BROTLI_STEP_BYTES: Final = 1024 * 1024
"""Bytes that are decompressed before it is looked again how many there are."""


def _zstd(body: bytes) -> bytes:
    from backports import zstd

    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
    try:
        return members.joined(body, partial(zstd.ZstdDecompressor, options=options), _NAME, _ZSTD_FRAMES)
    except zstd.ZstdError as error:
        raise DecodeError(f"The body cannot be decompressed: {error}.") from None


_ZSTD_FRAMES: Final = 10_000
"""Frames of one body; each takes tens of microseconds to open, many times what a member of gzip takes."""

_ZSTD_WINDOW_LOG: Final = 23
"""Largest window of zstd, as a power of two: 8 MiB, what the standard asks every decoder to have, and no more."""


def _use(room: int, part: bytes) -> int:
    if len(part) > room:
        raise BodyTooLarge(f"The body has more than {MAX_BODY_BYTES:,} bytes when decompressed. Send fewer at once.")
    return room - len(part)


DECOMPRESSORS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "identity": _identity,
    "gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
    "br": _brotli,
}
"""What undoes each ``Content-Encoding`` that is taken."""
