"""What a segment looks like on disk; docs/formats/segment.md says it in words."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from sightline.base.errors import SegmentBroken, SpoolUnwritable

if TYPE_CHECKING:
    from pathlib import Path

FORMAT: Final = 1
"""Version of the format. A reader refuses a higher one and leaves the file alone."""

HEADER_LIMIT_BYTES: Final = 64 * 1024
"""Longest header line. A resource that needs more is cut by the SDK before it gets here."""

NAME: Final = re.compile(r"(?P<unix_ms>\d{13})-(?P<instance>[0-9a-f]{16})-(?P<sequence>\d{6})\.jsonl")
"""Name of a segment: sorted as text, segments are in the order of their making."""


class Header(msgspec.Struct, frozen=True, tag_field="kind", tag="segment", omit_defaults=True):
    """
    The first line of a segment.

    Attributes:
        format: version of the format.
        time: when the segment was made, nanoseconds since the epoch.
        instance: 16 hex digits, new for every process.
        pid: the process that writes.
        resource: what all lines of the segment have in common, OpenTelemetry's resource attributes.
    """

    format: int
    time: int
    instance: str
    pid: int
    resource: dict[str, str]


@dataclass(frozen=True, slots=True)
class SegmentName:
    """The parts of a segment's file name."""

    unix_ms: int
    instance: str
    sequence: int

    def __str__(self) -> str:
        return f"{self.unix_ms:013d}-{self.instance}-{self.sequence:06d}.jsonl"

    @classmethod
    def parse(cls, name: str) -> SegmentName | None:
        """Read a file's name; None where the file is no segment."""
        found = NAME.fullmatch(name)
        return cls(int(found["unix_ms"]), found["instance"], int(found["sequence"])) if found else None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Header).decode


def encode_header(header: Header) -> bytes:
    """Encode the header as one line, newline included."""
    return _encode(header) + b"\n"


def decode_header(start: bytes) -> tuple[Header, int]:
    """
    Read the header from the first bytes of a segment.

    Returns:
        The header, and the offset of the first record.

    Raises:
        SegmentBroken: if there is no whole header, or it is of a format that is not known.
    """
    end = start.find(b"\n", 0, HEADER_LIMIT_BYTES)
    if end < 0:
        raise SegmentBroken(f"The segment has no header line in its first {HEADER_LIMIT_BYTES} bytes.")
    try:
        header = _decode(start[:end])
    except msgspec.MsgspecError as error:
        raise SegmentBroken(f"The segment's header is no valid one: {error}.") from None
    if header.format != FORMAT:
        raise SegmentBroken(f"The segment has format {header.format}; this version reads format {FORMAT}. Upgrade.")
    return header, end + 1


def prepare_directory(directory: Path) -> None:
    """
    Make the spool's directory, open to its owner alone.

    Raises:
        SpoolUnwritable: if it cannot be made or written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if directory.stat().st_uid == os.getuid():
            directory.chmod(0o700)
    except OSError as error:
        raise SpoolUnwritable(
            f"The spool's directory {directory} cannot be made: {error.strerror}. Set SIGHTLINE_HOME to a directory "
            "that this user may write."
        ) from None
    if not os.access(directory, os.W_OK | os.X_OK):
        raise SpoolUnwritable(
            f"The spool's directory {directory} cannot be written by user {os.getuid()}. Set SIGHTLINE_HOME to a "
            "directory that this user may write."
        )
