"""
How much of a machine's time others on its host took: what is measured meanwhile tells of them, not of the program.

A virtual machine is told so by its host as time that was stolen; on a machine of one's own it is nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

CALM_PERCENT: Final = 3.0
"""Most of the time that may have been stolen while something was measured for its figure to be taken as it is."""

_TIMES: Final = Path("/proc/stat")
_ALL: Final = slice(1, 9)
_STOLEN: Final = 8
"""The columns of all processors' times: user, nice, system, idle, waiting, two of interrupts, stolen."""


class Stolen:
    """The time that was stolen since this was made."""

    def __init__(self) -> None:
        self._stolen, self._all = _ticks()

    def percent(self) -> float:
        """Give it as a share of all processors' time, in percent; 0 where the kernel does not tell."""
        stolen, all_ = _ticks()
        return round(100 * (stolen - self._stolen) / max(1, all_ - self._all), 1)


def _ticks() -> tuple[int, int]:
    try:
        times = _TIMES.read_text(encoding="ascii").split("\n", 1)[0].split()
    except OSError:
        return 0, 0
    return int(times[_STOLEN]), sum(map(int, times[_ALL]))
