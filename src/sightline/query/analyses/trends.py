"""Which way a gauge goes: ``stable``, ``increasing`` or ``decreasing``. docs/howto/monitoring-api.md has the method."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Trend = Literal["stable", "increasing", "decreasing"]

LEAST_POINTS: Final = 5
"""Points below which nothing is said but ``stable``: a line through fewer of them is chance."""

LEAST_CHANGE: Final = 5.0
"""Percentage points along the line, from its first to its last point, up to which a percentage counts as stable."""

ERRORS: Final = 2.0
"""Standard errors that a change must exceed: noise around a level has a slope, too, one time in twenty above this."""


def trend(points: Sequence[tuple[float, float]]) -> Trend:
    """
    Lay a line through points of time and percentage, by least squares, and tell which way it goes.

    It goes up or down where its change from the first point to the last is more than ``LEAST_CHANGE`` and more than
    ``ERRORS`` times the change's standard error.
    """
    if len(points) < LEAST_POINTS:
        return "stable"
    mean_x = math.fsum(x for x, _ in points) / len(points)
    mean_y = math.fsum(y for _, y in points) / len(points)
    spread = math.fsum((x - mean_x) ** 2 for x, _ in points)
    if spread == 0:
        return "stable"
    slope = math.fsum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    left = math.fsum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in points)
    reach = max(x for x, _ in points) - min(x for x, _ in points)
    error = math.sqrt(left / (len(points) - 2) / spread) * reach
    change = slope * reach
    if abs(change) <= max(LEAST_CHANGE, ERRORS * error):
        return "stable"
    return "increasing" if change > 0 else "decreasing"
