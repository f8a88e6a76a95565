"""Percentiles of exponential histograms, whose buckets have numbers and no names."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sightline.store.connect import Store
    from sightline.store.result import Result

_ABOVE: Final = 1 << 40
"""Added to the number of a bucket of positive values; that of a negative one is its negative, zero's is 0."""

_FARTHEST: Final = 1 << 31
"""How far the numbers of buckets go in either direction; a float's exponent and the finest scale need no more."""


def _numbers(side: str) -> str:
    """Write the buckets' numbers of one side as they are at the coarsest scale of all."""
    place = f"floor(({side}Offset + place - 1) / exp2(Scale - coarsest))"
    within = f"toInt64(greatest(least({place}, {_FARTHEST}), -{_FARTHEST}))"
    return f"arrayMap(place -> {_ABOVE} + {within}, arrayEnumerate({side}Buckets))"


_BUCKETS: Final = (
    "arrayReduce('sumMap', "
    f"[arrayConcat([toInt64(0)], {_numbers('Positive')}, arrayMap(n -> -n, {_numbers('Negative')}))], "
    "[arrayMap(count -> toInt64(count), arrayConcat([ZeroCount], PositiveBuckets, NegativeBuckets))])"
)


def bucket_counts(store: Store, series: str, parameters: dict[str, Any]) -> Result:
    """
    Count what came into each bucket, step by step.

    Args:
        store: where.
        series: the statement that chooses them: SeriesId, key, temporality.
        parameters: those of *series*, and ``first``, ``end``, ``step``, ``lookback`` and ``most``.

    Returns:
        Rows of the series' key, the step, the scale, and the counts by the bucket's number.
    """
    samples = (
        "SeriesId IN (SELECT SeriesId FROM series) AND Timestamp < toDateTime64({end:Int64}, 3) "
        "AND Timestamp >= toDateTime64({first:Int64} - {lookback:Int64}, 3)"
    )
    each = f"SELECT SeriesId, Timestamp, Count, {_BUCKETS} AS found FROM metric_histograms FINAL WHERE {samples}"
    steps = (
        "SELECT SeriesId, intDiv(toUnixTimestamp(Timestamp), {step:UInt32}) * {step:UInt32} AS at, Count, "
        "mapFromArrays(found.1, found.2) AS counts, row_number() OVER earlier AS place, "
        f"lagInFrame(Count) OVER earlier AS was, lagInFrame(counts) OVER earlier AS before FROM ({each}) "
        "WINDOW earlier AS (PARTITION BY SeriesId ORDER BY Timestamp ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"
    )
    # One that counted less than before was started anew. The first of all has none before it to compare with.
    grown = (
        "multiIf(temporality = 'delta', counts, place = 1, mapSubtract(counts, counts), Count < was, counts, "
        "mapSubtract(counts, before))"
    )
    return store.query(
        f"WITH series AS ({series}), (SELECT min(Scale) FROM metric_histograms WHERE {samples}) AS coarsest "
        f"SELECT key, at, any(coarsest), sumMap({grown}) FROM ({steps}) AS steps INNER JOIN series USING (SeriesId) "
        "WHERE at >= {first:Int64} GROUP BY key, at ORDER BY key, at LIMIT {most:UInt32}",
        parameters,
    )


def exponential_quantile(share: float, scale: int, counts: Mapping[str, int]) -> float | None:
    """
    Estimate a quantile, exponential within the bucket that it falls into.

    Args:
        share: from 0 to 1.
        scale: of the buckets; each is 2 ** 2 ** -scale times as wide as the one below it.
        counts: by the buckets' numbers, as ``bucket_counts`` gives them.

    Returns:
        The value, or None where nothing was counted, or it is larger than a number can be.
    """
    ordered = sorted((int(number), count) for number, count in counts.items() if count > 0)
    rank, below = share * sum(count for _, count in ordered), 0
    for number, count in ordered:
        if below + count >= rank:
            return _value(number, (rank - below) / count, scale)
        below += count
    return None


def _value(number: int, part: float, scale: int) -> float | None:
    if number == 0:
        return 0.0
    place = number - _ABOVE + part if number > 0 else -number - _ABOVE + 1 - part
    try:
        size = math.pow(2.0, place * math.pow(2.0, -scale))
    except OverflowError:
        return None
    return size if number > 0 else -size
