"""Snappy's block format, as clients of Prometheus and Loki send it: no frame, the size in front."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.base.limits import MAX_BODY_BYTES

_SIZE_BYTES: Final = 5
"""Longest form of the size in front: 32 bits, seven in a byte."""


def size(body: bytes) -> int:
    """
    Read how many bytes *body* says that it has when it is decompressed.

    Raises:
        DecodeError: if it does not begin with a size.
        BodyTooLarge: if that is over ``MAX_BODY_BYTES``; nothing was decompressed then.
    """
    found = 0
    for place, byte in enumerate(body[:_SIZE_BYTES]):
        found |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            break
    else:
        raise DecodeError("The body is no Snappy block: it does not begin with its size.")
    if found > MAX_BODY_BYTES:
        raise BodyTooLarge(
            f"The body has {found:,} bytes when decompressed; at most {MAX_BODY_BYTES:,} are taken. Send fewer at once."
        )
    return found


def decompress(body: bytes) -> bytes:
    """
    Undo Snappy's block format.

    Raises:
        DecodeError: if *body* is broken or cut short.
        BodyTooLarge: if the result would be over ``MAX_BODY_BYTES``.
    """
    length = size(body)
    if length == 0:
        return b""
    try:
        content: bytes = _CODEC.decompress(body, decompressed_size=length, asbytes=True)
    except (pa.ArrowException, OSError) as error:
        raise DecodeError(f"The body is no Snappy block: {error}.") from None
    return content


_CODEC: Final = pa.Codec("snappy")
