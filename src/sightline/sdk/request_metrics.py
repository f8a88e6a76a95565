"""
The metrics of requests, counted under one lock.

They are not ``prometheus_client``'s: its four metrics cost a request three times as much, and a web application that
does not use it otherwise is spared its ten megabytes. Where it is loaded, its registry shows them as well.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from sightline.base.errors import MetricConflict
from sightline.model.metric import MetricRecord, Sample
from sightline.sdk import guard, metrics
from sightline.sdk.exemplars import Seen, exemplar, to_prometheus
from sightline.sdk.recorder import recorder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

_BUCKETS: Final = metrics.BUCKETS
_BOUNDS: Final = (*(str(bound) for bound in _BUCKETS), "+Inf")

_MOST_SERIES: Final = 10_000
"""Combinations of method, endpoint and status that are told apart. Further ones count as one endpoint."""

NAMESPACE: Final = "http"
"""What the names of the metrics begin with where nothing else is said."""

OVERFLOW: Final = "overflow"
"""The endpoint under which requests beyond ``_MOST_SERIES`` are counted."""

_Sample = tuple[str, dict[str, str], float, Seen | None]


class RequestMetrics:
    """Counts requests: their number, duration, errors, and how many are being answered."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.seen_session: Callable[[str, str], None] | None = None
        self.conflict = False
        self._registered = False
        self.forget()

    def forget(self) -> None:
        """Begin at zero, as a forked child does: what was counted before is the parent's."""
        # Guards the fields below.
        self._lock = threading.Lock()
        self._active = 0
        self._series: dict[tuple[str, str, int], list[Any]] = {}
        self._errors: dict[tuple[str, str], int] = {}
        self._seen: dict[tuple[str, str, int], Seen] = {}

    def began(self) -> None:
        """Count a request that is being answered from now on."""
        with self._lock:
            self._active += 1

    def ended(
        self,
        method: str,
        endpoint: str,
        status: int,
        seconds: float,
        error_type: str,
        seen: Seen | None = None,
        sizes: tuple[int, int] = (0, 0),
    ) -> None:
        """
        Count a request that has been answered and maybe *seen*.

        Args:
            method: of the request.
            endpoint: the template of its path.
            status: of the response.
            seconds: that it took.
            error_type: empty where it went well.
            seen: trace, span and seconds of its span.
            sizes: bytes of the request's body and of the response's, 0 where they are not known.
        """
        with self._lock:
            # A request that began before a fork ends in the child, too.
            if self._active:
                self._active -= 1
            try:
                series = self._series[method, endpoint, status]
            except KeyError:
                series = self._new_series(method, endpoint, status)
            series[0] += seconds
            bucket = bisect_left(_BUCKETS, seconds)
            series[1 + bucket] += 1
            if seen is not None and (method, endpoint, status) in self._series:
                self._seen[method, endpoint, bucket] = seen
            if error_type:
                key = (error_type, endpoint)
                if key in self._errors or len(self._errors) < _MOST_SERIES:
                    self._errors[key] = self._errors.get(key, 0) + 1
        for look in _observers:
            look(method, endpoint, status, seconds, error_type, sizes)

    def _new_series(self, method: str, endpoint: str, status: int) -> list[Any]:
        key = (method, endpoint if len(self._series) < _MOST_SERIES else OVERFLOW, status)
        return self._series.setdefault(key, [0.0] + [0] * len(_BOUNDS))

    def families(self) -> Iterator[tuple[str, str, str, list[_Sample]]]:
        """Give each family as it stands now: name, type, description and samples."""
        with self._lock:
            active, errors = self._active, dict(self._errors)
            series = {key: list(values) for key, values in self._series.items()}
        name = self.namespace
        yield f"{name}_requests", "counter", "Requests answered.", [
            (f"{name}_requests_total", {"method": method, "endpoint": endpoint, "status": str(status)}, sum(values[1:]),
             None)
            for (method, endpoint, status), values in series.items()
        ]  # fmt: skip
        yield f"{name}_errors", "counter", "Requests that ended with an exception or a status from 500 on.", [
            (f"{name}_errors_total", {"error_type": kind, "endpoint": endpoint}, count, None)
            for (kind, endpoint), count in errors.items()
        ]  # fmt: skip
        yield f"{name}_active_connections", "gauge", "Requests being answered.", [
            (f"{name}_active_connections", {}, active, None)
        ]  # fmt: skip
        durations: dict[tuple[str, str], list[float]] = {}
        for (method, endpoint, _), values in series.items():
            before = durations.get((method, endpoint))
            durations[method, endpoint] = (
                values if before is None else [a + b for a, b in zip(before, values, strict=True)]
            )
        yield from self._duration_families(durations)

    def _duration_families(
        self, durations: dict[tuple[str, str], list[float]]
    ) -> Iterator[tuple[str, str, str, list[_Sample]]]:
        name = f"{self.namespace}_request_duration_seconds"
        for (method, endpoint), values in durations.items():
            labels = {"method": method, "endpoint": endpoint}
            samples: list[_Sample] = []
            total = 0.0
            for bucket, count in enumerate(values[1:]):
                total += count
                seen = self._seen.get((method, endpoint, bucket))
                samples.append((f"{name}_bucket", {**labels, "le": _BOUNDS[bucket]}, total, seen))
            samples += [(f"{name}_count", labels, total, None), (f"{name}_sum", labels, values[0], None)]
            yield name, "histogram", "Time until the response was sent.", samples

    def records(self) -> Iterator[MetricRecord]:
        """Give the records of all families as they stand now."""
        self._register()
        if self.conflict:
            return
        now, instance = time.time_ns(), recorder.instance
        for name, kind, description, samples in self.families():
            unit = "seconds" if name.endswith("_seconds") else ""
            told = [Sample(sample, value, labels or None, exemplar(seen)) for sample, labels, value, seen in samples]
            for start in range(0, len(told), metrics.SAMPLES_PER_LINE):
                part = told[start : start + metrics.SAMPLES_PER_LINE]
                yield MetricRecord(now, instance, name, kind, unit, description, part)

    def collect(self) -> Iterator[Metric]:
        """Give all families to ``prometheus_client``'s registry."""
        from prometheus_client.metrics_core import Metric

        merged: dict[str, Metric] = {}
        for name, kind, description, samples in self.families():
            family = merged.setdefault(name, Metric(name, description, kind))
            for sample, labels, value, seen in samples:
                family.add_sample(sample, labels, value, exemplar=to_prometheus(exemplar(seen)))
        yield from merged.values()

    def _register(self) -> None:
        registry = metrics.loaded_registry()
        if self._registered or registry is None:
            return
        self._registered = True
        try:
            registry.register(self)
        except ValueError as error:
            self.conflict = True
            guard.failed("request metrics", MetricConflict(
                f"The host's metrics have names that ours would take ({error}), so ours are left out. "
                f"Give ours another namespace: sightline.instrument(app, namespace=…)."
            ))  # fmt: skip


Observer = Callable[[str, str, int, float, str, tuple[int, int]], None]
"""Is given each request as ``RequestMetrics.ended`` is, by the thread that answered it."""

_observers: tuple[Observer, ...] = ()


def observe(look: Observer) -> None:
    """Let *look* see each request that is answered from now on; it must be quick, and must not raise."""
    global _observers  # noqa: PLW0603 - read without a lock, so never changed in place
    if look not in _observers:
        _observers = (*_observers, look)


def forget_observer(look: Observer) -> None:
    """Let *look* see no more requests."""
    global _observers  # noqa: PLW0603 - as above
    _observers = tuple(known for known in _observers if known != look)


_known: dict[str, RequestMetrics] = {}


def request_metrics(namespace: str) -> RequestMetrics:
    """Give the request metrics of a namespace, the same for all applications of the process."""
    known = _known.get(namespace)
    if known is None:
        known = _known[namespace] = RequestMetrics(namespace)
        metrics.add_source(known)
        if namespace != NAMESPACE:
            # Imported where somebody wants a prefix of their own, for their dashboards.
            from sightline.sdk.namespace_metrics import namespaces

            namespaces.add(namespace)
            known.seen_session = namespaces.seen
    return known


def _reborn() -> None:
    for known in _known.values():
        known.forget()


recorder.on_fork(_reborn)
