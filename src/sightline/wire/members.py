"""Compressed content of one member or many, one after the other, as gzip and zstd allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.base.limits import MAX_BODY_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_MEMBERS: Final = 100_000
"""Members of one content; each takes microseconds to open. Fluentd writes one for every few records."""

STEP_BYTES: Final = 16 * 1024
"""Compressed bytes that are given at once. What a member leaves of them is copied, so whole content never is."""


class Member(Protocol):
    """What undoes one member, of ``zlib`` or ``zstd``."""

    @property
    def eof(self) -> bool:
        """Whether the member's end was reached."""

    @property
    def unused_data(self) -> bytes:
        """What was given behind that end."""

    def decompress(self, data: memoryview, max_length: int, /) -> bytes:
        """Undo more of it."""


def joined(content: bytes, open_member: Callable[[], Member], name: str, most_members: int = MAX_MEMBERS) -> bytes:
    """
    Undo all members, in time that grows with the content's length however many they are.

    Args:
        content: what was compressed.
        open_member: makes what undoes the next member.
        name: what this is, for messages.
        most_members: how many there may be.

    Raises:
        BodyTooLarge: as soon as there is more than ``MAX_BODY_BYTES``; no more than that is ever held.
        DecodeError: if it is cut short, or has too many members. What they raise themselves comes through.
    """
    rest, room, members = memoryview(content), MAX_BODY_BYTES, 0
    parts: list[bytes] = []
    member: Member | None = None
    while rest:
        if member is None:
            member, members = open_member(), members + 1
        if members > most_members:
            raise DecodeError(f"{name} has more than {most_members:,} compressed members. Compress it as one.")
        given = rest[: len(rest) % STEP_BYTES or STEP_BYTES]
        part = member.decompress(given, room + 1)
        if len(part) > room:
            raise BodyTooLarge(f"{name} has more than {MAX_BODY_BYTES:,} bytes when decompressed. Send fewer at once.")
        room -= len(part)
        parts.append(part)
        rest = rest[len(given) - len(member.unused_data) :]
        member = None if member.eof else member
    if member is not None:
        raise DecodeError(f"{name} is cut short: its compressed content has no end.")
    return b"".join(parts)
