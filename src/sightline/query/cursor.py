"""Where a page ended, as text that clients hand back and need not read."""

from __future__ import annotations

import base64
import binascii
from typing import Final, TypeVar

import msgspec

from sightline.base.errors import QueryInvalid

MAX_CURSOR_LENGTH: Final = 512
"""Longest cursor that is looked at, in characters; ours have about a hundred."""

T = TypeVar("T", bound=msgspec.Struct)


class After(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """Where a page of a list ended that is sorted by names."""

    name: str


def encode_cursor(position: msgspec.Struct) -> str:
    """Write a position as text that is safe in a URL."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).rstrip(b"=").decode()


def decode_cursor(text: str, kind: type[T]) -> T:
    """
    Read a position that ``encode_cursor`` wrote.

    Raises:
        QueryInvalid: if the text is no cursor of this kind.
    """
    try:
        if len(text) > MAX_CURSOR_LENGTH:
            raise ValueError  # noqa: TRY301 - one message for all that is wrong
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=kind)
    except (ValueError, UnicodeError, binascii.Error, msgspec.MsgspecError):
        raise QueryInvalid(
            "The cursor is not one of this list's. Take next_cursor of an answer, or leave it out."
        ) from None
