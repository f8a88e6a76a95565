"""One health check and its runs: never two at a time, none waited for beyond its limit, results kept for a while."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from sightline.model.health import CheckResult, HealthStatus
from sightline.sdk import redact
from sightline.wire.lines import describe

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Check = Callable[[], Any | Awaitable[Any]]

_LONGEST_ERROR: Final = 500
"""Characters kept of an error; what a driver says of a failure can be pages."""


class Probe:
    """
    A check that runs in a thread of its own, or in the application's event loop where it is async.

    A run that hangs is let be, and no other is begun until it ends: one check never holds more than one thread.

    Attributes:
        name: of the check.
        critical: whether all is unhealthy where this is.
        timeout_s: longest that is waited for it.
    """

    def __init__(self, name: str, check: Check, *, timeout_s: float, cache_s: float, critical: bool) -> None:
        self.name = name
        self.critical = critical
        self.timeout_s = timeout_s
        self._check = check
        self._cache_s = cache_s
        self._is_async = inspect.iscoroutinefunction(check) or inspect.iscoroutinefunction(
            getattr(check, "__call__", None)  # noqa: B004 - an object may be called as a coroutine function
        )
        self.forget()

    def forget(self) -> None:
        """Know nothing of former runs, as in a forked child, where their threads are not."""
        # Guards the fields below.
        self._lock = threading.Lock()
        self._result: CheckResult | None = None
        self._fresh_until = 0.0
        self._running: Future[CheckResult] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._began = 0.0

    def begin(self, loop: asyncio.AbstractEventLoop | None) -> Future[CheckResult]:
        """Give the result that is known and fresh, else the run that goes on, else a new run."""
        with self._lock:
            if self._result is not None and time.monotonic() < self._fresh_until:
                known: Future[CheckResult] = Future()
                known.set_result(self._result)
                return known
            if self._running is not None and not self._is_lost():
                return self._running
            run: Future[CheckResult] = Future()
            self._running, self._loop, self._began = run, None, time.monotonic()
        if self._is_async and loop is not None:
            self._loop = loop
            # The loop itself holds tasks only weakly.
            self._task = loop.create_task(self._run_in_loop(run))
            return run
        try:
            threading.Thread(target=self._run_in_thread, args=(run,), name=f"health {self.name}", daemon=True).start()
        except RuntimeError as error:
            self._finish(run, _failed(error))
        return run

    def _is_lost(self) -> bool:
        return self._loop is not None and self._loop.is_closed()

    def remaining_s(self) -> float:
        """Tell how much longer the run that goes on may be waited for."""
        return max(0.0, self._began + self.timeout_s - time.monotonic())

    def hanging(self) -> CheckResult:
        """Give the result of a run that has not ended in its time."""
        since = time.monotonic() - self._began
        return CheckResult(
            HealthStatus.UNHEALTHY,
            f"The check has not answered for {since:.1f} s; it is given {self.timeout_s:g} s.",
            duration_ms=since * 1000,
            timestamp=time.time(),
        )

    def _run_in_thread(self, run: Future[CheckResult]) -> None:
        try:
            found = self._check()
            if inspect.isawaitable(found):
                found = asyncio.run(self._await(found))
            result = judge(found)
        except BaseException as error:
            result = _failed(error)
        self._finish(run, result)

    async def _await(self, awaitable: Awaitable[Any]) -> Any:
        return await asyncio.wait_for(awaitable, self.timeout_s)

    async def _run_in_loop(self, run: Future[CheckResult]) -> None:
        try:
            result = judge(await self._await(self._check()))
        except TimeoutError:
            result = self.hanging()
        except asyncio.CancelledError as error:
            self._finish(run, _failed(error))
            raise
        except BaseException as error:
            result = _failed(error)
        self._finish(run, result)

    def _finish(self, run: Future[CheckResult], result: CheckResult) -> None:
        now = time.monotonic()
        kept = CheckResult(
            result.status, result.error, result.details, round((now - self._began) * 1000, 3), time.time()
        )
        with self._lock:
            if self._running is run:
                self._running = self._task = None
                self._result, self._fresh_until = kept, now + self._cache_s
        run.set_result(kept)


def judge(found: Any) -> CheckResult:
    """
    Make a result of what a check returned.

    None and True are healthy, False is not; a word is the status; a mapping holds details, and perhaps a ``status`` and
    an ``error``.
    """
    if isinstance(found, CheckResult):
        return CheckResult(found.status, clean(found.error), redact.clean(dict(found.details)))
    if found is None or isinstance(found, bool):
        return CheckResult(HealthStatus.UNHEALTHY if found is False else HealthStatus.HEALTHY)
    if isinstance(found, str):
        return CheckResult(HealthStatus(found))
    if isinstance(found, dict):
        details = dict(found)
        status, error = HealthStatus(details.pop("status", "healthy")), describe(details.pop("error", ""))
        return CheckResult(status, clean(error), redact.clean(details))
    raise TypeError(f"A health check returned a {type(found).__qualname__}; expected None, a bool, a status or a dict.")


def clean(error: str) -> str:
    """Take the secrets out of an error, and bound it."""
    return redact.short(error, _LONGEST_ERROR)


def _failed(error: BaseException) -> CheckResult:
    return CheckResult(HealthStatus.UNHEALTHY, clean(f"{type(error).__name__}: {describe(error)}".rstrip(": ")))
