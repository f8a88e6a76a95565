"""Native histograms, sparse in Prometheus, as the dense ones that OpenTelemetry and the store have."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

MAX_BUCKETS: Final = 4096
"""Buckets of one side. Prometheus's own limit is far lower; spans far apart could ask for billions."""

MAP: Final = pa.map_(pa.string(), pa.string())
_BUCKETS: Final = pa.list_(pa.uint64())

HISTOGRAM_SCHEMA: Final = pa.schema(
    {
        "MetricName": pa.string(),
        "MetricFamily": pa.string(),
        "Unit": pa.string(),
        "Description": pa.string(),
        "ServiceName": pa.string(),
        "Labels": MAP,
        "ResourceAttributes": MAP,
        "Temporality": pa.string(),
        "Timestamp": pa.timestamp("ms", tz="UTC"),
        "Count": pa.uint64(),
        "Sum": pa.float64(),
        "Scale": pa.int32(),
        "ZeroCount": pa.uint64(),
        "ZeroThreshold": pa.float64(),
        "PositiveOffset": pa.int32(),
        "PositiveBuckets": _BUCKETS,
        "NegativeOffset": pa.int32(),
        "NegativeBuckets": _BUCKETS,
    }
)


def histogram_row(histogram: Any) -> dict[str, Any] | None:
    """
    Give a histogram's own columns; None if its buckets are not exponential, do not add up or are too many.

    Counts of a histogram of floats are rounded. A bucket of Prometheus is numbered by its upper bound, one of
    OpenTelemetry by its lower one: the offset is one less.
    """
    if not -4 <= histogram.schema <= 8:
        return None
    positive = side(histogram.positive_spans, histogram.positive_deltas, histogram.positive_counts)
    negative = side(histogram.negative_spans, histogram.negative_deltas, histogram.negative_counts)
    count = _count(histogram.count_int, histogram.count_float)
    zero = _count(histogram.zero_count_int, histogram.zero_count_float)
    if positive is None or negative is None or count is None or zero is None:
        return None
    return {
        "Timestamp": histogram.timestamp,
        "Count": count,
        "Sum": histogram.sum,
        "Scale": histogram.schema,
        "ZeroCount": zero,
        "ZeroThreshold": histogram.zero_threshold,
        "PositiveOffset": positive[0],
        "PositiveBuckets": positive[1],
        "NegativeOffset": negative[0],
        "NegativeBuckets": negative[1],
    }


def _count(whole: int, real: float) -> int | None:
    if whole:
        return whole
    return round(real) if 0 <= real < 1 << 63 else None


def side(spans: Any, deltas: Any, counts: Any) -> tuple[int, list[int]] | None:
    """Give the number of the first bucket and the counts of all; None if they do not add up or are too many."""
    each: list[int] = []
    running = 0
    for delta in deltas:
        running += delta
        each.append(running)
    for real in counts:
        whole = _count(0, real)
        if whole is None:
            return None
        each.append(whole)
    if len(each) > MAX_BUCKETS or any(not 0 <= number < 1 << 64 for number in each):
        return None
    return _laid_out(spans, each)


def _laid_out(spans: Any, each: list[int]) -> tuple[int, list[int]] | None:
    """Put the buckets where the spans say, with zeros in the gaps."""
    if not spans:
        return (0, []) if not each else None
    laid: list[int] = []
    taken = 0
    for place, span in enumerate(spans):
        gap = span.offset if place else 0
        if gap < 0 or len(laid) + gap + span.length > MAX_BUCKETS or taken + span.length > len(each):
            return None
        laid += [0] * gap + each[taken : taken + span.length]
        taken += span.length
    offset = spans[0].offset - 1
    if taken != len(each) or not -(1 << 31) <= offset < 1 << 31:
        return None
    return offset, laid
