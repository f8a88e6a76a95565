"""Bodies are read and decompressed within their limits."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from sightline.base.errors import BodyTooLarge, DecodeError, StoreUnavailable
from sightline.base.limits import MAX_BODY_BYTES, MAX_COMPRESSED_BYTES
from sightline.server.ingest.body import Pending, decompress, read

TEXT = b"spans " * 1000


def raw_deflate(content):
    """Compress without zlib's frame, as some clients do."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(content) + compressor.flush()


def read_all(chunks, pending=None, **headers):
    """Read a body that comes in *chunks*."""
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    waiting = iter([*messages, {"type": "http.request", "body": b"", "more_body": False}])

    async def receive():
        return next(waiting)

    async def run():
        with (pending or Pending()).request() as hold:
            return await read(Request({"type": "http", "headers": named}, receive), hold)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("identity", bytes),
        ("gzip", gzip.compress),
        ("gzip", lambda content: gzip.compress(content[:10]) + gzip.compress(content[10:])),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("zstd", zstd.compress),
        ("zstd", lambda content: zstd.compress(content[:10]) + zstd.compress(content[10:])),
    ],
)
def test_each_compression(encoding, compress):
    """Every compression that is offered is undone, in one piece or several."""
    assert decompress(compress(TEXT), encoding) == TEXT


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstd.compress)]
)
def test_endless_content(encoding, compress):
    """A small body that becomes too large is refused before it does."""
    bomb = compress(bytes(MAX_BODY_BYTES + 1))
    assert len(bomb) < 100_000

    with pytest.raises(BodyTooLarge, match="more than 67,108,864 bytes when decompressed"):
        decompress(bomb, encoding)


def test_many_members():
    """Many small members take time by their number, not by its square."""
    body = gzip.compress(b"") * 80_000 + gzip.compress(TEXT) * 100
    started = time.process_time()

    assert decompress(body, "gzip") == TEXT * 100
    assert time.process_time() - started < 2


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
def test_too_many_members(encoding, compress):
    """Content of more members than anybody writes is refused."""
    with pytest.raises(DecodeError, match="compressed members. Compress it as one"):
        decompress(compress(b"") * 100_001, encoding)


@pytest.mark.parametrize("size", [1, 9, 20, 21])
def test_members_across_steps(size):
    """Members are put together wherever they lie in the pieces that are read at once."""
    content = [bytes([number % 256]) * (number % (size + 1)) for number in range(5000)]

    assert decompress(b"".join(map(gzip.compress, content)), "gzip") == b"".join(content)


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstd.compress)]
)
def test_content_cut_short(encoding, compress):
    """Compressed content that ends early is refused, not taken in part."""
    with pytest.raises(DecodeError, match="cut short"):
        decompress(compress(TEXT)[:-5], encoding)


def test_zstd_window():
    """Content that wants a window larger than decoders must have is refused."""
    compressor = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    body = compressor.compress(bytes(20_000_000)) + compressor.flush()

    with pytest.raises(DecodeError, match="cannot be decompressed"):
        decompress(body, "zstd")


@given(st.sampled_from(["gzip", "deflate", "zstd"]), st.binary(min_size=1, max_size=100))
def test_random_bytes(encoding, body):
    """Random bytes are hardly ever a compressed body, and then refused with our own error."""
    try:
        decompress(body, encoding)
    except DecodeError as error:
        assert "The body" in str(error)  # noqa: PT017 - whether it raises is chance


def test_body_in_chunks():
    """A body comes together from its chunks, with or without its length stated."""
    assert read_all([b"ab", b"c"]) == b"abc"
    assert read_all([b"ab", b"c"], content_length="3") == b"abc"


@pytest.mark.parametrize(
    ("headers", "limit"), [({}, MAX_BODY_BYTES), ({"content_encoding": "gzip"}, MAX_COMPRESSED_BYTES)]
)
def test_stated_length(headers, limit):
    """A body whose stated length is over the limit is refused before any of it is read."""
    with pytest.raises(BodyTooLarge, match=f"at most {limit:,} are taken"):
        read_all([], content_length=str(limit + 1), **headers)


def test_length_that_is_not_stated():
    """A body that turns out too large is refused when it does."""
    half = bytes(MAX_COMPRESSED_BYTES // 2)

    with pytest.raises(BodyTooLarge, match="at most 16,777,216 are taken as it is sent, compressed"):
        read_all([half, half, b"x"], content_encoding="gzip")


def test_length_that_is_no_number():
    """A stated length that is no number is refused."""
    with pytest.raises(DecodeError, match="Content-Length is '-1'; expected a number of bytes"):
        read_all([], content_length="-1")


def test_too_much_under_way():
    """When all requests together hold too much, the next one is sent away, and what it held is given back."""
    pending = Pending(limit_bytes=100)

    with pending.request() as hold:
        hold.grow(60)
        with pytest.raises(StoreUnavailable, match="hold 60 of 100 bytes"):
            read_all([b"x" * 50], pending, content_length="50")
        assert read_all([b"x" * 40], pending) == b"x" * 40
    assert pending.held_bytes == 0
