"""An envelope: a line of JSON that heads it, then items, each with a line of JSON before its content."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from sightline.base.errors import DecodeError
from sightline.wire.reading import mapping

MOST_ITEMS: Final = 200
"""Items of one envelope; SDKs send a handful."""

MOST_HEADER: Final = 64 * 1024
"""Bytes of a line of JSON that heads an envelope or an item."""


class Item(NamedTuple):
    """
    One item.

    Attributes:
        kind: its type, such as ``event``.
        header: what was said of it.
        content: its bytes.
    """

    kind: str
    header: dict[str, Any]
    content: memoryview


def split(body: bytes) -> tuple[dict[str, Any], list[Item]]:
    """
    Give an envelope's header and its items.

    Raises:
        DecodeError: if it is no envelope, or has more than ``MOST_ITEMS`` items.
    """
    header, at = _header(body, 0)
    items: list[Item] = []
    while at < len(body):
        if body[at] == 10:  # empty lines may stand between items
            at += 1
            continue
        if len(items) == MOST_ITEMS:
            raise DecodeError(f"The envelope has more than {MOST_ITEMS} items. Send several envelopes.")
        about, start = _header(body, at)
        at = _end(body, start, about.get("length"))
        kind = about.get("type")
        items.append(Item(kind if isinstance(kind, str) else "", about, memoryview(body)[start:at]))
    return header, items


def parse(content: bytes | memoryview) -> Any:
    """
    Read JSON.

    Raises:
        DecodeError: if it is none, or too deep.
    """
    try:
        return msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError) as error:
        raise DecodeError(f"The content is no JSON that can be read: {error}.") from None


def _header(body: bytes, start: int) -> tuple[dict[str, Any], int]:
    end = body.find(b"\n", start, start + MOST_HEADER)
    if end < 0:
        end = len(body)
    if end - start > MOST_HEADER:
        raise DecodeError(f"The header at byte {start:,} is longer than {MOST_HEADER:,} bytes.")
    found = parse(memoryview(body)[start:end])
    if not isinstance(found, dict):
        raise DecodeError(f"The header at byte {start:,} is no JSON object.")
    return mapping(found), min(end + 1, len(body))


def _end(body: bytes, start: int, length: Any) -> int:
    if length is None:
        end = body.find(b"\n", start)
        return len(body) if end < 0 else end
    if isinstance(length, bool) or not isinstance(length, int) or not 0 <= length <= len(body) - start:
        raise DecodeError(
            f"An item's length is {str(length)[:32]!r}; expected at most {len(body) - start:,}, which is what follows."
        )
    return start + length
