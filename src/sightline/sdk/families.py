"""Metrics whose labels are told with each value, as OpenTelemetry has them: found at once, and bounded."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Final

from sightline.base.errors import MetricConflict
from sightline.model.metric import MetricRecord, Sample
from sightline.sdk import guard, metrics, redact
from sightline.sdk.exemplars import Seen, exemplar, seen
from sightline.sdk.recorder import recorder
from sightline.wire.lines import describe
from sightline.wire.metric_names import label_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

MOST_SERIES: Final = 2000
"""Sets of attributes that one metric tells apart, as OpenTelemetry advises. Further values count under ``OVERFLOW``."""

OVERFLOW: Final = {"otel_metric_overflow": "true"}
"""The labels that OpenTelemetry gives to what is over the limit."""

MOST_FAMILIES: Final = 2000
"""Metrics that a process may make. A program that invents names without end must not fill its memory with them."""

_MOST_KEYS: Final = 2 * MOST_SERIES
"""Spellings of attributes that are known at sight; the same ones in another order are another spelling."""


class _Series:
    """The values of one set of labels."""

    __slots__ = ("buckets", "labels", "seen", "value")

    def __init__(self, labels: dict[str, str], buckets: int) -> None:
        self.labels = labels
        self.value = 0.0
        self.buckets = [0] * buckets
        self.seen: dict[int, Seen] = {}


class Family:
    """
    One metric with all its series.

    Attributes:
        name: of the family, as Prometheus has it, without ``_total``.
        type: ``counter``, ``gauge`` or ``histogram``.
        bounds: upper bounds of a histogram's buckets, without the infinite one.
    """

    def __init__(self, name: str, kind: str, unit: str, description: str, bounds: Sequence[float] = ()) -> None:
        self.name, self.type, self.unit, self.description = name, kind, unit, description
        self.bounds = tuple(sorted(float(bound) for bound in bounds if math.isfinite(bound)))
        self.callbacks: list[Callable[[], Iterator[tuple[float, Mapping[str, Any] | None]]]] = []
        self.forget()

    def forget(self) -> None:
        """Begin at zero, as a forked child does: what was counted before is the parent's."""
        # Guards the two below.
        self._lock = threading.Lock()
        self._known: dict[Any, _Series] = {}
        self._series: dict[Any, _Series] = {}

    def add(self, amount: float, attributes: Mapping[str, Any] | None) -> None:
        """Add *amount* to the series of these attributes."""
        with self._lock:
            series = self._find(attributes)
            series.value += amount
        observation = seen(amount) if self.type == "counter" else None
        if observation is not None:
            series.seen[0] = observation

    def set(self, value: float, attributes: Mapping[str, Any] | None) -> None:
        """Let the series of these attributes be *value*."""
        with self._lock:
            self._find(attributes).value = value

    def observe(self, value: float, attributes: Mapping[str, Any] | None) -> None:
        """Count *value* in its bucket."""
        position = bisect_left(self.bounds, value)
        with self._lock:
            series = self._find(attributes)
            series.value += value
            series.buckets[position] += 1
        observation = seen(value)
        if observation is not None:
            series.seen[position] = observation

    def _find(self, attributes: Mapping[str, Any] | None) -> _Series:
        key = tuple(attributes.items()) if attributes else ()
        try:
            return self._known[key]
        except (KeyError, TypeError):
            # Not seen yet in this order, or with a list among the values.
            return self._make(key, attributes or {})

    def _make(self, key: Any, attributes: Mapping[str, Any]) -> _Series:
        labels = _labels(attributes)
        told = tuple(labels.items())
        if told not in self._series and len(self._series) >= MOST_SERIES:
            labels, told = OVERFLOW, tuple(OVERFLOW.items())
        series = self._series.get(told)
        if series is None:
            buckets = len(self.bounds) + 1 if self.type == "histogram" else 0
            series = self._series[told] = _Series(labels, buckets)
        if len(self._known) < _MOST_KEYS:
            with contextlib.suppress(TypeError):
                self._known[key] = series
        return series

    def samples(self) -> list[Sample]:
        """Give all values as they stand now; those that are observed are asked for."""
        self._ask()
        with self._lock:
            series = [(each, each.value, list(each.buckets), dict(each.seen)) for each in self._series.values()]
        told: list[Sample] = []
        for each, value, buckets, observed in series:
            labels = each.labels or None
            if self.type == "histogram":
                told += self._bucket_samples(each.labels, buckets, observed)
                told.append(Sample(f"{self.name}_count", sum(buckets), labels))
                told.append(Sample(f"{self.name}_sum", _number(value), labels))
            else:
                name = f"{self.name}_total" if self.type == "counter" else self.name
                told.append(Sample(name, _number(value), labels, exemplar(observed.get(0))))
        return told

    def _bucket_samples(
        self, labels: dict[str, str], buckets: list[int], observed: dict[int, Seen]
    ) -> Iterator[Sample]:
        total = 0
        for position, count in enumerate(buckets):
            total += count
            bound = str(self.bounds[position]) if position < len(self.bounds) else "+Inf"
            seen_here = exemplar(observed.get(position))
            yield Sample(f"{self.name}_bucket", total, {**labels, "le": bound}, seen_here)

    def _ask(self) -> None:
        if not self.callbacks:
            return
        found: list[tuple[float, Mapping[str, Any] | None]] = []
        for callback in self.callbacks:
            try:
                found += callback()
            except Exception as error:
                guard.failed(f"metric {self.name}", error)
        # What is not observed any more is gone.
        with self._lock:
            self._series.clear()
            self._known.clear()
            for value, attributes in found:
                self._find(attributes).value += value


def _labels(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Name labels for Prometheus, in one order, without secrets; an attribute of no value is no label."""
    told: dict[str, Any] = redact.clean({describe(name): value for name, value in attributes.items()})
    return {label_name(name): _text(told[name]) for name in sorted(told) if told[name] is not None}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else describe(value)


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(float(value))


class Families:
    """All metrics of this kind in the process, by their names."""

    def __init__(self) -> None:
        # Guards the finding and making of families.
        self._lock = threading.Lock()
        self._families: dict[str, Family] = {}

    def get(self, made: Family) -> Family:
        """
        Give the family of that name, which is *made* where there is none yet.

        A family of another type under the name is a conflict, which is said; what is given then counts and is recorded
        nowhere.
        """
        with self._lock:
            known = self._families.get(made.name)
            if known is not None and known.type == made.type:
                return known
            if known is None and len(self._families) < MOST_FAMILIES:
                self._families[made.name] = made
                return made
        reason = "there are too many" if known is None else f"it is a {known.type} already"
        guard.failed("metrics", MetricConflict(
            f"The metric {made.name!r} cannot be made as a {made.type}: {reason}. Use one name for one kind of metric, "
            f"and attributes for what differs; {MOST_FAMILIES} names are kept."
        ))  # fmt: skip
        return made

    def records(self) -> Iterator[MetricRecord]:
        """Give the records of all families as they stand now."""
        now, instance, registry = time.time_ns(), recorder.instance, metrics.loaded_registry()
        taken: Any = {} if registry is None else registry._names_to_collectors  # noqa: SLF001 - no public look-up
        for family in list(self._families.values()):
            # What prometheus_client has under this name is recorded already, and the host's own goes first.
            if family.name in taken:
                continue
            samples = family.samples()
            for start in range(0, len(samples), metrics.SAMPLES_PER_LINE):
                part = samples[start : start + metrics.SAMPLES_PER_LINE]
                yield MetricRecord(now, instance, family.name, family.type, family.unit, family.description, part)

    def reborn(self) -> None:
        """Start anew in a forked child."""
        self._lock = threading.Lock()
        for family in self._families.values():
            family.forget()


families: Final = Families()
"""The families of this process."""

metrics.add_source(families)
recorder.on_fork(families.reborn)
