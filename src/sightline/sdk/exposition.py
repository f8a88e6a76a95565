"""
``/metrics``: everything that is counted and measured in this process, as Prometheus and OpenMetrics text.

``prometheus_client`` writes it. To its registry come the families that live outside of it: requests, health, system.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric

from sightline.sdk import guard, metrics
from sightline.sdk.exemplars import to_prometheus
from sightline.sdk.system import system
from sightline.sdk.worker_metrics import workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sightline.model.metric import MetricRecord


class _Workers:
    """Looks like a registry to the encoders of ``prometheus_client``, and holds what all workers have counted."""

    def __init__(self, records: list[MetricRecord]) -> None:
        self._records = records

    def collect(self) -> Iterator[Metric]:
        """Give every family."""
        yield from _families(self._records)


class _All:
    """Looks like a registry to the encoders of ``prometheus_client``, and holds what this process has counted."""

    def collect(self) -> Iterator[Metric]:
        """Give every family once; of two with the same name, the host's."""
        known: set[str] = set()
        for family in metrics.collect(REGISTRY):
            if family.name not in known:
                known.add(family.name)
                yield family
        for family in _families(metrics.source_records()):
            if family.name not in known:
                known.add(family.name)
                yield family
        for family in _families(system.latest()):
            if family.name not in known:
                yield family


def expose(accept: str) -> tuple[str, bytes]:
    """
    Write all metrics: of this process, or of all workers of its server where there are several.

    Args:
        accept: the header of that name; OpenMetrics is written where it asks for it.

    Returns:
        Content type and text.
    """
    encode: Callable[[Any], bytes]
    encode, kind = choose_encoder(accept)
    return kind, encode(registry())


def registry() -> _All | _Workers:
    """Give what is exposed, which looks like a registry to the encoders of ``prometheus_client``."""
    try:
        records = workers.records()
    except Exception as error:
        guard.failed("workers", error)
        return _all
    return _all if records is None else _Workers(records)


_all: Final = _All()


def _families(records: Iterable[MetricRecord]) -> Iterator[Metric]:
    """Put the records of a family together: large ones are in several."""
    merged: dict[str, Metric] = {}
    for record in records:
        family = merged.get(record.name)
        if family is None:
            merged[record.name] = family = Metric(record.name, record.description, record.type or "unknown")
        for sample in record.samples:
            told = to_prometheus(sample.exemplar)
            family.add_sample(sample.name, sample.attributes or {}, float(sample.value), exemplar=told)
    yield from merged.values()
