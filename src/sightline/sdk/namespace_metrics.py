"""
What an application with a prefix of its own shows beside its requests: the machine, its sessions, and what it is.

``<prefix>_cpu_usage_percent``, ``_memory_usage_bytes``, ``_disk_usage_percent``, ``_active_sessions`` and ``_info``. A
metric of the host's that has such a name takes the place of ours.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from sightline.model.metric import MetricRecord, Sample
from sightline.sdk import metrics
from sightline.sdk.recorder import recorder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sightline.sdk.cpu import CpuShare

SESSION_S: Final = 1800.0
"""Seconds for which a session counts as active after its last request."""

_MOST_SESSIONS: Final = 20_000
"""Sessions that are known at once, about 4 MiB; beyond, those seen longest ago are forgotten."""

_FRESH_S: Final = 5.0
"""Seconds for which a measurement counts: a share of the CPUs over less than that says nothing."""

_RESOURCE: Final = (
    ("service", "service.name"), ("version", "service.version"), ("environment", "deployment.environment.name"),
)  # fmt: skip

MACHINE: Final = ("_cpu_usage_percent", "_memory_usage_bytes", "_disk_usage_percent")
"""What is the machine's, and the same for all workers."""


class NamespaceMetrics:
    """The gauges of all prefixes of this process."""

    def __init__(self, most_sessions: int = _MOST_SESSIONS, session_s: float = SESSION_S) -> None:
        """Keep so many sessions at most, each for so many seconds after it was seen last."""
        self._most_sessions = most_sessions
        self._session_s = session_s
        self._namespaces: tuple[str, ...] = ()
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a forked child does."""
        # Guards the sessions.
        self._lock = threading.Lock()
        self._sessions: dict[tuple[str, str], float] = {}
        self._cpu: CpuShare | None = None
        self._measured: tuple[float, float, float] = (0.0, 0.0, 0.0)
        self._fresh_until = 0.0

    def add(self, namespace: str) -> None:
        """Show them with this prefix, too."""
        if namespace not in self._namespaces:
            self._namespaces = (*self._namespaces, namespace)

    def of_machine(self, name: str) -> bool:
        """Tell whether this metric is one of the machine's."""
        return name.endswith(MACHINE) and any(name == f"{known}{end}" for known in self._namespaces for end in MACHINE)

    def seen(self, namespace: str, session: str) -> None:
        """Note a request of a session."""
        key = (namespace, session)
        with self._lock:
            # The one seen last stands at the end.
            self._sessions.pop(key, None)
            self._sessions[key] = time.monotonic()
            if len(self._sessions) > self._most_sessions:
                del self._sessions[next(iter(self._sessions))]

    def _active(self, namespace: str) -> int:
        since = time.monotonic() - self._session_s
        with self._lock:
            while self._sessions and next(iter(self._sessions.values())) < since:
                del self._sessions[next(iter(self._sessions))]
            return sum(known == namespace for known, _ in self._sessions)

    def records(self) -> Iterator[MetricRecord]:
        """Give the records of all families as they stand now."""
        now, instance = time.time_ns(), recorder.instance
        registry = metrics.loaded_registry()
        taken = () if registry is None else registry._names_to_collectors  # noqa: SLF001 - there is no public look-up
        for namespace in self._namespaces:
            for name, unit, description, value in self._gauges(namespace):
                if name not in taken:
                    yield MetricRecord(now, instance, name, "gauge", unit, description, [Sample(name, value)])
            if f"{namespace}_info" not in taken:
                labels = {label: recorder.resource.get(name, "") for label, name in _RESOURCE}
                samples = [Sample(f"{namespace}_info", 1, labels)]
                yield MetricRecord(now, instance, namespace, "info", "", "What runs.", samples)

    def _gauges(self, namespace: str) -> Iterator[tuple[str, str, str, float]]:
        cpu, memory, disk = self._measure()
        yield f"{namespace}_cpu_usage_percent", "percent", "Share of the machine's CPUs in use.", cpu
        yield f"{namespace}_memory_usage_bytes", "bytes", "Memory of the machine in use.", memory
        yield f"{namespace}_disk_usage_percent", "percent", "Share of the root file system in use.", disk
        active = self._active(namespace)
        yield f"{namespace}_active_sessions", "", "Sessions with a request in the last half hour.", active

    def _measure(self) -> tuple[float, float, float]:
        now = time.monotonic()
        if now >= self._fresh_until:
            # Imported by the first look, as psutil is.
            import psutil

            from sightline.sdk.cpu import CpuShare

            self._cpu = self._cpu or CpuShare()
            self._measured = (self._cpu.percent(), psutil.virtual_memory().used, psutil.disk_usage("/").percent)
            self._fresh_until = now + _FRESH_S
        return self._measured


namespaces: Final = NamespaceMetrics()
"""Those of this process."""

metrics.add_source(namespaces)
recorder.on_fork(namespaces.forget)
