"""A family of Prometheus samples as metrics of OTLP's JSON encoding: sums, gauges, histograms and summaries."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from sightline.wire.export_values import attributes, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sightline.model.metric import MetricRecord, Sample

CUMULATIVE: Final = 2

_PAST_COUNTS: Final = 2.0**63
"""Counts and times are below this, in which 64 bits with a sign end."""

_Labels = tuple[tuple[str, str], ...]


def metrics(record: MetricRecord) -> tuple[list[dict[str, Any]], int]:
    """
    Give the metrics of one family, most have one, and how many points were left out.

    Left out is a histogram or summary whose counts are none, such as a collector that says ``nan``: a receiver would
    refuse the whole request for it.
    """
    told = {"unit": record.unit, "description": record.description}
    common = {name: text for name, text in told.items() if text}
    if record.type == "counter":
        return list(_sums(record, common)), 0
    if record.type == "histogram":
        points = [_histogram_point(record, found) for found in _grouped(record, "le").values()]
        return _whole_family(record, common, "histogram", points, aggregationTemporality=CUMULATIVE)
    if record.type == "summary":
        points = [_summary_point(record, found) for found in _grouped(record, "quantile").values()]
        return _whole_family(record, common, "summary", points)
    return [
        {"name": name, **common, "gauge": {"dataPoints": [_point(record, sample) for sample in samples]}}
        for name, samples in _by_name(record.samples).items()
    ], 0


def _whole_family(
    record: MetricRecord, common: dict[str, str], kind: str, points: list[dict[str, Any] | None], **shape: Any
) -> tuple[list[dict[str, Any]], int]:
    """Make the one metric of a family, none where no point is left."""
    good = [point for point in points if point]
    found = [{"name": record.name, **common, kind: {**shape, "dataPoints": good}}] if good else []
    return found, len(points) - len(good)


def _sums(record: MetricRecord, common: dict[str, str]) -> Iterator[dict[str, Any]]:
    begun = {_labels(sample): sample.value for sample in record.samples if sample.name.endswith("_created")}
    for name, samples in _by_name(record.samples).items():
        if name.endswith("_created"):
            continue
        points = [_point(record, sample, begun.get(_labels(sample))) for sample in samples]
        shape = {"aggregationTemporality": CUMULATIVE, "isMonotonic": True, "dataPoints": points}
        yield {"name": name, **common, "sum": shape}


def _point(record: MetricRecord, sample: Sample, begun: float | str | None = None) -> dict[str, Any]:
    value = number(sample.value)
    return {**_about(record, _labels(sample), begun), "asDouble": value}


def _about(record: MetricRecord, labels: _Labels, begun: float | str | None) -> dict[str, Any]:
    point: dict[str, Any] = {"timeUnixNano": str(record.time)}
    if labels:
        point["attributes"] = attributes(dict(labels))
    begun_ns = -1.0 if begun is None else float(begun) * 1e9
    if _is_count(begun_ns):
        point["startTimeUnixNano"] = str(round(begun_ns))
    return point


def _is_count(told: float) -> bool:
    """Tell whether *told* is a number that can count, which ``nan`` and ``inf`` are not."""
    return 0 <= told < _PAST_COUNTS


class _Group:
    """The samples of a histogram or summary that have all labels but one in common."""

    def __init__(self, labels: _Labels) -> None:
        self.labels = labels
        self.steps: list[tuple[float, float]] = []
        self.sum: float | str | None = None
        self.count = 0.0
        self.begun: float | str | None = None


def _grouped(record: MetricRecord, step: str) -> dict[_Labels, _Group]:
    groups: dict[_Labels, _Group] = {}
    for sample in record.samples:
        labels = tuple((key, text) for key, text in _labels(sample) if key != step)
        group = groups.setdefault(labels, _Group(labels))
        if step in (sample.attributes or {}):
            group.steps.append((float((sample.attributes or {})[step]), float(sample.value)))
        elif sample.name.endswith("_sum"):
            group.sum = number(sample.value)
        elif sample.name.endswith("_count"):
            group.count = float(sample.value)
        elif sample.name.endswith("_created"):
            group.begun = sample.value
    return groups


def _histogram_point(record: MetricRecord, group: _Group) -> dict[str, Any] | None:
    """Make a point of buckets that each count those below them too; None where they cannot, or the last is missing."""
    steps = sorted(group.steps)
    bounds = [bound for bound, _ in steps[:-1]]
    if not steps or steps[-1][0] != math.inf or not all(map(math.isfinite, bounds)):
        return None
    if not all(_is_count(count) for _, count in steps):
        return None
    counts = [int(count) for _, count in steps]
    alone = [count - before for before, count in pairwise([0, *counts])]
    if min(alone) < 0:
        return None
    return {
        **_about(record, group.labels, group.begun),
        "count": str(counts[-1]),
        "bucketCounts": [str(count) for count in alone],
        "explicitBounds": bounds,
        **({} if group.sum is None else {"sum": group.sum}),
    }


def _summary_point(record: MetricRecord, group: _Group) -> dict[str, Any] | None:
    """Make a point of quantiles; None where it does not say how many values there were."""
    if not _is_count(group.count):
        return None
    return {
        **_about(record, group.labels, group.begun),
        "count": str(int(group.count)),
        "sum": 0.0 if group.sum is None else group.sum,
        "quantileValues": [{"quantile": at, "value": number(told)} for at, told in sorted(group.steps)],
    }


def _by_name(samples: list[Sample]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.name, []).append(sample)
    return found


def _labels(sample: Sample) -> _Labels:
    return tuple(sorted((sample.attributes or {}).items()))
