"""Time, in one place, so that tests can hold it still."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What code that needs the time asks for."""

    def now_ns(self) -> int:
        """Wall time in nanoseconds since the epoch."""
        ...

    def monotonic_s(self) -> float:
        """Seconds on a clock that never goes back."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ns(self) -> int:
        """Wall time in nanoseconds since the epoch."""
        return time.time_ns()

    def monotonic_s(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()
