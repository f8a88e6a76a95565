"""Decodes bodies that are one JSON value, within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from sightline.base.errors import BodyTooLarge, DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MAX_BYTES: Final = 16 * 1024 * 1024
"""Largest such body. All of it becomes objects at once, of up to twenty times its size."""


def decode(body: bytes, decoder: Callable[[bytes], T]) -> T:
    """
    Decode with one of msgspec's decoders.

    Raises:
        BodyTooLarge: if *body* is over ``MAX_BYTES``.
        DecodeError: if it is not what the decoder wants; the message says where.
    """
    if len(body) > MAX_BYTES:
        raise BodyTooLarge(f"The body has {len(body):,} bytes; at most {MAX_BYTES:,} are taken as one JSON value.")
    try:
        return decoder(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(f"The body is not the JSON that was expected: {error}.") from None
