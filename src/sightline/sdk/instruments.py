"""
``prometheus_client``'s metrics as we give them out: the same classes, that find a series faster and keep exemplars.

Importing this module imports ``prometheus_client``, so only the first metric does.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Final, Self

import prometheus_client
from prometheus_client.metrics import MetricWrapperBase

from sightline.sdk.exemplars import added, seen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.samples import Sample

    from sightline.sdk.exemplars import Seen

_TEXTS: Final = frozenset({str})


class _Labelled(MetricWrapperBase):
    """A metric that finds a series which is there without a lock and without looking at its labels one by one."""

    def labels(self, *labelvalues: object, **labelkwargs: object) -> Self:
        """Give the series with these values, as ``prometheus_client`` does."""
        # Other types are turned into text first, as enumerations are, which may equal another text than that.
        if not labelkwargs and _TEXTS.issuperset(map(type, labelvalues)):
            try:
                found: Self = self._metrics[labelvalues]  # type: ignore[index, assignment]
            except (KeyError, AttributeError):
                pass
            else:
                return found
        return super().labels(*labelvalues, **labelkwargs)


class Gauge(_Labelled, prometheus_client.Gauge):
    """A value that goes up and down."""


class Summary(_Labelled, prometheus_client.Summary):
    """Counts values and adds them up."""


class Info(_Labelled, prometheus_client.Info):
    """Tells texts, such as a version."""


class Counter(_Labelled, prometheus_client.Counter):
    """A value that goes up; it keeps the span of the last increase."""

    _seen: Seen | None = None

    def inc(self, amount: float = 1, exemplar: dict[str, str] | None = None) -> None:
        """Add *amount*. An *exemplar* of one's own takes the place of the current span."""
        value = getattr(self, "_value", None)
        if value is None or exemplar is not None or amount < 0:
            super().inc(amount, exemplar)
            return
        value.inc(amount)
        observation = seen(amount)
        if observation is not None:
            self._seen = observation

    def _child_samples(self) -> Iterable[Sample]:
        samples = super()._child_samples()
        return samples if self._seen is None else added(samples, "_total", {0: self._seen})


class Histogram(_Labelled, prometheus_client.Histogram):
    """Counts values by size; it keeps the span of the last one in each bucket."""

    _seen: dict[int, Seen] | None = None

    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None:
        """Count *amount*. An *exemplar* of one's own takes the place of the current span."""
        buckets: list[Any] | None = getattr(self, "_buckets", None)
        # What is no number is not comparable, and so in no bucket.
        if buckets is None or exemplar is not None or amount != amount:  # noqa: PLR0124
            super().observe(amount, exemplar)
            return
        self._sum.inc(amount)
        position = bisect_left(self._upper_bounds, amount)
        buckets[position].inc(1)
        observation = seen(amount)
        if observation is not None:
            if self._seen is None:
                self._seen = {}
            self._seen[position] = observation

    def _child_samples(self) -> Iterable[Sample]:
        samples = super()._child_samples()
        return samples if self._seen is None else added(samples, "_bucket", dict(self._seen))
