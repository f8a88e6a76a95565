"""
Metrics: ``prometheus_client``'s registry, written down at intervals as it stands.

``prometheus_client`` is imported by the first metric, not before: it takes ten megabytes and thirty milliseconds, which
a program without metrics is spared.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

from sightline.base.errors import MetricConflict
from sightline.model.metric import MetricRecord, Sample
from sightline.sdk import guard
from sightline.sdk.background import Task, background
from sightline.sdk.exemplars import from_prometheus
from sightline.sdk.recorder import recorder
from sightline.wire import lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client import Counter, Gauge, Histogram, Info, Summary
    from prometheus_client.metrics import MetricWrapperBase
    from prometheus_client.metrics_core import Metric
    from prometheus_client.registry import CollectorRegistry

_LINE_BYTES: Final = 16 * 1024
"""About the longest line of metrics. Larger families take several lines, which fit the smallest segment."""

SAMPLES_PER_LINE: Final = 150
"""Samples in one line where their size is known to be about a hundred bytes."""

_FIRST_S: Final = 1.0
"""Seconds from the start to the first snapshot, so that a process is seen soon."""

_TYPES: Final = frozenset({"counter", "gauge", "histogram", "summary", "info", "stateset"})
_CUMULATIVE: Final = frozenset({"counter", "histogram", "summary"})

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Upper bounds of a histogram's buckets where none are given, in seconds. OpenTelemetry advises the same."""

_Wrapper = TypeVar("_Wrapper", bound="MetricWrapperBase")
_Key = tuple[str, tuple[tuple[str, str], ...]]


def counter(name: str, description: str = "", labels: Iterable[str] = ()) -> Counter:
    """
    Find or make the counter *name*: ``counter("orders").inc()``, or with *labels*, ``….labels("a").inc()``.

    Asked for again, the same one is given. Where the name belongs to another kind of metric, or to one with other
    labels, this is said once, and what is given counts but is not recorded.
    """
    from sightline.sdk.instruments import Counter

    return _get(Counter, name, description, labels)


def gauge(name: str, description: str = "", labels: Iterable[str] = ()) -> Gauge:
    """Find or make the gauge *name*: a value that goes up and down. See ``counter``."""
    from sightline.sdk.instruments import Gauge

    return _get(Gauge, name, description, labels)


def histogram(
    name: str,
    description: str = "",
    labels: Iterable[str] = (),
    *,
    buckets: Iterable[float] = BUCKETS,
) -> Histogram:
    """Find or make the histogram *name*; *buckets* are upper bounds, in the unit of the values. See ``counter``."""
    from sightline.sdk.instruments import Histogram

    return _get(Histogram, name, description, labels, buckets=tuple(buckets))


def summary(name: str, description: str = "", labels: Iterable[str] = ()) -> Summary:
    """Find or make the summary *name*: how many values there were, and their sum. See ``counter``."""
    from sightline.sdk.instruments import Summary

    return _get(Summary, name, description, labels)


def info(name: str, description: str = "", labels: Iterable[str] = ()) -> Info:
    """Find or make the info *name*: texts that hold for the whole process, such as its version. See ``counter``."""
    from sightline.sdk.instruments import Info

    return _get(Info, name, description, labels)


# Guards the finding and making of metrics, so that two threads do not make the same.
_making = threading.Lock()


def _get(kind: type[_Wrapper], name: str, description: str, labels: Iterable[str], **more: Any) -> _Wrapper:
    from prometheus_client import REGISTRY

    names = (labels,) if isinstance(labels, str) else tuple(labels)
    with _making:
        known: Any = REGISTRY._names_to_collectors.get(name)  # noqa: SLF001 - the registry has no public look-up
        if known is None:
            try:
                return kind(name, description or name, names, **more)
            except ValueError as error:
                # A name that is not allowed, or one that an existing metric uses for a part of itself.
                conflict = MetricConflict(f"The metric {name!r} cannot be registered: {error}")
        elif type(known) in {kind, kind.__bases__[-1]} and known._labelnames == names:  # noqa: SLF001 - as above
            # The host's own is of the class that ours is made from.
            return cast("_Wrapper", known)
        else:
            conflict = MetricConflict(
                f"The metric {name!r} is a {_kind(known)} already; it was asked for as a {kind.__name__} with the "
                f"labels {list(names)}. Use another name, or the same kind and labels everywhere."
            )
    guard.failed("metrics", conflict)
    return _unregistered(kind, name, description, names, more)


def _kind(known: Any) -> str:
    labels = getattr(known, "_labelnames", None)
    return type(known).__name__ if labels is None else f"{type(known).__name__} with the labels {list(labels)}"


def _unregistered(
    kind: type[_Wrapper], name: str, description: str, labels: tuple[str, ...], more: dict[str, Any]
) -> _Wrapper:
    """Make a metric that works and is recorded nowhere: the host's code goes on."""
    try:
        return kind(name, description or name, labels, registry=None, **more)
    except ValueError:
        return kind("sightline_refused", description or name, labels, registry=None)


def loaded_registry() -> CollectorRegistry | None:
    """Give ``prometheus_client``'s registry, or None as long as nothing in this process has imported it."""
    return cast("CollectorRegistry | None", getattr(sys.modules.get("prometheus_client"), "REGISTRY", None))


def collect(registry: CollectorRegistry) -> Iterator[Metric]:
    """Read every family of *registry*. A collector that fails is noted, and the others are read."""
    for collector in list(registry._collector_to_names):  # noqa: SLF001 - collect() ends at the first failure
        if collector in _sources:
            continue
        try:
            yield from collector.collect()
        except Exception as error:
            guard.failed(f"collector {type(collector).__module__}.{type(collector).__qualname__}", error)


def snapshot(registry: CollectorRegistry, *, exemplars: bool = False) -> Iterator[MetricRecord]:
    """Write *registry* down as it stands now: one record a family, several for a large one."""
    now, instance = time.time_ns(), recorder.instance
    for family in collect(registry):
        kind = family.type if family.type in _TYPES else "unknown"
        for samples in _portions(family, exemplars=exemplars):
            yield MetricRecord(now, instance, family.name, kind, family.unit, family.documentation, samples)


def _portions(family: Metric, *, exemplars: bool) -> Iterator[list[Sample]]:
    portion: list[Sample] = []
    size = 0
    inherited = _inherited if family.type in _CUMULATIVE else {}
    for sample in family.samples:
        # When a series began is known from its first sample; a second series for each says nothing more.
        if sample.name.endswith("_created"):
            continue
        labels = sample.labels
        value = float(sample.value)
        if inherited:
            before = inherited.get((sample.name, tuple(labels.items())), 0.0)
            value = value - before if value >= before else value
        seen = from_prometheus(sample.exemplar) if exemplars else None
        portion.append(Sample(sample.name, value if math.isfinite(value) else str(value), labels or None, seen))
        size += len(sample.name) + 64 + sum(len(key) + len(text) + 6 for key, text in labels.items())
        if size > _LINE_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


class Source(Protocol):
    """Metrics that are not in ``prometheus_client``'s registry, or only to be seen there."""

    def records(self) -> Iterator[MetricRecord]:
        """Give the records of all families as they stand now."""
        ...


_sources: Final[list[Any]] = []


def add_source(source: Source) -> None:
    """Record *source* along with the registry."""
    _sources.append(source)


def source_records() -> Iterator[MetricRecord]:
    """Read the families of all sources. One that fails is noted, and the others are read."""
    for source in _sources:
        try:
            yield from source.records()
        except Exception as error:
            guard.failed(f"metrics of {type(source).__module__}.{type(source).__qualname__}", error)


def record() -> None:
    """Record the metrics of this process as they stand now."""
    registry = loaded_registry()
    for family in () if registry is None else snapshot(registry):
        recorder.append(lines.encode(family))
    for family in source_records():
        for sample in family.samples:
            sample.exemplar = None
        recorder.append(lines.encode(family))


_inherited: dict[_Key, float] = {}
"""What counters and histograms held at the fork. The parent records it; a child counts from there."""


def _reborn() -> None:
    """Take the registry over in a forked child."""
    global _inherited, _making  # noqa: PLW0603 - state of the process, renewed with it
    _making = threading.Lock()
    registry = loaded_registry()
    if registry is None:
        return
    _free_locks(registry)
    _inherited = {
        (sample.name, tuple(sample.labels.items())): float(sample.value)
        for family in collect(registry)
        if family.type in _CUMULATIVE
        for sample in family.samples
        if sample.value
    }


def _free_locks(registry: CollectorRegistry) -> None:
    """
    Make the registry's locks anew.

    A thread of the parent may have held one at the fork; in the child nobody would ever release it.
    """
    _free(registry)
    for collector in list(registry._collector_to_names):  # noqa: SLF001 - prometheus_client does not do it itself
        children = getattr(collector, "_metrics", None)
        for part in (collector, *(children.values() if isinstance(children, dict) else ())):
            _free(part)
            for value in list(getattr(part, "__dict__", {}).values()):
                for inner in value if isinstance(value, list) else (value,):
                    _free(inner)


def _free(part: Any) -> None:
    if type(getattr(part, "_lock", None)) is type(threading.Lock()):
        part._lock = threading.Lock()  # noqa: SLF001


def _interval_s() -> float:
    return float(recorder.settings["metrics_interval_s"].value)


recorder.on_fork(_reborn)
background.add(Task(run=record, interval=_interval_s, first_s=_FIRST_S, at_end=True))
