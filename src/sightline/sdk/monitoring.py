"""``initialize_monitoring_system``: everything that an application watches itself with, begun by one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sightline.base.errors import SettingInvalid
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
    *,
    collection_interval: float | None = None,
    checks: Mapping[str, Check] | None = None,
    email_config: Mapping[str, Any] | None = None,
    **settings: Any,
) -> MonitoringSystem:
    """
    Configure recording, and begin to collect machine, requests and health.

    Args:
        collection_interval: seconds between measurements of the machine; the setting ``system_interval_s`` where it
            is None.
        checks: health checks by their names.
        email_config: ``smtp_server, smtp_port, username, password, from_email, to_emails``; where alerts go. They are
            checked and kept: the alerting is to come, and a warning says so where alerts are enabled.
        settings: as for ``sightline.configure``, such as ``enable_slack_alerts`` and ``slack_webhook_url``.

    Raises:
        SettingInvalid: if a setting is unknown or has a value that is not allowed.
    """
    configure(**_mail_settings(email_config or {}), **settings)
    for name, check in (checks or {}).items():
        checker.add(name, check)
    system = MonitoringSystem(MetricsCollector(collection_interval), PerformanceTracker(), checker)
    system.metrics_collector.start_collection()
    system.performance_tracker.start()
    return system


_MAIL: Final = {
    "username": "smtp_username",
    "password": "smtp_password",
    "from_email": "alert_from_email",
    "to_emails": "alert_to_emails",
}
"""Names in ``email_config`` that are other ones among the settings."""


def _mail_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    known = {*_MAIL, "smtp_server", "smtp_port"}
    for unknown in given.keys() - known:
        raise SettingInvalid(f"email_config has {unknown!r}; expected {', '.join(sorted(known))}.")
    return {_MAIL.get(name, name): value for name, value in given.items()}
