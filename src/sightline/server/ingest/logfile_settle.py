"""Waits with compressed files until nobody writes them: until then what they are made of is still there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from sightline.server.ingest.logfile_reader import compression

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

SETTLED_S: Final = 1.5
"""Seconds that a compressed file is unchanged before it is read. Compressors write more often, but not always."""

Inode = tuple[int, int]
State = tuple[int, int]


class Settling:
    """Knows since when compressed files are as they are."""

    def __init__(self) -> None:
        self._seen: dict[Inode, tuple[State, float]] = {}

    def state(self, inode: Inode, path: Path) -> State | None:
        """
        Give a file's size and time of change; None while it is compressed and may still be written.

        Raises:
            OSError: if it cannot be read.
        """
        with path.open("rb") as file:
            begin = file.read(4)
        stat = path.stat()
        state, now = (stat.st_size, stat.st_mtime_ns), time.monotonic()
        if not compression(begin):
            return state
        before, since = self._seen.get(inode, (None, now))
        if state != before:
            self._seen[inode] = (state, now)
            return None
        return state if now - since >= SETTLED_S else None

    def keep(self, found: Container[Inode]) -> None:
        """Forget the files that are not among *found*."""
        self._seen = {inode: seen for inode, seen in self._seen.items() if inode in found}
