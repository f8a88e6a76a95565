"""Rows of one request: descriptions of series, their samples, native histograms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from sightline.base.limits import MAX_AHEAD_NS, MAX_ATTRIBUTES
from sightline.wire.decoded import Decoded
from sightline.wire.prometheus.custom_buckets import CUSTOM, MAX_ROWS, POINT_SCHEMA, classic_rows
from sightline.wire.prometheus.exemplars import Exemplars
from sightline.wire.prometheus.histograms import HISTOGRAM_SCHEMA, histogram_row
from sightline.wire.prometheus.known import About, Fresh
from sightline.wire.prometheus.numbers import series_number
from sightline.wire.room import Room

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MILLISECONDS: Final = pa.timestamp("ms", tz="UTC")

REASON: Final = (
    "A series needs __name__, at most 256 labels, none of them empty or twice; a sample a time between 1970 and a year "
    "ahead; a native histogram at most 4,096 buckets that add up, or 1,024 bounds of its own."
)

SERIES_BYTES: Final = 1000
"""What a series that is described takes beside its texts: a quarter of a million are described at once."""

SAMPLE_BYTES: Final = 500
"""What a sample of a histogram takes beside its texts."""

_CUMULATIVE: Final = frozenset({"counter", "histogram", "summary"})

_MAP: Final = pa.map_(pa.string(), pa.string())

_SERIES: Final = pa.schema(
    {
        "SeriesId": pa.uint64(),
        "MetricName": pa.string(),
        "MetricFamily": pa.string(),
        "MetricType": pa.string(),
        "Unit": pa.string(),
        "Description": pa.string(),
        "ServiceName": pa.string(),
        "Labels": _MAP,
        "ResourceAttributes": _MAP,
        "Temporality": pa.string(),
        "FirstSeen": MILLISECONDS,
        "LastSeen": MILLISECONDS,
    }
)


@dataclass(frozen=True, slots=True)
class Written:
    """
    What one request gives.

    Attributes:
        decoded: its rows.
        fresh: series that it describes, to be remembered once the rows are stored.
        samples: floats among the rows.
        histograms: native histograms among the rows.
        exemplars: exemplars among the rows.
    """

    decoded: Decoded
    fresh: list[Fresh]
    samples: int
    histograms: int
    exemplars: int


@dataclass(slots=True)
class Rows:
    """Rows of one request, while they are put together."""

    received_ns: int
    series: list[tuple[Any, ...]] = field(default_factory=list)
    fresh: list[Fresh] = field(default_factory=list)
    histograms: list[dict[str, Any]] = field(default_factory=list)
    classic: list[dict[str, Any]] = field(default_factory=list)
    exemplars: Exemplars = field(init=False)
    rejected: int = 0
    room: Room = field(default_factory=Room)
    _classic_histograms: int = 0
    _numbers: list[np.ndarray] = field(default_factory=list)
    _times: list[np.ndarray] = field(default_factory=list)
    _values: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.exemplars = Exemplars((self.received_ns + MAX_AHEAD_NS) // 10**6)

    def describe(self, key: bytes, labels: list[tuple[str, str]], family: str, about: About) -> int | None:
        """
        Describe a series and give its number; None if its labels are none.

        Raises:
            BodyTooLarge: if the request describes too much.
        """
        named = _named(labels)
        if named is None:
            return None
        self.room.take(SERIES_BYTES + _size(labels, family, about))
        name, found = named
        kind = about.type or _guess(name, found)
        service, resource = split_resource(found)
        number = series_number(name, found, resource)
        temporality = "cumulative" if kind in _CUMULATIVE else ""
        maps = (list(found.items()), list(resource.items()))
        self.series.append((number, name, family, kind, about.unit, about.help, service, *maps, temporality))
        self.fresh.append(Fresh(key, number, name))
        return number

    def add(self, numbers: np.ndarray, times: np.ndarray, values: np.ndarray) -> None:
        """Add samples: numbers of series, milliseconds and values; those of impossible times are rejected."""
        good = (times > 0) & (times <= (self.received_ns + MAX_AHEAD_NS) // 10**6)
        if not good.all():
            self.rejected += int((~good).sum())
            numbers, times, values = numbers[good], times[good], values[good]
        self._numbers.append(numbers)
        self._times.append(times)
        self._values.append(values)

    def add_series(self, number: int, samples: Any) -> None:
        """Add the samples of one series, as Protobuf's objects."""
        count = len(samples)
        if count:
            times = np.fromiter((sample.timestamp for sample in samples), np.int64, count)
            values = np.fromiter((sample.value for sample in samples), np.float64, count)
            self.add(np.full(count, number, np.uint64), times, values)

    def add_exemplars(
        self, labels: list[tuple[str, str]], found: Iterable[tuple[list[tuple[str, str]], float, int]]
    ) -> None:
        """Add the exemplars of one series: their labels, values and milliseconds."""
        named = _named(labels)
        if named is None:
            return
        name, mapping = named
        _, resource = split_resource(mapping)
        number = series_number(name, mapping, resource)
        for exemplar in found:
            self.room.take(sum(len(label) + len(value) for label, value in exemplar[0]))
            self.exemplars.add(number, *exemplar)

    def add_histograms(self, labels: list[tuple[str, str]], family: str, about: About, found: Any) -> None:
        """
        Add the native histograms of one series; if its labels are none, they are rejected.

        Raises:
            BodyTooLarge: if the series, repeated for each of them, takes too much.
        """
        named = _named(labels)
        if named is None:
            self.rejected += len(found)
            return
        name, mapping = named
        size = SAMPLE_BYTES + _size(labels, family, about)
        service, resource = split_resource(mapping)
        described = {
            "MetricName": name, "MetricFamily": family, "Unit": about.unit, "Description": about.help,
            "ServiceName": service, "Labels": list(mapping.items()), "ResourceAttributes": list(resource.items()),
            "Temporality": "cumulative",
        }  # fmt: skip
        limit_ms = (self.received_ns + MAX_AHEAD_NS) // 10**6
        for histogram in found:
            if not (0 < histogram.timestamp <= limit_ms and self._add_histogram(described, histogram, size)):
                self.rejected += 1

    def _add_histogram(self, described: dict[str, Any], histogram: Any, size: int) -> bool:
        """Add one, whose series takes *size* bytes; tell whether it is one."""
        if histogram.schema == CUSTOM:
            self.room.take(size * (len(histogram.custom_values) + 3))
            samples = classic_rows(described, histogram) if len(self.classic) < MAX_ROWS else None
            self.classic += samples or ()
            self._classic_histograms += samples is not None
            return samples is not None
        row = histogram_row(histogram)
        if row is not None:
            self.room.take(size + 8 * (len(row["PositiveBuckets"]) + len(row["NegativeBuckets"])))
            self.histograms.append({**described, **row})
        return row is not None

    def written(self) -> Written:
        """Give everything as tables."""
        tables: dict[str, pa.Table] = {}
        samples = sum(map(len, self._values))
        if samples:
            columns = (np.concatenate(parts) for parts in (self._numbers, self._times, self._values))
            numbers, times, values = (pa.array(column) for column in columns)
            tables["metric_samples"] = pa.table(
                {"SeriesId": numbers, "Timestamp": times.view(MILLISECONDS), "Value": values}
            )
            if self.series:
                tables["metric_series"] = self._described(int(times[0].as_py()))
        if self.histograms:
            tables["histogram_points"] = pa.Table.from_pylist(self.histograms, HISTOGRAM_SCHEMA)
        if self.classic:
            tables["metric_points"] = pa.Table.from_pylist(self.classic, POINT_SCHEMA)
        if self.exemplars:
            tables["metric_exemplars"] = self.exemplars.table()
        histograms = len(self.histograms) + self._classic_histograms
        decoded = Decoded(tables, samples + histograms, self.rejected, REASON if self.rejected else "")
        fresh = self.fresh if samples else []
        return Written(decoded, fresh, samples, histograms, len(self.exemplars))

    def _described(self, first_ms: int) -> pa.Table:
        now_ms = self.received_ns // 10**6
        seen = [pa.array([min(first_ms, now_ms)] * len(self.series), MILLISECONDS),
                pa.array([now_ms] * len(self.series), MILLISECONDS)]  # fmt: skip
        columns = [
            pa.array(column, kind.type) for column, kind in zip(zip(*self.series, strict=True), _SERIES, strict=False)
        ]
        return pa.Table.from_arrays([*columns, *seen], schema=_SERIES)


def _named(labels: list[tuple[str, str]]) -> tuple[str, dict[str, str]] | None:
    """Take the name out of a series' labels; None if they are none."""
    found = dict(labels)
    name = found.pop("__name__", "")
    if not name or len(found) != len(labels) - 1 or len(labels) > MAX_ATTRIBUTES or not all(found):
        return None
    return name, {label: value for label, value in found.items() if value}  # empty is as good as absent


def _size(labels: list[tuple[str, str]], family: str, about: About) -> int:
    """Count the characters of what describes a series."""
    return sum(len(label) + len(value) for label, value in labels) + len(family) + len(about.unit) + len(about.help)


def split_resource(labels: dict[str, str]) -> tuple[str, Mapping[str, str]]:
    """Take ``job`` and ``instance`` out of labels: OpenTelemetry has them as the service's name and instance."""
    service, instance = labels.pop("job", ""), labels.pop("instance", "")
    resource = {"service.name": service, "service.instance.id": instance}
    return service, {key: value for key, value in resource.items() if value}


def _guess(name: str, labels: Mapping[str, str]) -> str:
    """Guess a type by Prometheus's own rules for names, until the client tells."""
    if name.endswith("_bucket") and "le" in labels:
        return "histogram"
    if name.endswith("_total"):
        return "counter"
    return "summary" if "quantile" in labels else ""
