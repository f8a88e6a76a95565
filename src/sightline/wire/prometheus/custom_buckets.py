"""Native histograms whose buckets have bounds of their own, as the classic series that they were made from."""

from __future__ import annotations

from itertools import pairwise
from math import isnan
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from prometheus_client.utils import floatToGoString

from sightline.wire.prometheus.histograms import MAP, side

if TYPE_CHECKING:
    from collections.abc import Iterator

CUSTOM: Final = -53
"""The schema that says: the bounds are listed."""

MAX_BOUNDS: Final = 1024
"""Bounds of one histogram; classic ones have some dozen."""

MAX_ROWS: Final = 200_000
"""Samples that the histograms of one request may become, because a bound of eight bytes becomes one with all labels."""

_INFINITE: Final = float("inf")

POINT_SCHEMA: Final = pa.schema(
    {
        "MetricName": pa.string(),
        "MetricFamily": pa.string(),
        "MetricType": pa.string(),
        "Unit": pa.string(),
        "Description": pa.string(),
        "ServiceName": pa.string(),
        "Labels": MAP,
        "ResourceAttributes": MAP,
        "Temporality": pa.string(),
        "Timestamp": pa.timestamp("ms", tz="UTC"),
        "Value": pa.float64(),
    }
)


def classic_rows(described: dict[str, Any], histogram: Any) -> list[dict[str, Any]] | None:
    """
    Give a histogram as samples of ``_bucket``, ``_count`` and ``_sum``; None if its buckets do not add up.

    Args:
        described: columns that say which series it is, as ``HISTOGRAM_SCHEMA`` has them.
        histogram: Protobuf's object, of the schema ``CUSTOM``.
    """
    bounds = list(histogram.custom_values)
    ascending = all(low < high for low, high in pairwise(bounds))
    found = side(histogram.positive_spans, histogram.positive_deltas, histogram.positive_counts)
    if found is None or not ascending or len(bounds) > MAX_BOUNDS or any(map(isnan, bounds)):
        return None
    offset, counts = found[0] + 1, found[1]  # buckets are numbered from 0, by the bound that they end at
    if counts and not 0 <= offset <= len(bounds) + 1 - len(counts):
        return None
    each = [0] * offset + counts
    return list(_samples(described, histogram, bounds, each + [0] * (len(bounds) + 1 - len(each))))


def _samples(
    described: dict[str, Any], histogram: Any, bounds: list[float], each: list[int]
) -> Iterator[dict[str, Any]]:
    name = described["MetricName"]
    total = 0
    shared = {**described, "MetricType": "histogram", "Timestamp": histogram.timestamp}
    if bounds[-1:] != [_INFINITE]:
        bounds = [*bounds, _INFINITE]
    for bound, count in zip(bounds, each, strict=False):
        total += count
        labels = [*described["Labels"], ("le", floatToGoString(bound))]  # type: ignore[no-untyped-call]
        yield {**shared, "MetricName": f"{name}_bucket", "Labels": labels, "Value": float(total)}
    count = histogram.count_int or histogram.count_float
    yield {**shared, "MetricName": f"{name}_count", "Value": float(count)}
    yield {**shared, "MetricName": f"{name}_sum", "Value": histogram.sum}
