"""
The time of this machine's processors that others on its host took: what was measured meanwhile tells of them as well.

A virtual machine is told by its host; on a machine of one's own, or where the kernel does not say, it is nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_TIMES: Final = Path("/proc/stat")
_STOLEN: Final = 8
"""The column: after user, nice, system, idle, waiting and two of interrupts."""


def stolen_ticks() -> int:
    """Give how much was taken since the machine began, in hundredths of a second of one processor."""
    try:
        return int(_TIMES.read_text(encoding="ascii").split("\n", 1)[0].split()[_STOLEN])
    except OSError:
        return 0
