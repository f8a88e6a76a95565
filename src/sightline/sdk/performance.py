"""Any number that a program records, with statistics at hand in the process; written down as summaries."""

from __future__ import annotations

import math
import re
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from sightline.model.metric import MetricRecord, Sample
from sightline.sdk import guard, metrics
from sightline.sdk.decorate import around
from sightline.sdk.logging import get_logger
from sightline.sdk.recorder import recorder
from sightline.sdk.rings import Ring, Statistics, describe_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Function = TypeVar("Function", bound="Callable[..., Any]")

MOST_SERIES: Final = 500
"""
Names with their tags that are told apart in one monitor: 32 MiB if all of them are full. Beyond, tags are left out;
and then names.
"""

WINDOW_S: Final = 300.0
"""Seconds that statistics look back where nothing else is said."""

_QUANTILES: Final = (("0.5", "median"), ("0.95", "p95"), ("0.99", "p99"))
_NOT_IN_NAMES: Final = re.compile(r"[^0-9A-Za-z_]+")
_Tags = tuple[tuple[str, str], ...]


class PerformanceMonitor:
    """
    Keeps the last values of named series: ``record_metric("queue_depth", 3, {"queue": "mail"})``.

    Memory is bounded, and all methods are safe for threads.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        # Guards the making of series.
        self._lock = threading.Lock()
        self._series: dict[tuple[str, _Tags], Ring] = {}
        self.dropped = 0

    def record_metric(self, name: str, value: float, tags: Mapping[str, str] | None = None) -> None:
        """
        Record one value; what is no finite number is left out.

        Args:
            name: of the series, such as ``queue_depth`` or ``report_seconds``.
            value: in whatever unit; say it in the name.
            tags: tell series of the same name apart; of few values each.
        """
        try:
            number = float(value)
            if math.isfinite(number):
                key = (name, tuple(sorted((key, str(text)) for key, text in tags.items())) if tags else ())
                ring = self._series.get(key) or self._make(key)
                if ring is not None:
                    ring.add(number)
        except Exception as error:
            guard.failed("performance", error)

    def _make(self, key: tuple[str, _Tags]) -> Ring | None:
        with self._lock:
            if key not in self._series and len(self._series) >= MOST_SERIES:
                key = (key[0], ())
                if key not in self._series and len(self._series) >= 2 * MOST_SERIES:
                    self.dropped += 1
                    return None
            return self._series.setdefault(key, Ring())

    def get_statistics(
        self, name: str, window_seconds: float = WINDOW_S, tags: Mapping[str, str] | None = None
    ) -> Statistics:
        """
        Describe the values of the last seconds.

        Args:
            name: of the series.
            window_seconds: how far to look back.
            tags: only of series that have these tags; of all with the name where it is None.

        Returns:
            ``count, min, max, mean, median, p95, p99, std_dev``, in the values' own unit.
        """
        wanted = set((tags or {}).items())
        values: list[float] = []
        for (known, has), ring in list(self._series.items()):
            if known == name and wanted <= set(has):
                values += ring.within(window_seconds)
        return describe_values(values)

    def get_all_statistics(self, window_seconds: float = WINDOW_S) -> dict[str, Statistics]:
        """Describe every series, by name."""
        names = dict.fromkeys(name for name, _ in list(self._series))
        return {name: self.get_statistics(name, window_seconds) for name in names}

    def records(self) -> Iterator[MetricRecord]:
        """Give each name as a summary: count and sum since the start, quantiles of the last five minutes."""
        now, instance = time.time_ns(), recorder.instance
        by_name: dict[str, list[Sample]] = {}
        for (title, tags), ring in list(self._series.items()):
            name = _NOT_IN_NAMES.sub("_", title).strip("_") or "unnamed"
            name = f"_{name}" if name[0].isdigit() else name
            labels = {_NOT_IN_NAMES.sub("_", key): value for key, value in tags}
            found = describe_values(ring.within(WINDOW_S))
            samples = by_name.setdefault(name, [])
            for quantile, key in _QUANTILES:
                value = found[key]  # type: ignore[literal-required]
                if value is not None:
                    samples.append(Sample(name, value, {**labels, "quantile": quantile}))
            samples += [
                Sample(f"{name}_count", ring.count, labels or None),
                Sample(f"{name}_sum", ring.total, labels or None),
            ]
        for name, samples in by_name.items():
            for start in range(0, len(samples), metrics.SAMPLES_PER_LINE):
                part = samples[start : start + metrics.SAMPLES_PER_LINE]
                yield MetricRecord(now, instance, name, "summary", "", "Recorded by the application.", part)


monitor: Final = PerformanceMonitor()
"""The monitor of this process, whose series are recorded."""

metrics.add_source(monitor)
recorder.on_fork(monitor.reset)

record_metric: Final = monitor.record_metric
get_statistics: Final = monitor.get_statistics
get_all_statistics: Final = monitor.get_all_statistics


class TimingContext:
    """
    Times a block, sync or async: ``with TimingContext("report_seconds") as timing: …``, then ``timing.duration_s``.

    Attributes:
        duration_s: how long it took, 0 until it is left.
    """

    def __init__(
        self, name: str, tags: Mapping[str, str] | None = None, *, monitor: PerformanceMonitor = monitor
    ) -> None:
        self.name = name
        self.duration_s = 0.0
        self._tags = tags
        self._monitor = monitor
        self._began = 0.0

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.duration_s = time.perf_counter() - self._began
        self._monitor.record_metric(self.name, self.duration_s, self._tags)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        self.__exit__()


def time_operation(name: str, **tags: str) -> TimingContext:
    """Time a block, and record the seconds that it took as *name*."""
    return TimingContext(name, tags or None)


def track_execution_time(target: Any = None, /, **tags: str) -> Any:
    """
    Time each call of a function: ``@track_execution_time``, or ``@track_execution_time("name")``.

    Plain and async functions, generators and async generators are taken; a generator's call lasts until its end.
    The series has the name of the function and ``_seconds``, unless another name is given.
    """
    if callable(target):
        return _timed(target, None, tags)
    return lambda function: _timed(function, target, tags)


def _timed(function: Function, name: str | None, tags: Mapping[str, str]) -> Function:
    title = name or f"{function.__qualname__.replace('<locals>.', '')}_seconds"
    return around(function, lambda: TimingContext(title, tags), lambda: _TimedSteps(TimingContext(title, tags)))


class _TimedSteps:
    """Times a generator from its first step to its end, waiting included."""

    __slots__ = ("_timing",)

    def __init__(self, timing: TimingContext) -> None:
        self._timing = timing.__enter__()

    def __enter__(self) -> None:
        """Begin a step."""

    def __exit__(self, *_: object) -> None:
        """End a step."""

    def fail(self, error: BaseException) -> None:
        """Note nothing: failures take time as well."""

    def end(self) -> None:
        """Record the time."""
        self._timing.__exit__()


class DatabaseMonitor:
    """
    Times the queries of a database by their type; the text of a query is never asked for.

    Queries that take longer than *slow_s* are logged.
    """

    def __init__(self, slow_s: float = 1.0, *, monitor: PerformanceMonitor = monitor) -> None:
        self.slow_s = slow_s
        self._monitor = monitor
        self._lock = threading.Lock()
        self._rows: Counter[str] = Counter()
        self._slow: Counter[str] = Counter()

    def log_query(self, query_type: str, duration: float, rows: int | None = None, **fields: Any) -> None:
        """
        Count a query.

        Args:
            query_type: such as ``SELECT``.
            duration: in seconds.
            rows: returned or changed.
            fields: more for the log of a slow query.
        """
        self._monitor.record_metric("database_query_seconds", duration, {"query_type": query_type})
        slow = duration > self.slow_s
        with self._lock:
            if len(self._rows) < MOST_SERIES or query_type in self._rows:
                self._rows[query_type] += rows or 0
                self._slow[query_type] += slow
        if slow:
            get_logger("sightline.database").warning(
                "A query was slow", query_type=query_type, duration_ms=round(duration * 1000, 3), rows=rows, **fields
            )

    def get_query_statistics(self, window_seconds: float = WINDOW_S) -> dict[str, dict[str, Any]]:
        """Describe the queries by type: seconds as in ``get_statistics``, ``rows`` and ``slow`` since the start."""
        with self._lock:
            rows, slow = dict(self._rows), dict(self._slow)
        return {
            kind: {
                **self._monitor.get_statistics("database_query_seconds", window_seconds, {"query_type": kind}),
                "rows": rows[kind],
                "slow": slow.get(kind, 0),
            }
            for kind in rows
        }
