"""What a health check finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class HealthStatus(StrEnum):
    """How well something is."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """
    What one check found.

    Attributes:
        status: how well it is.
        error: why it is not healthy, without secrets; empty where it is.
        details: figures, such as ``connection_time_ms``.
        duration_ms: how long the check took.
        timestamp: when it ended, seconds since the epoch.
    """

    status: HealthStatus
    error: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    duration_ms: float = 0.0
    timestamp: float = 0.0


@dataclass(frozen=True, slots=True)
class HealthReport:
    """
    What all checks found.

    Attributes:
        status: unhealthy where a critical check is, degraded where any check is not healthy, else healthy.
        checks: the results, by the checks' names.
        duration_s: how long all of them together took.
    """

    status: HealthStatus
    checks: dict[str, CheckResult]
    duration_s: float
