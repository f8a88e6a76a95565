"""Metrics: which there are, and how one went over time."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import msgspec

from sightline.base.errors import QueryInvalid
from sightline.query.cursor import After, decode_cursor, encode_cursor
from sightline.query.histograms import bucket_counts, exponential_quantile
from sightline.query.rises import Lines, Points, both, risen
from sightline.query.timerange import NS_PER_S, TimeRange

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sightline.store.connect import Store
    from sightline.store.result import Result

Aggregate = Literal["avg", "sum", "max", "min", "rate", "p50", "p95", "p99"]

MAX_POINTS: Final = 2_000
"""Most points of one series; a chart is seldom wider."""

MAX_SERIES: Final = 200
"""Most series of one answer; more lines than that cannot be told apart."""

MAX_METRICS: Final = 5_000
"""Most metrics that are listed."""

LOOKBACK_S: Final = 120
"""How long before the range a counter's previous sample is looked for: two scrapes of a minute."""

Point = tuple[int, float | None]


class Metric(msgspec.Struct):
    """One metric by its family's name, and how many series it has."""

    name: str
    type: str
    unit: str
    description: str
    series: int


class Metrics(msgspec.Struct):
    """Metrics by their names, and where the next page begins; null after the last one."""

    metrics: list[Metric]
    next_cursor: str | None
    elapsed_ms: float


class Series(msgspec.Struct):
    """One line of a chart: pairs of Unix seconds and a value, or null where there was no sample."""

    labels: dict[str, str]
    points: list[Point]


class MetricRange(msgspec.Struct):
    """A metric over time; *truncated* says that there were more than 200 series."""

    name: str
    aggregate: str
    step_seconds: int
    series: list[Series]
    truncated: bool
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class RangeQuestion:
    """
    What is asked of a metric.

    Attributes:
        name: the metric, or a histogram's family for percentiles.
        range: when.
        step_s: width of a step; None chooses one.
        by: labels that keep series apart; ``service`` and ``instance`` are labels too.
        aggregate: how samples become one; None takes rate for counters and avg for the rest.
        labels: only series with these labels.
    """

    name: str
    range: TimeRange
    step_s: int | None = None
    by: Sequence[str] = ()
    aggregate: Aggregate | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


_STEP: Final = re.compile(r"([0-9]{1,6})([smhd]?)")
_STEP_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}

SERIES_LABEL: Final = (
    "multiIf({key} = 'service', toString(ServiceName), "
    "{key} = 'instance', ResourceAttributes['service.instance.id'], Labels[{key}])"
)
"""The value of the label *key* of a series."""

_OVER_TIME: Final = {"avg": "avg(Value)", "sum": "avg(Value)", "max": "max(Value)", "min": "min(Value)"}
"""How the samples of one series become one point; the sum of a gauge is a sum over series, not over time."""


def parse_step(text: str) -> int:
    """
    Read a step: seconds, or a number with ``s``, ``m``, ``h`` or ``d``.

    Raises:
        QueryInvalid: if it is none.
    """
    found = _STEP.fullmatch(text)
    step = int(found[1]) * _STEP_UNITS[found[2]] if found else 0
    if step < 1:
        raise QueryInvalid(f"{text[:64]!r} is no step. Expected seconds, or a number with its unit: 30s, 5m, 1h.")
    return step


def parse_aggregate(text: str) -> Aggregate:
    """
    Read the name of an aggregate.

    Raises:
        QueryInvalid: if there is none of this name.
    """
    try:
        aggregate: Aggregate = msgspec.convert(text, Aggregate)
    except msgspec.ValidationError:
        raise QueryInvalid(f"{text[:64]!r} is no aggregate. There are: {', '.join(get_args(Aggregate))}.") from None
    return aggregate


def list_metrics(store: Store, prefix: str = "", *, limit: int = MAX_METRICS, cursor: str | None = None) -> Metrics:
    """
    List metrics whose name begins with *prefix*, page by page.

    Raises:
        QueryInvalid: if the cursor is none of this list.
    """
    limit = min(max(1, limit), MAX_METRICS)
    found = store.query(
        "SELECT if(family = '', toString(MetricName), family) AS name, max(type), any(unit), any(description), "
        "uniqExact(SeriesId) FROM (SELECT MetricName, SeriesId, min(MetricFamily) AS family, max(MetricType) AS type, "
        "anyLast(Unit) AS unit, anyLast(Description) AS description FROM metric_series "
        "GROUP BY MetricName, SeriesId) WHERE (startsWith(name, {prefix:String}) OR "
        "startsWith(MetricName, {prefix:String})) AND name > {after:String} "
        "GROUP BY name ORDER BY name LIMIT {most:UInt32}",
        {"prefix": prefix, "after": decode_cursor(cursor, After).name if cursor else "", "most": limit + 1},
    )
    metrics = [Metric(*row) for row in found.rows[:limit]]
    more = encode_cursor(After(metrics[-1].name)) if len(found.rows) > limit else None
    return Metrics(metrics, more, found.elapsed_ms)


def metric_range(store: Store, question: RangeQuestion) -> MetricRange:
    """
    Give a metric over time.

    Raises:
        QueryInvalid: if the step is too small for the range.
        QueryTooExpensive: if it takes too long.
    """
    step_s = question.step_s or question.range.step_s(120)
    first_s = question.range.start_ns // NS_PER_S // step_s * step_s
    end_s = -(-question.range.end_ns // NS_PER_S)
    grid = range(first_s, end_s, step_s)
    if len(grid) > MAX_POINTS:
        raise QueryInvalid(
            f"A step of {step_s} s gives {len(grid)} points; at most {MAX_POINTS} are given. Take a longer one."
        )
    aggregate = question.aggregate or _usual(store, question.name)
    asked: dict[str, Any] = {
        "name": question.name, "by": list(dict.fromkeys(question.by)), "names": list(question.labels),
        "values": list(question.labels.values()), "first": first_s, "end": end_s, "step": step_s,
        "lookback": max(LOOKBACK_S, 2 * step_s), "most": (MAX_SERIES + 1) * len(grid),
    }  # fmt: skip
    lines, elapsed_ms = (_percentile if aggregate.startswith("p") else _aggregate)(store, aggregate, asked)
    series = [
        Series(dict(zip(asked["by"], key, strict=True)), [(at_s, points.get(at_s)) for at_s in grid])
        for key, points in sorted(lines.items())[:MAX_SERIES]
    ]
    return MetricRange(question.name, aggregate, step_s, series, len(lines) > MAX_SERIES, elapsed_ms)


def bucket_quantile(share: float, buckets: Sequence[tuple[float, float]]) -> float | None:
    """
    Estimate a quantile from cumulative buckets, as Prometheus does: linear within the bucket it falls into.

    Args:
        share: from 0 to 1.
        buckets: pairs of the upper bound and how many lie below it, by rising bounds.

    Returns:
        The value, or None where nothing was counted. In the last bucket it is that bucket's lower bound.
    """
    if not buckets or buckets[-1][1] <= 0:
        return None
    rank = share * buckets[-1][1]
    for (low, below), (high, count) in pairwise([(0.0, 0.0), *buckets]):
        if count >= rank:
            if high == math.inf:
                return low
            return low if count == below else low + (high - low) * (rank - below) / (count - below)
    return None


def _bound(text: str) -> float | None:
    try:
        bound = float(text)
    except ValueError:
        return None
    return None if math.isnan(bound) else bound


def _usual(store: Store, name: str) -> Aggregate:
    found = store.query(
        "SELECT max(MetricType) FROM metric_series WHERE MetricName = {name:String}", {"name": name}
    ).scalar()
    counts = found == "counter" or (found in {"histogram", "summary"} and name.endswith(("_count", "_sum", "_bucket")))
    return "rate" if counts else "avg"


def _aggregate(store: Store, aggregate: str, asked: dict[str, Any]) -> tuple[Lines, float]:
    if aggregate == "rate":
        lines, elapsed_ms = risen(store, _SERIES, asked, labels=len(asked["by"]), lines=MAX_SERIES)
        return {key: _per_second(points, asked["step"], asked["end"]) for key, points in lines.items()}, elapsed_ms
    found = _levels(store, aggregate, asked)
    lines = {}
    for key, at_s, value in found.rows:
        lines.setdefault(tuple(key), {})[at_s] = value
    return lines, found.elapsed_ms


def _per_second(points: Points, step_s: int, end_s: int) -> Points:
    """Divide what came in each step by its seconds, of which the last step may have fewer."""
    return {at: None if value is None else value / min(step_s, end_s - at) for at, value in points.items()}


def _percentile(store: Store, aggregate: str, asked: dict[str, Any]) -> tuple[Lines, float]:
    share = int(aggregate[1:]) / 100
    named = {**asked, "name": f"{asked['name'].removesuffix('_bucket')}_bucket", "by": [*asked["by"], "le"]}
    found, elapsed_ms = risen(store, _SERIES, named, labels=len(asked["by"]), lines=MAX_SERIES)
    counted: dict[tuple[str, ...], dict[float, Points]] = {}
    for (*key, text), points in found.items():
        bounds = counted.setdefault(tuple(key), {})
        if (bound := _bound(text)) is not None:
            # One client writes 1, another 1.0.
            bounds[bound] = both(bounds[bound], points) if bound in bounds else points
    lines = {key: _quantiles(share, bounds) for key, bounds in counted.items()}
    if not lines:
        counts = bucket_counts(store, _SERIES, asked)
        for key, at_s, scale, buckets in counts.rows:
            lines.setdefault(tuple(key), {})[at_s] = exponential_quantile(share, scale, buckets)
        elapsed_ms += counts.elapsed_ms
    return lines, elapsed_ms


def _quantiles(share: float, bounds: dict[float, Points]) -> Points:
    """Estimate a quantile for each step, of how many lie below each bound."""
    rising = sorted(bounds.items())
    steps: set[int] = set().union(*bounds.values())
    return {
        at: bucket_quantile(share, [(bound, points[at] or 0.0) for bound, points in rising if at in points])
        for at in steps
    }


_SERIES: Final = (
    f"SELECT SeriesId, any(arrayMap(k -> {SERIES_LABEL.format(key='k')}, {{by:Array(String)}})) AS key, "
    "any(Temporality) AS temporality FROM metric_series WHERE MetricName = {name:String} "
    f"AND arrayMap(k -> {SERIES_LABEL.format(key='k')}, {{names:Array(String)}}) = {{values:Array(String)}} "
    "GROUP BY SeriesId"
)


def _levels(store: Store, aggregate: str, asked: dict[str, Any]) -> Result:
    """Give rows of labels' values, step and value."""
    # NaN says that there was nothing to measure; one would be the outcome of every aggregate.
    points = (
        "SELECT SeriesId, intDiv(toUnixTimestamp(Timestamp), {step:UInt32}) * {step:UInt32} AS at, "
        f"{_OVER_TIME[aggregate]} AS v FROM metric_samples FINAL "
        "WHERE SeriesId IN (SELECT SeriesId FROM metric_series WHERE MetricName = {name:String}) "
        "AND Timestamp < toDateTime64({end:Int64}, 3) AND Timestamp >= toDateTime64({first:Int64}, 3) "
        "AND NOT isNaN(Value) GROUP BY SeriesId, at"
    )
    return store.query(
        f"WITH series AS ({_SERIES}) SELECT key, at, {aggregate}(v) AS value FROM ({points}) AS points "
        "INNER JOIN series USING (SeriesId) GROUP BY key, at ORDER BY key, at LIMIT {most:UInt32}",
        asked,
    )
