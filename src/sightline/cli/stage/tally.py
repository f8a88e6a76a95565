"""Counts what applications wrote, by reading their segments beside the server: it trusts neither of the two."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from sightline.cli.stage.counts import Counts
from sightline.spool.format import HEADER_LIMIT_BYTES, SegmentName, decode_header

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_STEP: Final = 1024 * 1024
"""Bytes read at once, more than the longest line."""


class _Line(msgspec.Struct):
    kind: str
    samples: list[msgspec.Raw] = []


_decode: Final = msgspec.json.Decoder(_Line).decode


@dataclass(slots=True)
class _Followed:
    file: int
    position: int
    counted: bool


class Tally:
    """
    Follows every segment of a spool from its first byte.

    The files are held open, so that what the server deletes after reading is still counted to its end. ``look`` must
    come round faster than a segment is filled, stored and deleted.
    """

    def __init__(self, directory: Path, services: Iterable[str]) -> None:
        """
        Prepare to follow.

        Args:
            directory: the spool.
            services: names of the services whose records count; the server's own are not of interest.
        """
        self.counts = Counts()
        self._directory = directory
        self._services = frozenset(services)
        self._followed: dict[str, _Followed] = {}

    def look(self) -> Counts:
        """Count what was written since the last look, and give the sum."""
        if self._directory.is_dir():
            for path in sorted(self._directory.iterdir()):
                if path.name not in self._followed and SegmentName.parse(path.name):
                    self._follow(path)
        for segment in self._followed.values():
            if segment.counted and segment.file >= 0:
                self._advance(segment)
        return self.counts

    def close(self) -> None:
        """Let go of all files."""
        for segment in self._followed.values():
            self._let_go(segment)

    def _follow(self, path: Path) -> None:
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        header, begin = decode_header(os.pread(file, HEADER_LIMIT_BYTES, 0))
        segment = _Followed(file, begin, header.resource.get("service.name") in self._services)
        self._followed[path.name] = segment
        if not segment.counted:
            self._let_go(segment)

    def _advance(self, segment: _Followed) -> None:
        # The server deletes a segment that is final and read to its end: then this is the last look.
        deleted = os.fstat(segment.file).st_nlink == 0
        while True:
            block = os.pread(segment.file, _STEP, segment.position)
            written, nul, _ = block.partition(b"\0")
            end = written.rfind(b"\n") + 1
            for line in written[:end].splitlines():
                self._count(line)
            segment.position += end
            if nul or end == 0:
                break
        if deleted:
            self._let_go(segment)

    def _let_go(self, segment: _Followed) -> None:
        if segment.file >= 0:
            os.close(segment.file)
            segment.file = -1

    def _count(self, line: bytes) -> None:
        found = _decode(line)
        if found.kind == "log":
            self.counts.logs += 1
        elif found.kind == "span":
            self.counts.spans += 1
        elif found.kind == "event":
            self.counts.events += 1
        elif found.kind == "metric":
            self.counts.samples += len(found.samples)
