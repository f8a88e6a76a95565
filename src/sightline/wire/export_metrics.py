"""A family of Prometheus samples as metrics of OTLP's JSON encoding: sums, gauges, histograms and summaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.wire.export_values import attributes, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sightline.model.metric import MetricRecord, Sample

CUMULATIVE: Final = 2

_Labels = tuple[tuple[str, str], ...]


def metrics(record: MetricRecord) -> Iterator[dict[str, Any]]:
    """Give the metrics of one family; most have one."""
    told = {"unit": record.unit, "description": record.description}
    common = {name: text for name, text in told.items() if text}
    if record.type == "counter":
        yield from _sums(record, common)
    elif record.type == "histogram":
        points = [_histogram_point(record, found) for found in _grouped(record, "le").values()]
        shape = {"aggregationTemporality": CUMULATIVE, "dataPoints": [point for point in points if point]}
        if shape["dataPoints"]:
            yield {"name": record.name, **common, "histogram": shape}
    elif record.type == "summary":
        points = [_summary_point(record, found) for found in _grouped(record, "quantile").values()]
        yield {"name": record.name, **common, "summary": {"dataPoints": points}}
    else:
        for name, samples in _by_name(record.samples).items():
            points = [_point(record, sample) for sample in samples]
            yield {"name": name, **common, "gauge": {"dataPoints": points}}


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
    if begun is not None:
        point["startTimeUnixNano"] = str(round(float(begun) * 1e9))
    return point


class _Group:
    """The samples of a histogram or summary that have all labels but one in common."""

    def __init__(self, labels: _Labels) -> None:
        self.labels = labels
        self.steps: list[tuple[float, float]] = []
        self.sum: float | str | None = None
        self.count = 0
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
            group.count = int(float(sample.value))
        elif sample.name.endswith("_created"):
            group.begun = sample.value
    return groups


def _histogram_point(record: MetricRecord, group: _Group) -> dict[str, Any] | None:
    """Make a point of buckets that each count those below them too; None where the last bucket is missing."""
    steps = sorted(group.steps)
    if not steps or steps[-1][0] != float("inf"):
        return None
    counts = [int(count) for _, count in steps]
    alone = [count - before for count, before in zip(counts, [0, *counts], strict=False)]
    return {
        **_about(record, group.labels, group.begun),
        "count": str(counts[-1]),
        "bucketCounts": [str(count) for count in alone],
        "explicitBounds": [bound for bound, _ in steps[:-1]],
        **({} if group.sum is None else {"sum": group.sum}),
    }


def _summary_point(record: MetricRecord, group: _Group) -> dict[str, Any]:
    return {
        **_about(record, group.labels, group.begun),
        "count": str(group.count),
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
