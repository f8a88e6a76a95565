"""Data points of OTLP as rows of ``metric_points`` and ``histogram_points``: series as Prometheus has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from prometheus_client.utils import floatToGoString

from sightline.wire.decoded import Decoded
from sightline.wire.metric_names import metric_name
from sightline.wire.otlp import descriptors, exemplars
from sightline.wire.otlp.columns import (
    has_number,
    mask,
    numbers,
    offsets_of,
    parents,
    repeat,
    times_or,
    valid_times,
)
from sightline.wire.otlp.exemplars import MILLISECONDS
from sightline.wire.otlp.labels import each_distinct, label_maps, with_label
from sightline.wire.otlp.resources import Flat

NO_RECORDED_VALUE: Final = 1
"""Flag of a data point that says there is no value; nothing is stored for it."""

SAMPLE_BYTES: Final = 200
"""What a sample takes beside its texts while it is put together: a bucket is one, and has eight bytes in a request."""

_TEMPORALITIES: Final = pa.array(["", "delta", "cumulative"])


_REASON: Final = (
    "A data point needs a metric with a name, a value, a time no more than a year ahead, and one bucket more "
    "than it has bounds."
)


def decode_metrics(body: bytes, received_ns: int) -> Decoded:
    """
    Decode an ``ExportMetricsServiceRequest`` into rows of ``metric_points`` and ``histogram_points``.

    Sums and gauges are one sample a point; histograms become ``_bucket{le}``, ``_sum`` and ``_count``, summaries
    ``{quantile}``, ``_sum`` and ``_count``; exponential histograms are kept whole, with ``_sum`` and ``_count``.
    A point is rejected that has no name, no value, a time more than a year ahead, or not one bucket more than bounds.

    Raises:
        DecodeError: if *body* is no such message.
        BodyTooLarge: if names, labels and resources, repeated for each sample, would take too much.
    """
    flat = Flat.of(descriptors.read("metrics", body), "scope_metrics", "metrics")
    points = _Points(flat, received_ns)
    for kind, add in _KINDS.items():
        metric = flat.records.field(kind)
        if len(metric.field("data_points").flatten()):
            add(points, metric)
    return points.decoded()


@dataclass(slots=True)
class _Kept:
    """The points of one kind that are stored, and the row of the metric that each belongs to."""

    points: pa.StructArray
    metrics: np.ndarray
    labels: pa.MapArray
    times: pa.Array


@dataclass(slots=True)
class _Points:
    """What one request gives, while it is put together."""

    flat: Flat
    received_ns: int
    accepted: int = 0
    rejected: int = 0
    tables: dict[str, list[pa.Table]] = field(default_factory=dict)
    resources: dict[str, pa.Array] = field(init=False)

    def __post_init__(self) -> None:
        self.resources = self.flat.resource_columns()

    def decoded(self) -> Decoded:
        tables = {name: pa.concat_tables(rows) for name, rows in self.tables.items()}
        return Decoded(tables, self.accepted, self.rejected, _REASON if self.rejected else "")

    def keep(self, metric: pa.StructArray, valid: Any) -> _Kept:
        lists = metric.field("data_points")
        points, metrics = lists.flatten(), parents(lists)
        empty = (points.field("flags").to_numpy() & NO_RECORDED_VALUE) != 0
        named = mask(pc.not_equal(self.flat.records.field("name"), ""))[metrics]
        good = named & valid_times(points.field("time_unix_nano"), self.received_ns) & (empty | valid(points))
        self.accepted += int(good.sum())
        self.rejected += int((~good).sum())
        wanted = good & ~empty
        points = points.filter(pa.array(wanted))
        at = times_or(points.field("time_unix_nano"), self.received_ns).cast(MILLISECONDS, safe=False)
        return _Kept(points, metrics[wanted], label_maps(points.field("attributes")), at)

    def names(self, **kind: Any) -> pa.Array:
        records = self.flat.records
        pairs = zip(records.field("name").to_pylist(), records.field("unit").to_pylist(), strict=True)
        return pa.array([metric_name(name, unit, **kind) for name, unit in pairs], pa.string())

    def describe(self, metrics: np.ndarray, names: pa.Array) -> dict[str, pa.Array]:
        records, room = self.flat.records, self.flat.room
        room.take(len(metrics) * SAMPLE_BYTES)
        return {
            "MetricName": repeat(names, metrics, room),
            "MetricFamily": repeat(records.field("name"), metrics, room),
            "Unit": repeat(records.field("unit"), metrics, room),
            "Description": repeat(records.field("description"), metrics, room),
            **{name: repeat(column, metrics, room) for name, column in self.resources.items()},
        }

    def add(
        self, kept: _Kept, names: pa.Array, types: pa.Array | str, temporality: pa.Array, values: pa.Array, *,
        rows: np.ndarray | None = None, labels: pa.MapArray | None = None,
    ) -> None:  # fmt: skip
        """Add samples: one for each point, or for each of *rows* of points, then with *labels*."""
        metrics = kept.metrics if rows is None else kept.metrics[rows]
        if len(metrics) == 0:
            return
        room = self.flat.room
        kinds = pa.array([types] * len(self.flat.records)) if isinstance(types, str) else types
        columns = {
            **self.describe(metrics, names),
            "MetricType": repeat(kinds, metrics, room),
            "Labels": kept.labels if labels is None else labels,
            "Temporality": repeat(temporality, metrics, room),
            "Timestamp": kept.times if rows is None else kept.times.take(pa.array(rows)),
            "Value": values,
        }
        self.append("metric_points", columns)

    def append(self, table: str, columns: dict[str, pa.Array]) -> None:
        self.tables.setdefault(table, []).append(pa.table(columns))

    def add_exemplars(self, kept: _Kept, names: pa.Array, *, buckets: bool = False) -> None:
        """Add what single observations say, to the series of their point or, of a histogram, of their bucket."""
        found = exemplars.read(kept.points, self.received_ns)
        if found is None or not len(found.rows):
            return
        metrics, room = kept.metrics[found.rows], self.flat.room
        if buckets:
            labels = with_label(kept.labels, found.rows, "le", exemplars.bounds_of(kept.points, found), room)
        else:
            labels = repeat(kept.labels, found.rows, room)
        columns = {
            "MetricName": repeat(names, metrics, room),
            "Labels": labels,
            "ResourceAttributes": repeat(self.resources["ResourceAttributes"], metrics, room),
            **found.columns,
        }
        self.append("exemplar_points", columns)

    def add_totals(self, kept: _Kept, kind: str, temporality: pa.Array, names: pa.Array) -> None:
        """Add ``_count`` of every point, and ``_sum`` of those that have one."""
        self.add(
            kept,
            _suffixed(names, "_count"),
            kind,
            temporality,
            kept.points.field("count").cast(pa.float64(), safe=False),
        )
        sums = kept.points.field("sum")
        rows = np.flatnonzero(mask(sums.is_valid()))
        labels = kept.labels.take(pa.array(rows))
        self.add(kept, _suffixed(names, "_sum"), kind, temporality, sums.drop_null(), rows=rows, labels=labels)


def _gauges(points: _Points, metric: pa.StructArray) -> None:
    kept, names = points.keep(metric, has_number), points.names(gauge=True)
    points.add(kept, names, "gauge", _no_temporality(metric), numbers(kept.points))
    points.add_exemplars(kept, names)


def _sums(points: _Points, metric: pa.StructArray) -> None:
    monotonic = metric.field("is_monotonic")
    names = pc.if_else(monotonic, points.names(monotonic=True), points.names())
    types = pc.if_else(monotonic, "counter", "gauge")
    kept = points.keep(metric, has_number)
    points.add(kept, names, types, _temporality(metric), numbers(kept.points))
    points.add_exemplars(kept, names)


def _histograms(points: _Points, metric: pa.StructArray) -> None:
    kept = points.keep(metric, _buckets_fit)
    names, temporality = points.names(), _temporality(metric)
    points.add_totals(kept, "histogram", temporality, names)
    points.flat.room.take(len(kept.points.field("bucket_counts").flatten()) * SAMPLE_BYTES)
    rows, bounds, counts = _buckets(kept.points)
    labels = with_label(kept.labels, rows, "le", bounds, points.flat.room)
    named = _suffixed(names, "_bucket")
    points.add(kept, named, "histogram", temporality, counts, rows=rows, labels=labels)
    points.add_exemplars(kept, named, buckets=True)


def _exponential(points: _Points, metric: pa.StructArray) -> None:
    kept = points.keep(metric, _all_valid)
    if not len(kept.metrics):
        return
    names, temporality = points.names(), _temporality(metric)
    points.add_totals(kept, "histogram", temporality, names)
    positive, negative = kept.points.field("positive"), kept.points.field("negative")
    columns = {
        **points.describe(kept.metrics, names),
        "Labels": kept.labels,
        "Temporality": repeat(temporality, kept.metrics, points.flat.room),
        "Timestamp": kept.times,
        "Count": kept.points.field("count"),
        "Sum": kept.points.field("sum").fill_null(0.0),
        "Min": kept.points.field("min"),
        "Max": kept.points.field("max"),
        "Scale": kept.points.field("scale"),
        "ZeroCount": kept.points.field("zero_count"),
        "ZeroThreshold": kept.points.field("zero_threshold"),
        "PositiveOffset": positive.field("offset"),
        "PositiveBuckets": positive.field("bucket_counts"),
        "NegativeOffset": negative.field("offset"),
        "NegativeBuckets": negative.field("bucket_counts"),
    }
    points.append("histogram_points", columns)
    points.add_exemplars(kept, names)


def _summaries(points: _Points, metric: pa.StructArray) -> None:
    kept = points.keep(metric, _all_valid)
    names, temporality = points.names(), pa.array(["cumulative"] * len(metric))
    points.add_totals(kept, "summary", temporality, names)
    lists = kept.points.field("quantile_values")
    quantiles, rows = lists.flatten(), parents(lists)
    texts = each_distinct(quantiles.field("quantile"), floatToGoString)
    labels = with_label(kept.labels, rows, "quantile", texts, points.flat.room)
    points.add(kept, names, "summary", temporality, quantiles.field("value"), rows=rows, labels=labels)


_KINDS: Final = {
    "gauge": _gauges,
    "sum": _sums,
    "histogram": _histograms,
    "exponential_histogram": _exponential,
    "summary": _summaries,
}


def _all_valid(points: pa.StructArray) -> np.ndarray:
    return np.ones(len(points), dtype=bool)


def _buckets_fit(points: pa.StructArray) -> np.ndarray:
    counts = pc.list_value_length(points.field("bucket_counts")).to_numpy()
    bounds = pc.list_value_length(points.field("explicit_bounds")).to_numpy()
    fit: np.ndarray = (counts == bounds + 1) | ((counts == 0) & (bounds == 0))
    return fit


def _buckets(points: pa.StructArray) -> tuple[np.ndarray, pa.Array, pa.Array]:
    """Give for each bucket the row of its point, its upper bound as a label, and how many are at or below it."""
    lists = points.field("bucket_counts")
    lengths = pc.list_value_length(lists).to_numpy()
    ends = offsets_of(lengths)
    each = lists.flatten().to_numpy()
    running = np.zeros(len(each) + 1, dtype=np.uint64)
    np.cumsum(each, out=running[1:])
    sizes = np.maximum(lengths, 1)  # a point without buckets still has the one that holds everything
    rows = np.repeat(np.arange(len(points)), sizes)
    place = np.arange(len(rows)) - np.repeat(offsets_of(sizes)[:-1], sizes)
    counts = running[np.minimum(ends[:-1][rows] + place + 1, ends[-1])] - running[ends[:-1][rows]]
    counts = np.where(lengths[rows] == 0, points.field("count").to_numpy()[rows], counts)
    bounds = points.field("explicit_bounds")
    texts = each_distinct(bounds.flatten(), floatToGoString)
    starts = offsets_of(pc.list_value_length(bounds))[:-1]
    source = np.where(place == sizes[rows] - 1, len(texts), starts[rows] + place)
    labels = pa.concat_arrays([texts, pa.array(["+Inf"])]).take(pa.array(source))
    return rows, labels, pa.array(counts.astype(np.float64))


def _temporality(metric: pa.StructArray) -> pa.Array:
    codes = metric.field("aggregation_temporality").to_numpy()
    return _TEMPORALITIES.take(pa.array(np.where((codes > 0) & (codes < len(_TEMPORALITIES)), codes, 0)))


def _no_temporality(metric: pa.StructArray) -> pa.Array:
    return pa.array([""] * len(metric))


def _suffixed(names: pa.Array, suffix: str) -> pa.Array:
    return pc.binary_join_element_wise(names, suffix, "")
