"""Whether there is room for more records, on the disk and in memory: asked before every insert."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from sightline.base.errors import StoreUnavailable

LINES_SHARE: Final = 0.25
"""
Share of the disk's reserve that lines of the spool leave free. They may take the rest: what they take in the store is
a small part of what their segment gives back, where both are on one disk.
"""

MEMORY_SHARE: Final = 0.9
"""Share of the memory budget from which on no request is taken in; what is under way already takes the rest."""

LEAST_BUDGET_BYTES: Final = 512 * 1024 * 1024
"""The interpreter, the engine's code and its caches take up to this with nothing to do: a smaller budget is this."""

LOOK_S: Final = 0.02
"""Seconds that a look holds. Each lets the interpreter's lock go several times, which busy threads give back late."""

_STATUS: Final = Path("/proc/self/status")


def disks(*places: Path | None) -> tuple[Path, ...]:
    """Give those directories that lie on disks of their own, the first of each disk."""
    found: dict[int, Path] = {}
    for place in places:
        if place is not None:
            found.setdefault(place.stat().st_dev, place)
    return tuple(found.values())


class _Seen(NamedTuple):
    at: float
    free_bytes: tuple[int, ...]
    used_bytes: int


@dataclass(slots=True)
class Room:
    """
    The limits.

    Attributes:
        places: a directory on each disk that is watched: the home's, and the store's where it lies elsewhere.
        reserve_bytes: bytes of the disk that stay free.
        memory_bytes: private memory that the process may have.
    """

    places: tuple[Path, ...]
    reserve_bytes: int
    memory_bytes: int
    _seen: _Seen = field(default=_Seen(float("-inf"), (), 0), init=False)

    def check(self, *, lines: bool) -> None:
        """
        Let one insert pass.

        Args:
            lines: whether it is of lines, which wait in the spool otherwise.

        Raises:
            StoreUnavailable: if there is no room; the message says of what, and what to do.
        """
        kept = int(self.reserve_bytes * LINES_SHARE) if lines else self.reserve_bytes
        seen = self._look()
        for place, free in zip(self.places, seen.free_bytes, strict=True):
            if free < kept:
                raise StoreUnavailable(
                    f"The disk of {place} is full: {free:,} bytes are free and {kept:,} stay so. Make room, shorten "
                    "retention, or lower SIGHTLINE_DISK_RESERVE_BYTES; what waits is stored then."
                )
        budget = max(self.memory_bytes, LEAST_BUDGET_BYTES)
        if not lines and seen.used_bytes > budget * MEMORY_SHARE:
            raise StoreUnavailable(
                f"The server has {seen.used_bytes:,} of its {budget:,} bytes of memory in use. Send again later, less "
                "at once, or raise SIGHTLINE_MEMORY_BYTES."
            )

    def _look(self) -> _Seen:
        now = time.monotonic()
        if now - self._seen.at >= LOOK_S:
            free = tuple(shutil.disk_usage(place).free for place in self.places)
            self._seen = _Seen(now, free, private_bytes())
        return self._seen


def private_bytes() -> int:
    """Tell how much memory this process has for itself, in bytes; 0 where the system does not say."""
    try:
        text = _STATUS.read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    _, _, rest = text.partition("RssAnon:")
    return int(rest.split(maxsplit=1)[0]) * 1024 if rest else 0
