"""Health: checks that run side by side, with limits, and the answers made of them."""

from __future__ import annotations

import asyncio
import time
import weakref
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any, Final

from sightline.model.health import CheckResult, HealthReport, HealthStatus
from sightline.model.metric import MetricRecord, Sample
from sightline.sdk import metrics
from sightline.sdk.health_probe import Probe
from sightline.sdk.logging import get_logger
from sightline.sdk.recorder import recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from sightline.sdk.health_probe import Check

TIMEOUT_S: Final = 5.0
"""Longest that a check is waited for where nothing else is said."""

CACHE_S: Final = 5.0
"""How long a result counts where nothing else is said: many who ask make no more runs than one."""

METRIC: Final = "health_check_status"
"""The gauge of each check's last result: 1 healthy, 0.5 degraded, 0 unhealthy."""

_FIGURES: Final = {HealthStatus.HEALTHY: 1.0, HealthStatus.DEGRADED: 0.5, HealthStatus.UNHEALTHY: 0.0}


class HealthChecker:
    """
    Checks whether what the application needs is there.

    ``checker.add("database", database(engine))``, or as a decorator ``@checker.check("queue")``. All checks run side by
    side; none can hold an answer up beyond its limit, and none can break it.
    """

    def __init__(self, *, timeout_s: float = TIMEOUT_S, cache_s: float = CACHE_S) -> None:
        """
        Begin with no checks.

        Args:
            timeout_s: longest that a check is waited for, unless it is added with another limit.
            cache_s: how long a result counts, unless the check is added with another time.
        """
        self._timeout_s = timeout_s
        self._cache_s = cache_s
        self._probes: dict[str, Probe] = {}
        self._last: dict[str, HealthStatus] = {}
        _checkers.add(self)

    def add(
        self,
        name: str,
        check: Check,
        *,
        timeout_s: float | None = None,
        cache_s: float | None = None,
        critical: bool = True,
    ) -> None:
        """
        Add a check, or put it in the place of the one of this name.

        Args:
            name: as it stands in the answers.
            check: a function, plain or async. It is well if it returns None, True, ``"healthy"`` or details as a
                mapping, which may have a ``status``; it is unhealthy if it raises.
            timeout_s: longest that it is waited for.
            cache_s: how long its result counts.
            critical: whether the application as a whole is unhealthy where this check is; else it is degraded.
        """
        self._probes[name] = Probe(
            name,
            check,
            timeout_s=self._timeout_s if timeout_s is None else timeout_s,
            cache_s=self._cache_s if cache_s is None else cache_s,
            critical=critical,
        )

    def check(self, name: str, **options: Any) -> Callable[[Check], Check]:
        """Add the decorated function as a check; *options* are those of ``add``."""

        def decorate(check: Check) -> Check:
            self.add(name, check, **options)
            return check

        return decorate

    def remove(self, name: str) -> None:
        """Take a check out; one that is not there does not matter."""
        self._probes.pop(name, None)
        self._last.pop(name, None)

    def run(self) -> HealthReport:
        """Run all checks and wait for them. From async code use ``run_async``, which does not hold the loop up."""
        began = time.monotonic()
        runs = [(probe, probe.begin(None)) for probe in list(self._probes.values())]
        for probe, run in runs:
            wait((run,), probe.remaining_s())
        return self._report(runs, began)

    async def run_async(self) -> HealthReport:
        """Run all checks, async ones in this loop, and wait for them."""
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        runs = [(probe, probe.begin(loop)) for probe in list(self._probes.values())]
        waiting = [(probe, asyncio.wrap_future(run)) for probe, run in runs if not run.done()]
        for probe, run in waiting:
            # Not wait_for, which would cancel a run that others wait for, too.
            await asyncio.wait((run,), timeout=probe.remaining_s())
        return self._report(runs, began)

    def _report(self, runs: list[tuple[Probe, Future[CheckResult]]], began: float) -> HealthReport:
        checks = {probe.name: run.result() if run.done() else probe.hanging() for probe, run in runs}
        status = HealthStatus.HEALTHY
        for probe, _ in runs:
            found = checks[probe.name].status
            self._note(probe.name, checks[probe.name])
            if found is HealthStatus.UNHEALTHY and probe.critical:
                status = HealthStatus.UNHEALTHY
            elif found is not HealthStatus.HEALTHY and status is HealthStatus.HEALTHY:
                status = HealthStatus.DEGRADED
        return HealthReport(status, checks, time.monotonic() - began)

    def _note(self, name: str, result: CheckResult) -> None:
        before = self._last.get(name)
        self._last[name] = result.status
        if result.status is (before or HealthStatus.HEALTHY):
            return
        log = get_logger("sightline.health")
        if result.status is HealthStatus.HEALTHY:
            log.info("A health check is well again", check=name, status=result.status.value)
        else:
            told = {"check": name, "status": result.status.value, "error": result.error}
            (log.error if result.status is HealthStatus.UNHEALTHY else log.warning)(
                "A health check is not well", **told
            )

    def records(self) -> Iterator[MetricRecord]:
        """Give the last results as a gauge."""
        samples = [Sample(METRIC, _FIGURES[status], {"check": name}) for name, status in list(self._last.items())]
        if samples:
            description = "Last result of each health check: 1 healthy, 0.5 degraded, 0 unhealthy."
            yield MetricRecord(time.time_ns(), recorder.instance, METRIC, "gauge", "", description, samples)

    def reborn(self) -> None:
        """Begin anew in a forked child."""
        for probe in self._probes.values():
            probe.forget()


def _reborn() -> None:
    for known in list(_checkers):
        known.reborn()


_checkers: Final[weakref.WeakSet[HealthChecker]] = weakref.WeakSet()

checker: Final = HealthChecker()
"""The checker of this process: the application's health endpoints answer with its results, and they are recorded."""

metrics.add_source(checker)
recorder.on_fork(_reborn)
