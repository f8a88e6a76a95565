"""``initialize_monitoring_system``: everything that an application watches itself with, begun by one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sightline.sdk.collector import MetricsCollector
from sightline.sdk.configure import configure
from sightline.sdk.endpoints import PerformanceTracker
from sightline.sdk.health import HealthChecker, checker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sightline.sdk.health_probe import Check


@dataclass(frozen=True, slots=True)
class MonitoringSystem:
    """
    What was begun.

    Attributes:
        metrics_collector: machine and API over the last day.
        performance_tracker: statistics of each endpoint.
        health_checker: the checks that ``/health`` and its kin answer with.
    """

    metrics_collector: MetricsCollector
    performance_tracker: PerformanceTracker
    health_checker: HealthChecker

    def stop(self) -> None:
        """Collect no longer. Recording goes on until ``sightline.shutdown()``."""
        self.metrics_collector.stop()
        self.performance_tracker.stop()


def initialize_monitoring_system(
    *, collection_interval: float | None = None, checks: Mapping[str, Check] | None = None, **settings: Any
) -> MonitoringSystem:
    """
    Configure recording, and begin to collect machine, requests and health.

    Args:
        collection_interval: seconds between measurements of the machine; the setting ``system_interval_s`` where it
            is None.
        checks: health checks by their names.
        settings: as for ``sightline.configure``.

    Raises:
        SettingInvalid: if a setting is unknown or has a value that is not allowed.
    """
    configure(**settings)
    for name, check in (checks or {}).items():
        checker.add(name, check)
    system = MonitoringSystem(MetricsCollector(collection_interval), PerformanceTracker(), checker)
    system.metrics_collector.start_collection()
    system.performance_tracker.start()
    return system
