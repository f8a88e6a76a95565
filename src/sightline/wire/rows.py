"""Rows that come one by one, from any protocol, collected into blocks of tables that have no collector of their own."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from sightline.wire.log_rows import MAP, TIME, pairs

_TEXT: Final = pa.string()
_MILLISECONDS: Final = pa.timestamp("ms", tz="UTC")

SPANS: Final = pa.schema(
    {
        "Timestamp": TIME, "TraceId": _TEXT, "SpanId": _TEXT, "ParentSpanId": _TEXT, "SpanName": _TEXT,
        "SpanKind": _TEXT, "ServiceName": _TEXT, "ResourceAttributes": MAP, "ScopeName": _TEXT, "SpanAttributes": MAP,
        "Duration": pa.uint64(), "StatusCode": _TEXT, "StatusMessage": _TEXT,
    }
)  # fmt: skip

EVENTS: Final = pa.schema(
    {
        "Timestamp": TIME, "EventName": _TEXT, "ServiceName": _TEXT, "TraceId": _TEXT, "SpanId": _TEXT,
        "UserId": _TEXT, "SessionId": _TEXT, "RequestId": _TEXT, "Data": MAP, "Attributes": MAP,
        "ResourceAttributes": MAP,
    }
)  # fmt: skip

PROFILES: Final = pa.schema(
    {
        "Timestamp": TIME, "Duration": pa.uint64(), "ServiceName": _TEXT, "ThreadName": _TEXT, "TraceId": _TEXT,
        "SpanId": _TEXT, "SpanName": _TEXT, "Stack": pa.list_(_TEXT), "Samples": pa.uint64(),
        "WallNanoseconds": pa.uint64(), "CpuNanoseconds": pa.uint64(), "ResourceAttributes": MAP,
    }
)  # fmt: skip

_SERIES: Final = {
    "MetricName": _TEXT, "MetricFamily": _TEXT, "Unit": _TEXT, "ServiceName": _TEXT, "Labels": MAP,
    "ResourceAttributes": MAP, "Temporality": _TEXT, "Timestamp": _MILLISECONDS,
}  # fmt: skip

POINTS: Final = pa.schema({**_SERIES, "MetricType": _TEXT, "Value": pa.float64()})

HISTOGRAMS: Final = pa.schema(
    {
        **_SERIES, "Count": pa.uint64(), "Sum": pa.float64(), "Min": pa.float64(), "Max": pa.float64(),
        "Scale": pa.int32(), "ZeroCount": pa.uint64(), "PositiveOffset": pa.int32(),
        "PositiveBuckets": pa.list_(pa.uint64()), "NegativeOffset": pa.int32(),
        "NegativeBuckets": pa.list_(pa.uint64()),
    }
)  # fmt: skip

_EMPTY: Final[dict[pa.DataType, Any]] = {_TEXT: "", MAP: {}, pa.uint64(): 0, pa.int32(): 0, pa.float64(): None}


class Rows:
    """
    Collects rows of one table.

    Args:
        schema: the columns that are written; one of those above.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._columns: dict[str, list[Any]] = {name: [] for name in schema.names}
        self._maps = {field.name for field in schema if field.type == MAP} - {"ResourceAttributes"}
        self._otherwise = {field.name: _EMPTY.get(field.type, ()) for field in schema}
        self._count = 0
        self._resource: dict[str, str] | None = None
        self._about: list[tuple[str, str]] = []

    def __len__(self) -> int:
        return self._count

    def add(self, resource: dict[str, str], **values: Any) -> None:
        """
        Take one row in: times in the column's unit since the epoch, maps with values of any type.

        A resource that is given for many rows, unchanged, is read once.
        """
        if resource is not self._resource:
            self._resource, self._about = resource, pairs(resource)
        values["ServiceName"] = resource.get("service.name", "")
        values["ResourceAttributes"] = self._about
        for name, column in self._columns.items():
            value = values.get(name, self._otherwise[name])
            column.append(pairs(value) if name in self._maps else value)
        self._count += 1

    def table(self) -> pa.Table:
        """Give the rows as a block."""
        arrays = [pa.array(self._columns[field.name], field.type) for field in self._schema]
        return pa.table(arrays, schema=self._schema)
