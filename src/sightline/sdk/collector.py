"""``MetricsCollector``: what machine and API did in the last day, at hand in the process."""

from __future__ import annotations

import threading
import time
import weakref
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sightline.sdk import guard, request_metrics
from sightline.sdk.quiet_thread import QuietThread
from sightline.sdk.recorder import recorder
from sightline.sdk.rings import describe_values
from sightline.sdk.system import count_connections

if TYPE_CHECKING:
    from sightline.sdk.cpu import CpuShare

_KEPT_S: Final = 24 * 3600
"""How long measurements and the minutes' sums are kept."""

_MOST_ROWS: Final = 2880
"""Measurements kept: a day of them, every 30 s. At shorter intervals they reach back less far."""

_MOST_REQUESTS: Final = 10_000
"""Requests kept one by one, for percentiles and lists: about 3 MiB. Sums of minutes count all of them."""

_MOST_ENDPOINTS: Final = 1000
"""Endpoints that are told apart; further ones are counted, and not named."""

_DEFAULT_INTERVAL_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class APIMetrics:
    """
    One request as the API's metrics know it.

    Attributes:
        endpoint: the template of its path.
        method: such as ``GET``.
        status_code: of the response.
        response_time_ms: until the response was sent.
        request_size_bytes: of the request's body, as far as it is known.
        response_size_bytes: of the response's body, likewise.
        timestamp: when it ended.
    """

    endpoint: str
    method: str
    status_code: int
    response_time_ms: float
    request_size_bytes: int = 0
    response_size_bytes: int = 0
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class SystemMetrics:
    """
    The machine at one moment.

    Attributes:
        timestamp: when it was measured.
        cpu_percent: share of all CPUs in use since the measurement before.
        memory_percent: share of the memory that is not available.
        disk_usage_percent: share of the root file system in use.
        network_bytes_sent: since the machine started.
        network_bytes_recv: likewise.
        active_connections: TCP sockets in use.
    """

    timestamp: datetime
    cpu_percent: float
    memory_percent: float
    disk_usage_percent: float
    network_bytes_sent: int
    network_bytes_recv: int
    active_connections: int


class _Minute:
    """The sums of one minute's requests."""

    __slots__ = ("count", "errors", "highest", "total_ms")

    def __init__(self) -> None:
        self.count = self.errors = 0
        self.total_ms = self.highest = 0.0


class MetricsCollector:
    """
    Measures the machine at intervals and takes every request of instrumented applications.

    What it keeps is for the process itself to look at; recording does not need it. Memory is bounded, and all methods
    are safe for threads.

    Attributes:
        running: whether it collects.
        last_collection: when the machine was measured last, or None.
    """

    def __init__(self, collection_interval: float | None = None) -> None:
        """
        Make a collector that does not collect yet.

        Args:
            collection_interval: seconds between measurements; the setting ``system_interval_s`` where it is None.
        """
        self.running = False
        self.last_collection: datetime | None = None
        self._interval_s = collection_interval
        self._cpu: CpuShare | None = None
        self._forget()

    def _forget(self) -> None:
        # Guards what is kept.
        self._lock = threading.Lock()
        self._rows: deque[SystemMetrics] = deque(maxlen=_MOST_ROWS)
        self._requests: deque[APIMetrics] = deque(maxlen=_MOST_REQUESTS)
        self._minutes: dict[int, _Minute] = {}
        self._last_seen: dict[str, int] = {}
        self._stopped = threading.Event()

    def start_collection(self) -> None:
        """Begin to collect, with one measurement at once. Doing it twice changes nothing."""
        if self.running:
            return
        from sightline.sdk.cpu import CpuShare

        self.running = True
        self._cpu = CpuShare()
        self._stopped = threading.Event()
        request_metrics.observe(self._observe)
        self._collect()
        self._launch()
        _started.add(self)

    def _launch(self) -> None:
        QuietThread(target=self._loop, args=(self._stopped,), name="sightline collector", daemon=True).start()

    def reborn(self) -> None:
        """Go on in a forked child, where the thread is not, and with nothing that the parent counted."""
        self._forget()
        if self.running:
            self._launch()

    def stop(self) -> None:
        """Collect no longer; what was collected stays."""
        self.running = False
        self._stopped.set()
        request_metrics.forget_observer(self._observe)

    def _loop(self, stopped: threading.Event) -> None:
        while not stopped.wait(self._interval()):
            try:
                self._collect()
            except Exception as error:
                guard.failed("collector", error)

    def _interval(self) -> float:
        if self._interval_s is not None:
            return self._interval_s
        setting = recorder.settings.get("system_interval_s")
        return _DEFAULT_INTERVAL_S if setting is None else float(setting.value)

    def _collect(self) -> None:
        import psutil

        network = psutil.net_io_counters()
        now = datetime.now(UTC)
        row = SystemMetrics(
            timestamp=now,
            cpu_percent=self._cpu.percent() if self._cpu is not None else 0.0,
            memory_percent=psutil.virtual_memory().percent,
            disk_usage_percent=psutil.disk_usage("/").percent,
            network_bytes_sent=network.bytes_sent if network is not None else 0,
            network_bytes_recv=network.bytes_recv if network is not None else 0,
            active_connections=count_connections() or 0,
        )
        with self._lock:
            self._rows.append(row)
            self.last_collection = now

    def _observe(self, method: str, endpoint: str, status: int, seconds: float, _: str, sizes: tuple[int, int]) -> None:
        self.record_api_metrics(APIMetrics(endpoint, method, status, seconds * 1000, *sizes))

    def record_api_metrics(self, request: APIMetrics) -> None:
        """Take a request that no instrumented application answered."""
        minute = int(request.timestamp.timestamp()) // 60
        with self._lock:
            self._requests.append(request)
            sums = self._minutes.get(minute)
            if sums is None:
                sums = self._minutes[minute] = _Minute()
                self._forget_old_minutes()
            sums.count += 1
            sums.errors += request.status_code >= 400
            sums.total_ms += request.response_time_ms
            sums.highest = max(sums.highest, request.response_time_ms)
            if request.endpoint in self._last_seen or len(self._last_seen) < _MOST_ENDPOINTS:
                self._last_seen[request.endpoint] = minute

    def _forget_old_minutes(self) -> None:
        oldest = int(time.time() - _KEPT_S) // 60
        for minute in [known for known in self._minutes if known < oldest]:
            del self._minutes[minute]
        for endpoint in [name for name, minute in self._last_seen.items() if minute < oldest]:
            del self._last_seen[endpoint]

    def get_recent_system_metrics(self, minutes: float = 60) -> list[SystemMetrics]:
        """Give the measurements of the last minutes, oldest first."""
        since = time.time() - 60 * minutes
        with self._lock:
            return [row for row in self._rows if row.timestamp.timestamp() >= since]

    def get_recent_api_metrics(self, minutes: float = 60) -> list[APIMetrics]:
        """Give the requests of the last minutes, oldest first, the last 10,000 at most."""
        since = time.time() - 60 * minutes
        with self._lock:
            return [request for request in self._requests if request.timestamp.timestamp() >= since]

    def get_api_statistics(self, minutes: float = 60) -> dict[str, Any]:
        """
        Describe the requests of the last minutes, the last 10,000 at most.

        Returns:
            ``total_requests, requests_per_minute, mean_ms, p50_ms, p95_ms, p99_ms, error_rate_percent`` and
            ``busiest_endpoints``, the ten with the most requests as ``{endpoint: requests}``.
        """
        recent = self.get_recent_api_metrics(minutes)
        found = describe_values([request.response_time_ms for request in recent])
        errors = sum(request.status_code >= 400 for request in recent)
        busiest = Counter(f"{request.method} {request.endpoint}" for request in recent).most_common(10)
        return {
            "total_requests": len(recent),
            "requests_per_minute": len(recent) / minutes,
            "mean_ms": found["mean"],
            "p50_ms": found["median"],
            "p95_ms": found["p95"],
            "p99_ms": found["p99"],
            "error_rate_percent": 100 * errors / len(recent) if recent else 0.0,
            "busiest_endpoints": dict(busiest),
        }

    def get_metrics_summary(self, hours: float = 24) -> dict[str, Any]:
        """
        Sum up machine and API over the last hours, 24 at most.

        Returns:
            ``{time_period_hours, system: {avg_cpu_percent, max_cpu_percent, avg_memory_percent, max_memory_percent,
            avg_disk_percent, data_points}, api: {total_requests, avg_response_time_ms, max_response_time_ms,
            error_count, error_rate_percent, unique_endpoints}}``. Errors are responses from 400 on.
        """
        rows = self.get_recent_system_metrics(60 * hours)
        since = int(time.time() - 3600 * hours) // 60
        with self._lock:
            minutes = [sums for minute, sums in self._minutes.items() if minute >= since]
            endpoints = sum(minute >= since for minute in self._last_seen.values())
        requests, errors = sum(sums.count for sums in minutes), sum(sums.errors for sums in minutes)
        return {
            "time_period_hours": hours,
            "system": {
                "avg_cpu_percent": _mean([row.cpu_percent for row in rows]),
                "max_cpu_percent": max((row.cpu_percent for row in rows), default=0.0),
                "avg_memory_percent": _mean([row.memory_percent for row in rows]),
                "max_memory_percent": max((row.memory_percent for row in rows), default=0.0),
                "avg_disk_percent": _mean([row.disk_usage_percent for row in rows]),
                "data_points": len(rows),
            },
            "api": {
                "total_requests": requests,
                "avg_response_time_ms": sum(sums.total_ms for sums in minutes) / requests if requests else 0.0,
                "max_response_time_ms": max((sums.highest for sums in minutes), default=0.0),
                "error_count": errors,
                "error_rate_percent": 100 * errors / requests if requests else 0.0,
                "unique_endpoints": endpoints,
            },
        }


_started: Final[weakref.WeakSet[MetricsCollector]] = weakref.WeakSet()


def _reborn() -> None:
    for collector in list(_started):
        collector.reborn()


recorder.on_fork(_reborn)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
