"""Exemplars of remote write as rows of ``metric_exemplars``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from sightline.base.limits import MAX_ATTRIBUTES, MAX_EXEMPLARS

if TYPE_CHECKING:
    from collections.abc import Iterable

_TRACES: Final = ("trace_id", "traceID", "TraceID")
_SPANS: Final = ("span_id", "spanID", "SpanID")
"""Labels that name the trace and the span: OpenMetrics' own, and what older clients call them."""

_SCHEMA: Final = pa.schema(
    {
        "SeriesId": pa.uint64(),
        "Timestamp": pa.timestamp("ms", tz="UTC"),
        "TraceId": pa.string(),
        "SpanId": pa.string(),
        "Value": pa.float64(),
        "Attributes": pa.map_(pa.string(), pa.string()),
    }
)


class Exemplars:
    """The exemplars of one request, while they are put together; it is false while there are none."""

    def __init__(self, limit_ms: int) -> None:
        self._limit_ms = limit_ms
        self._rows: list[tuple[int, int, str, str, float, list[tuple[str, str]]]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, number: int, labels: Iterable[tuple[str, str]], value: float, time_ms: int) -> None:
        """Add an exemplar of the series *number*; those of impossible times or with too many labels are left out."""
        found = dict(labels)
        if not 0 < time_ms <= self._limit_ms or len(found) > MAX_ATTRIBUTES or len(self) >= MAX_EXEMPLARS:
            return
        trace, span = _first(found, _TRACES), _first(found, _SPANS)
        self._rows.append((number, time_ms, trace, span, value, list(found.items())))

    def table(self) -> pa.Table:
        """Give them as a table."""
        columns = zip(*self._rows, strict=True)
        arrays = [pa.array(column, kind.type) for column, kind in zip(columns, _SCHEMA, strict=True)]
        return pa.Table.from_arrays(arrays, schema=_SCHEMA)


def _first(labels: dict[str, str], names: tuple[str, ...]) -> str:
    """Take the first of these labels out; identifiers are written in small letters, as those of spans are."""
    return next((labels.pop(name).lower() for name in names if name in labels), "")
