"""How many fields a message of Protobuf has, told before it is decoded: two bytes can become two hundred."""

from __future__ import annotations

from typing import Any, Final

from sightline.base.errors import BodyTooLarge

SMALL_BYTES: Final = 2 * 1024 * 1024
"""A body that has no more cannot hold too many."""

_LENGTH_DELIMITED: Final = 2
_FIXED: Final = {1: 8, 5: 4}


def check(body: bytes, fields: dict[int, Any], most: int) -> None:
    """
    Count the fields of a message and of those inside it. What is broken is left for the decoder to tell.

    Args:
        body: the message.
        fields: numbers of the fields whose messages are looked into, each with those inside it; without any, it is not.
        most: how many there may be.

    Raises:
        BodyTooLarge: if there are more.
    """
    if len(body) <= SMALL_BYTES:
        return
    try:
        left = _walk(body, 0, len(body), fields, most)
    except IndexError:
        return
    if left < 0:
        raise BodyTooLarge(f"The request has more than {most:,} records, or what belongs to them. Send fewer at once.")


def _walk(body: bytes, at: int, end: int, fields: dict[int, Any], left: int) -> int:
    """Give how many more there may be; less than none where there are too many."""
    while at < end and left >= 0:
        left -= 1
        key, at = body[at], at + 1
        if key >= 0x80:
            key, at = _varint(body, at - 1)
        kind = key & 7
        if kind == _LENGTH_DELIMITED:
            size, at = body[at], at + 1
            if size >= 0x80:  # twice as fast as a call for each
                more = body[at]
                size, at = (size - 0x80 | more << 7, at + 1) if more < 0x80 else _varint(body, at - 1)
            below = fields.get(key >> 3)
            if below:
                left = _walk(body, at, min(end, at + size), below, left)
            at += size
        elif kind in _FIXED:
            at += _FIXED[kind]
        else:
            _, at = _varint(body, at)
    return left


def _varint(body: bytes, at: int) -> tuple[int, int]:
    """Read a number, and give where it ends."""
    number = 0
    for place in range(10):
        byte = body[at + place]
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return number, at + place + 1
    raise IndexError
