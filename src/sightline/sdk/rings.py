"""The last values of a series in bounded memory, and what statistics say of them."""

from __future__ import annotations

import math
import threading
import time
from array import array
from typing import TYPE_CHECKING, Final, TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence

RING_VALUES: Final = 4096
"""Values kept of one series: 64 KiB. Statistics of a busy series are over its last values, and say over how many."""


class Statistics(TypedDict):
    """What statistics say of a series; None where there are no values."""

    count: int
    min: float | None
    max: float | None
    mean: float | None
    median: float | None
    p95: float | None
    p99: float | None
    std_dev: float | None


class Ring:
    """The last values with their times, on the monotonic clock. Safe for threads."""

    __slots__ = ("_at", "_lock", "_times", "_values", "count", "total")

    def __init__(self) -> None:
        # Guards the fields below.
        self._lock = threading.Lock()
        self._times = array("d")
        self._values = array("d")
        self._at = 0
        self.count = 0
        self.total = 0.0

    def add(self, value: float) -> None:
        """Keep *value*, in the place of the oldest where there is no other."""
        now = time.monotonic()
        with self._lock:
            self.count += 1
            self.total += value
            if len(self._values) < RING_VALUES:
                self._times.append(now)
                self._values.append(value)
                return
            self._times[self._at], self._values[self._at] = now, value
            self._at = (self._at + 1) % RING_VALUES

    def within(self, window_s: float) -> list[float]:
        """Give the values of the last *window_s* seconds, in no order."""
        since = time.monotonic() - window_s
        with self._lock:
            return [value for at, value in zip(self._times, self._values, strict=True) if at >= since]


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Find a percentile of values in ascending order, with linear interpolation, as numpy does by default."""
    place = (len(ordered) - 1) * percent / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    if ordered[below] == ordered[above]:
        return ordered[below]
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def describe_values(values: Sequence[float]) -> Statistics:
    """Say what statistics say of *values*. ``std_dev`` is the sample's (n - 1), 0 for a single value."""
    count = len(values)
    if not count:
        return {
            "count": 0, "min": None, "max": None, "mean": None, "median": None, "p95": None, "p99": None,
            "std_dev": None,
        }  # fmt: skip
    ordered = sorted(values)
    mean = math.fsum(ordered) / count
    squares = math.fsum((value - mean) ** 2 for value in ordered)
    return {
        "count": count,
        "min": ordered[0],
        "max": ordered[-1],
        "mean": mean,
        "median": percentile(ordered, 50),
        "p95": percentile(ordered, 95),
        "p99": percentile(ordered, 99),
        "std_dev": math.sqrt(squares / (count - 1)) if count > 1 else 0.0,
    }
