"""Items of type ``trace_metric`` as points: what one envelope says of a series is added up."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from sightline.wire.metric_names import label_name, metric_name
from sightline.wire.reading import listed, mapping, number, string, time_ns
from sightline.wire.sentry.spans import values

if TYPE_CHECKING:
    from sightline.wire.redact import Redactor
    from sightline.wire.sentry.rows import Collected

MOST_METRICS: Final = 20_000
"""Measurements of one item; SDKs send a thousand."""

SCALE: Final = 3
"""Of exponential histograms: eight buckets from one power of two to the next, so that a quantile is off by 9 %."""

MOST_BUCKETS: Final = 160
"""Of one histogram and sign; values further apart get wider buckets."""

_UNITS: Final = {
    "nanosecond": "ns", "microsecond": "us", "millisecond": "ms", "second": "s", "minute": "min", "hour": "h",
    "day": "d", "byte": "By", "kilobyte": "KBy", "megabyte": "MBy", "gigabyte": "GBy", "kibibyte": "KiBy",
    "mebibyte": "MiBy", "gibibyte": "GiBy", "percent": "%", "ratio": "1", "none": "",
}  # fmt: skip

_KNOWN: Final = ("sentry.sdk.name", "sentry.sdk.version", "sentry.origin")


def add_metrics(rows: Collected, content: Any, redactor: Redactor) -> None:
    """Add the measurements of one item."""
    series: dict[tuple[Any, ...], list[float]] = {}
    latest: dict[tuple[Any, ...], int] = {}
    about: dict[tuple[Any, ...], tuple[dict[str, str], dict[str, str]]] = {}
    for one in listed(mapping(content).get("items"), MOST_METRICS):
        metric = mapping(one)
        value, name = number(metric.get("value")), string(metric.get("name"), 200)
        kind = string(metric.get("type"), 20)
        if value is None or not name or kind not in _ADD:
            rows.reject("a metric without name, value or type")
            continue
        sent_by, labels = _described(rows, redactor.clean({"data": values(metric.get("attributes"))})["data"])
        key = (kind, name, string(metric.get("unit"), 50), tuple(labels.items()), tuple(sent_by.items()))
        series.setdefault(key, []).append(value)
        latest[key] = max(latest.get(key, 0), time_ns(metric.get("timestamp"), rows.received_ns))
        about[key] = sent_by, labels
    for key, found in series.items():
        kind, name, unit, *_ = key
        sent_by, labels = about[key]
        shown = _UNITS.get(unit, unit)
        _ADD[kind](rows, sent_by, latest[key], found, {"MetricFamily": name, "Unit": shown, "Labels": labels})


def _described(rows: Collected, data: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    release, environment = data.pop("sentry.release", ""), data.pop("sentry.environment", "")
    sent_by = rows.sender.resource(release, environment, data.pop("server.address", ""))
    return sent_by, {label_name(name): string(value, 200) for name, value in data.items() if name not in _KNOWN}


def _counter(rows: Collected, sent_by: dict[str, str], at: int, found: list[float], series: dict[str, Any]) -> None:
    name = metric_name(series["MetricFamily"], series["Unit"], monotonic=True)
    point = {**series, "MetricName": name, "MetricType": "counter", "Temporality": "delta", "Value": _sum(found)}
    rows.add("metric_points", sent_by, at, **point)


def _gauge(rows: Collected, sent_by: dict[str, str], at: int, found: list[float], series: dict[str, Any]) -> None:
    name = metric_name(series["MetricFamily"], series["Unit"], gauge=True)
    rows.add("metric_points", sent_by, at, **series, MetricName=name, MetricType="gauge", Value=found[-1])


def _distribution(
    rows: Collected, sent_by: dict[str, str], at: int, found: list[float], series: dict[str, Any]
) -> None:
    name = metric_name(series["MetricFamily"], series["Unit"])
    series["Temporality"] = "delta"
    total = _sum(found)
    for suffix, value in (("_count", float(len(found))), ("_sum", total)):
        rows.add(
            "metric_points", sent_by, at, **series, MetricName=f"{name}{suffix}", MetricType="histogram", Value=value
        )
    scale = _scale([abs(value) for value in found])
    above, low = _buckets([value for value in found if value > 0], scale)
    below, high = _buckets([-value for value in found if value < 0], scale)
    rows.add(
        "histogram_points",
        sent_by,
        at,
        **series,
        MetricName=name,
        Count=len(found),
        Sum=total,
        Min=min(found),
        Max=max(found),
        Scale=scale,
        ZeroCount=found.count(0),
        PositiveOffset=low,
        PositiveBuckets=above,
        NegativeOffset=high,
        NegativeBuckets=below,
    )


def _sum(found: list[float]) -> float:
    try:
        return math.fsum(found)
    except OverflowError:
        return math.inf


def _buckets(found: list[float], scale: int) -> tuple[list[int], int]:
    """Count values above 0 in buckets, from the first that holds one to the last; and tell the first."""
    # A bucket reaches up to and with a power of 2 ** (2 ** -scale).
    counts = Counter(math.ceil(math.log2(value) * 2.0**scale) - 1 for value in found)
    if not counts:
        return [], 0
    first, last = min(counts), max(counts)
    return [counts[index] for index in range(first, last + 1)], first


def _scale(found: list[float]) -> int:
    """Give the finest scale, up to ``SCALE``, at which the values need no more than ``MOST_BUCKETS``."""
    logs = [math.log2(value) for value in found if value > 0]
    width = max(logs, default=0.0) - min(logs, default=0.0)
    return min(SCALE, math.floor(math.log2((MOST_BUCKETS - 1) / width))) if width else SCALE


_ADD: Final = {"counter": _counter, "gauge": _gauge, "distribution": _distribution}
