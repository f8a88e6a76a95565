"""When a file that is open changed last, and when nothing more will come: of a renamed one, after a while."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sightline.server.ingest.logfile_reader import LogFile

QUIET_S: Final = 1.5
"""Seconds after which a file's last record is taken for whole."""

RENAMED_S: Final = 60.0
"""Seconds without a new byte after which a renamed file ends: its writer goes on with it until it opens the new one."""

MAX_RENAMED: Final = 64
"""Renamed files that are kept open; beyond, the one that was renamed first ends."""


class Watch:
    """
    What is seen of one file that is open.

    Args:
        file: the file.
        renamed_s: seconds without a new byte after which it ends when it is renamed.
    """

    def __init__(self, file: LogFile, renamed_s: float = RENAMED_S) -> None:
        self.gone_at: float | None = None
        self._file = file
        self._renamed_s = renamed_s
        self._state = (0, 0)
        self._changed_at = time.monotonic()
        self._ended = bool(file.compressed)

    def look(self, *, gone: bool) -> bool:
        """Look at it, with whether no name that is followed leads to it any more; tell whether it has changed."""
        now, stat = time.monotonic(), self._file.stat
        state = (stat.st_size, stat.st_mtime_ns)
        changed = state != self._state
        if changed:
            self._state, self._changed_at = state, now
        self.gone_at = (self.gone_at or now) if gone else None
        if self.gone_at is not None and not stat.st_nlink:
            self.end()  # deleted
        return changed

    def end(self) -> None:
        """Wait for nothing more."""
        self._ended = True

    @property
    def quiet(self) -> bool:
        """Whether it has not changed for a while."""
        return time.monotonic() - self._changed_at >= QUIET_S

    @property
    def ended(self) -> bool:
        """Whether nothing more will come: it is compressed, deleted, or was renamed and then left alone."""
        if self._ended or self.gone_at is None:
            return self._ended
        return time.monotonic() - max(self._changed_at, self.gone_at) >= self._renamed_s


def end_oldest(watches: Iterable[Watch], *, kept: int = MAX_RENAMED) -> None:
    """Let the files end that were renamed first, where there are more than are *kept* open."""
    renamed = sorted((watch for watch in watches if watch.gone_at is not None), key=lambda watch: watch.gone_at or 0)
    for watch in renamed[: max(0, len(renamed) - kept)]:
        watch.end()
