"""Adds up the metrics of several processes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from sightline.model.metric import Exemplar, MetricRecord, Sample
from sightline.sdk.namespace_metrics import namespaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_ADDED: Final = frozenset({"counter", "histogram", "summary"})
"""Types whose values of several processes make one sum."""

_SUMMED_GAUGES: Final = ("_active_connections", "_active_sessions", "_in_progress", "_inprogress")
"""Gauges that count what goes on, so that their sum is the whole."""

PID: Final = "pid"
"""The label that tells processes apart, as ``prometheus_client`` does it."""

_Key = tuple[str, tuple[tuple[str, str], ...]]


class _Family:
    """One family of all processes."""

    def __init__(self, first: MetricRecord) -> None:
        self.first = first
        self.samples: dict[_Key, float] = {}
        self.exemplars: dict[_Key, Exemplar] = {}

    def add(self, sample: Sample, label: str | None, join: Callable[[float, float], float]) -> None:
        """Take a sample in, joined with the one that is there."""
        labels = dict(sample.attributes or {})
        if label is not None:
            labels.setdefault(PID, label)
        key = (sample.name, tuple(labels.items()))
        value = float(sample.value)
        present = self.samples.get(key)
        self.samples[key] = value if present is None else join(present, value)
        if sample.exemplar is not None:
            self.exemplars[key] = sample.exemplar

    def record(self, time: int, instance: str) -> MetricRecord:
        """Give it as a record."""
        told = self.first
        samples = [
            Sample(key[0], value if math.isfinite(value) else str(value), dict(key[1]) or None, self.exemplars.get(key))
            for key, value in self.samples.items()
        ]
        return MetricRecord(time, instance, told.name, told.type, told.unit, told.description, samples)


def merge(living: Iterable[tuple[str, list[MetricRecord]]], dead: list[MetricRecord]) -> list[MetricRecord]:
    """
    Add up the metrics of living processes, each with what tells it apart, and of dead ones.

    Counters, histograms and summaries are added, quantiles left out. Of the machine's gauges and of infos the first is
    taken, of those that count what goes on the sum, of health the worst; all other gauges are told apart by process.
    """
    families: dict[str, _Family] = {}
    for label, records in living:
        for record in records:
            family = families.setdefault(record.name, _Family(record))
            added = record.type in _ADDED
            join = _add if added else _joining(record)
            for sample in record.samples:
                if not (added and _is_quantile(record, sample)):
                    family.add(sample, label if join is None else None, join or _first)
    for record in dead:
        family = families.setdefault(record.name, _Family(record))
        for sample in record.samples:
            family.add(sample, None, _add)
    return [family.record(family.first.time, family.first.instance) for family in families.values()]


def compact(parts: Iterable[list[MetricRecord]]) -> list[MetricRecord]:
    """Add up what dead processes have counted; what they measured is no more."""
    kept = [[record for record in part if record.type in _ADDED] for part in parts]
    return merge([("", part) for part in kept], [])


def _is_quantile(record: MetricRecord, sample: Sample) -> bool:
    return record.type == "summary" and sample.name == record.name


def _joining(record: MetricRecord) -> Callable[[float, float], float] | None:
    name = record.name
    if name.endswith(_SUMMED_GAUGES):
        return _add
    if name == "health_check_status":
        return min
    of_machine = name.startswith("system_") or namespaces.of_machine(name)
    return _first if of_machine or record.type == "info" else None


def _add(one: float, other: float) -> float:
    return one + other


def _first(one: float, _: float) -> float:
    return one
