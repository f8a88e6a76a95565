"""Exemplars of a metric: single observations that its samples count, with the traces in which they were made."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from sightline.query.metrics import SERIES_LABEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sightline.query.timerange import TimeRange
    from sightline.store.connect import Store

MAX_EXEMPLARS: Final = 1_000
"""Most exemplars of one answer; more points cannot be told apart on a chart."""


class Exemplar(msgspec.Struct):
    """
    One observation.

    Attributes:
        timestamp: when it was made, RFC 3339.
        value: what was observed; null where it is no finite number.
        trace_id: the trace in which it was made, 32 hexadecimal digits; empty where it is not known.
        span_id: the span, 16 hexadecimal digits.
        metric: the series' own name: a histogram's is that of its bucket.
        labels: the series' labels.
        service: who observed it.
        attributes: what else its maker told of it.
    """

    timestamp: str
    value: float | None
    trace_id: str
    span_id: str
    metric: str
    labels: dict[str, str]
    service: str
    attributes: dict[str, str]


class Exemplars(msgspec.Struct):
    """A metric's exemplars, newest first; *truncated* says that there are more."""

    name: str
    exemplars: list[Exemplar]
    truncated: bool
    elapsed_ms: float


_WANTED: Final = f"""
MetricName IN ({{name:String}}, {{bucket:String}})
AND arrayMap(k -> {SERIES_LABEL.format(key="k")}, {{names:Array(String)}}) = {{values:Array(String)}}
"""

_FOUND: Final = f"""
WITH series AS
(
    SELECT SeriesId, any(MetricName) AS metric, any(Labels) AS labels, any(ServiceName) AS service
    FROM metric_series WHERE {_WANTED} GROUP BY SeriesId
)
SELECT Timestamp, Value, TraceId, SpanId, metric, labels, service, Attributes
FROM metric_exemplars FINAL INNER JOIN series USING (SeriesId)
WHERE SeriesId IN (SELECT SeriesId FROM series)
    AND Timestamp >= fromUnixTimestamp64Nano({{start:Int64}}) AND Timestamp < fromUnixTimestamp64Nano({{end:Int64}})
ORDER BY Timestamp DESC, SeriesId, TraceId, SpanId, Value LIMIT {{most:UInt32}}
"""


def find_exemplars(
    store: Store, name: str, range_: TimeRange, labels: Mapping[str, str], *, limit: int = MAX_EXEMPLARS
) -> Exemplars:
    """
    Give the newest exemplars of a metric.

    Args:
        store: where.
        name: the metric; of a histogram its family, or its ``_bucket``.
        range_: when the observations were made.
        labels: only those of series with these labels; ``service`` and ``instance`` are labels too.
        limit: most that are given.

    Raises:
        QueryTooExpensive: if it takes too long.
    """
    limit = min(max(1, limit), MAX_EXEMPLARS)
    found = store.query(
        _FOUND,
        {
            "name": name, "bucket": f"{name}_bucket", "names": list(labels), "values": list(labels.values()),
            "most": limit + 1, **range_.parameters,
        },
    )  # fmt: skip
    exemplars = [Exemplar(*row) for row in found.rows[:limit]]
    return Exemplars(name, exemplars, len(found.rows) > limit, found.elapsed_ms)
