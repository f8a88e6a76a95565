"""Stored rows as the records that the live tail hands out. Only runs while somebody is tailing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from sightline.model import severity
from sightline.server.live import QUEUE, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def records(tables: Mapping[str, pa.Table]) -> Iterator[dict[str, Any]]:
    """Give the newest rows of logs and spans, as many as a reader's queue holds."""
    for name, make in _SHAPES.items():
        if name in tables:
            rows = tables[name].slice(max(0, tables[name].num_rows - QUEUE))
            columns = rows.set_column(
                rows.schema.get_field_index("Timestamp"), "Timestamp", rows.column("Timestamp").cast(pa.int64())
            )
            yield from map(make, columns.select(_COLUMNS[name]).to_pylist(maps_as_pydicts="lossy"))


def _shared(row: dict[str, Any], attributes: str) -> dict[str, Any]:
    return {
        "timestamp": rfc3339(row["Timestamp"]),
        "service": row["ServiceName"],
        "trace_id": row["TraceId"],
        "span_id": row["SpanId"],
        "attributes": row[attributes],
        "resource": row["ResourceAttributes"],
    }


def _log(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "signal": "logs",
        "level": row["SeverityText"] or severity.name_of(row["SeverityNumber"]),
        "severity": row["SeverityNumber"],
        "logger": row["ScopeName"],
        "body": row["Body"],
        **_shared(row, "LogAttributes"),
    }


def _span(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "signal": "spans",
        "parent_id": row["ParentSpanId"],
        "name": row["SpanName"],
        "kind": row["SpanKind"],
        "duration_ms": row["Duration"] / 1e6,
        "status": row["StatusCode"],
        "status_message": row["StatusMessage"],
        "scope": row["ScopeName"],
        **_shared(row, "SpanAttributes"),
    }


_SHAPES: Final = {"otel_logs": _log, "otel_traces": _span}

_EACH: Final = ["Timestamp", "ServiceName", "TraceId", "SpanId", "ScopeName", "ResourceAttributes"]

_COLUMNS: Final = {
    "otel_logs": [*_EACH, "SeverityText", "SeverityNumber", "Body", "LogAttributes"],
    "otel_traces": [
        *_EACH, "ParentSpanId", "SpanName", "SpanKind", "Duration", "StatusCode", "StatusMessage", "SpanAttributes",
    ],
}  # fmt: skip
