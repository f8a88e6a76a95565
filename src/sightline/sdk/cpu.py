"""The share of the CPUs in use between two looks of one observer, whoever else looks in between."""

from __future__ import annotations

import psutil


class CpuShare:
    """Measures from one call to the next; psutil's own measure is shared by all who ask in the same thread."""

    def __init__(self) -> None:
        self._busy, self._total = _times()

    def percent(self) -> float:
        """Give the share in use since the call before, or since the beginning."""
        before_busy, before_total = self._busy, self._total
        self._busy, self._total = _times()
        total = self._total - before_total
        return round(100 * (self._busy - before_busy) / total, 1) if total > 0 else 0.0


def _times() -> tuple[float, float]:
    found = psutil.cpu_times()
    # What guests take is in the times of their host already.
    total = sum(found) - getattr(found, "guest", 0.0) - getattr(found, "guest_nice", 0.0)
    return total - found.idle - getattr(found, "iowait", 0.0), total
