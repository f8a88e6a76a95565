"""What ``/api/v1/monitoring`` and ``/dashboard`` answer, put together from the store and the server's own checks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.query import monitoring
from sightline.query.monitoring import ApiRow, Summary, SystemRow, Trends  # noqa: TC001 - msgspec reads annotations
from sightline.query.timerange import NS_PER_S, TimeRange, rfc3339

if TYPE_CHECKING:
    from sightline.server.services import Services

CURRENT_NS: Final = 5 * 60 * NS_PER_S
"""How old the last measurement may be for the machine to count as being watched: ten intervals of the SDK."""

FULL_PERCENT: Final = 90.0
"""CPU, memory or disk above which the machine is called degraded."""


class Collector(msgspec.Struct):
    """Whether applications send measurements of a machine now, and when the last one was taken; null for never."""

    running: bool
    last_collection: str | None


class AlertManager(msgspec.Struct):
    """Whether rules are evaluated, and how many alerts are active."""

    running: bool
    active_alerts: int


class Watchers(msgspec.Struct):
    """What watches."""

    metrics_collector: Collector
    alert_manager: AlertManager


class MonitoringHealth(msgspec.Struct):
    """``healthy``, or ``degraded`` where a check of the server fails; see ``/health`` for the reason."""

    status: str
    timestamp: str
    services: Watchers


class MonitoringStatus(msgspec.Struct):
    """Each component, with its own ``status`` and what else is known of it."""

    success: bool
    timestamp: str
    version: str
    uptime_seconds: float
    components: dict[str, dict[str, Any]]


class SystemRows(msgspec.Struct):
    """Measurements of the machines, oldest first; the newest 10,000 at most."""

    success: bool
    data: list[SystemRow]
    count: int
    time_range_minutes: int


class ApiRows(msgspec.Struct):
    """Requests, oldest first; the newest 10,000 at most."""

    success: bool
    data: list[ApiRow]
    count: int
    time_range_minutes: int


class SummaryAnswer(msgspec.Struct):
    """Machine and requests, summed up."""

    success: bool
    data: Summary


class AlertMetrics(msgspec.Struct):
    """What an alert saw."""

    metrics: dict[str, float]


class Alert(msgspec.Struct):
    """An alert."""

    id: str
    name: str
    description: str
    severity: str
    status: str
    created_at: str
    updated_at: str
    metadata: AlertMetrics


class Alerts(msgspec.Struct):
    """Alerts that are not resolved."""

    success: bool
    data: list[Alert]
    count: int


class Done(msgspec.Struct):
    """What was done."""

    success: bool
    message: str


class SystemHealth(msgspec.Struct):
    """The machine at its last measurement; ``unknown`` and zeros where none was taken in the last five minutes."""

    status: str
    cpu_usage: float
    memory_usage: float
    disk_usage: float


class ApiPerformance(msgspec.Struct):
    """The requests of the last hour; times in milliseconds, the error rate in per cent."""

    total_requests: int
    avg_response_time: float
    error_rate: float
    unique_endpoints: int


class AlertCounts(msgspec.Struct):
    """How many alerts are active."""

    total_active: int
    by_severity: dict[str, int]
    critical_count: int
    high_count: int


class DashboardOverview(msgspec.Struct):
    """All of a first page."""

    timestamp: str
    system_health: SystemHealth
    api_performance: ApiPerformance
    alerts: AlertCounts
    trends: Trends


class OverviewAnswer(msgspec.Struct):
    """The first page's figures."""

    success: bool
    data: DashboardOverview


def health(services: Services) -> MonitoringHealth:
    """Tell whether the server is well, and what it watches."""
    now = time.time_ns()
    well = all(check["status"] == "ok" for check in services.health.checks().values())
    watchers = Watchers(_collector(services, now), AlertManager(running=False, active_alerts=0))
    return MonitoringHealth("healthy" if well else "degraded", rfc3339(now), watchers)


def status(services: Services) -> MonitoringStatus:
    """Tell how each component is."""
    now = time.time_ns()
    collector = _collector(services, now)
    components = dict(services.health.checks())
    components["metrics_collector"] = {
        "status": "ok" if collector.running else "idle",
        **msgspec.structs.asdict(collector),
    }
    components["alert_manager"] = {"status": "off", "running": False, "active_alerts": 0}
    for name, received in services.counters.protocols.items():
        components[f"ingest_{name}"] = {
            "status": "ok",
            "requests": received.requests,
            "records": received.records,
            "rejected": received.rejected,
            "refused": received.refused,
        }
    return MonitoringStatus(
        success=True, timestamp=rfc3339(now), version=services.version, uptime_seconds=services.uptime_seconds(),
        components=components,
    )  # fmt: skip


def _collector(services: Services, now_ns: int) -> Collector:
    last_ns = monitoring.last_measured_ns(services.store)
    running = last_ns is not None and now_ns - last_ns < CURRENT_NS
    return Collector(running, None if last_ns is None else rfc3339(last_ns))


def alerts() -> Alerts:
    """Give the alerts: there is no evaluation of rules yet, so there can be none."""
    return Alerts(success=True, data=[], count=0)


def system_rows(services: Services, minutes: int) -> SystemRows:
    """Give the measurements of the last minutes."""
    rows = monitoring.system_rows(services.store, _last(minutes))
    return SystemRows(success=True, data=rows, count=len(rows), time_range_minutes=minutes)


def api_rows(services: Services, minutes: int) -> ApiRows:
    """Give the requests of the last minutes."""
    rows = monitoring.api_rows(services.store, _last(minutes))
    return ApiRows(success=True, data=rows, count=len(rows), time_range_minutes=minutes)


def summary(services: Services, hours: int) -> SummaryAnswer:
    """Sum up the last hours."""
    return SummaryAnswer(success=True, data=monitoring.summary(services.store, hours, time.time_ns()))


def overview(services: Services) -> OverviewAnswer:
    """Put a first page's figures together."""
    now = time.time_ns()
    last = monitoring.system_rows(services.store, TimeRange(now - CURRENT_NS, now))
    api = monitoring.api_summary(services.store, _last(60))
    return OverviewAnswer(success=True, data=DashboardOverview(
        timestamp=rfc3339(now),
        system_health=_system_health(last[-1] if last else None),
        api_performance=ApiPerformance(
            api.total_requests, api.avg_response_time_ms, api.error_rate_percent, api.unique_endpoints
        ),
        alerts=AlertCounts(0, {}, 0, 0),
        trends=monitoring.trends(services.store, now),
    ))  # fmt: skip


def _system_health(row: SystemRow | None) -> SystemHealth:
    if row is None:
        return SystemHealth("unknown", 0.0, 0.0, 0.0)
    figures = (row.cpu_percent, row.memory_percent, row.disk_usage_percent)
    return SystemHealth("degraded" if max(figures) > FULL_PERCENT else "healthy", *figures)


def _last(minutes: int) -> TimeRange:
    now = time.time_ns()
    return TimeRange(now - minutes * 60 * NS_PER_S, now)
