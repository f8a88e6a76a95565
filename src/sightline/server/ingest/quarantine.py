"""The file for lines that cannot be stored: set aside with the reason, never thrown away."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from sightline.server.live import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MOST_BYTES: Final = 256 * 1024 * 1024
"""Size at which a day's file takes no more: a broken writer must not fill the disk. What follows is only counted."""

_encode = msgspec.json.Encoder().encode


class BadLine(msgspec.Struct, frozen=True):
    r"""
    One line that cannot be stored.

    Attributes:
        time: when it was set aside, RFC 3339.
        segment: the file it came from.
        offset: where it begins in there.
        reason: what is wrong with it.
        line: its text; bytes that are no UTF-8 are written as ``\xNN``.
    """

    time: str
    segment: str
    offset: int
    reason: str
    line: str


def bad_line(now_ns: int, segment: str, offset: int, reason: str, line: bytes) -> BadLine:
    """Describe a line that cannot be stored."""
    return BadLine(rfc3339(now_ns), segment, offset, reason, line.decode("utf-8", "backslashreplace"))


def set_aside(directory: Path, lines: Sequence[BadLine]) -> Path:
    """
    Append *lines* to today's file, ``<date>.jsonl``, readable by its owner alone.

    After a crash the same lines may be in it twice; segment and offset tell.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"{datetime.now(UTC):%Y-%m-%d}.jsonl"
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(file).st_size < MOST_BYTES:
            os.write(file, b"".join(_encode(line) + b"\n" for line in lines))
    finally:
        os.close(file)
    return path
