"""Log records that come one by one, from any protocol, collected into rows of ``otel_logs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa

from sightline.base.limits import MAX_AHEAD_NS, MAX_ATTRIBUTES, MAX_LINE_BYTES
from sightline.model import severity

if TYPE_CHECKING:
    from collections.abc import Mapping

TIME: Final = pa.timestamp("ns", tz="UTC")
"""The type of every time: ``DateTime64(9)`` in the engine."""

MAP: Final = pa.map_(pa.string(), pa.string())
"""The type of attributes: ``Map(LowCardinality(String), String)`` in the engine."""

DROPPED_ATTRIBUTES: Final = "sightline.dropped_attributes"
"""Attribute that takes the last place of a record with too many, and counts those that were left out."""

_FIELDS: Final = pa.schema(
    {
        "Timestamp": TIME,
        "TraceId": pa.string(),
        "SpanId": pa.string(),
        "SeverityText": pa.string(),
        "SeverityNumber": pa.uint8(),
        "ServiceName": pa.string(),
        "Body": pa.string(),
        "ResourceAttributes": MAP,
        "ScopeName": pa.string(),
        "LogAttributes": MAP,
        "EventName": pa.string(),
    }
)

_encode: Final = msgspec.json.Encoder().encode


class LogRows:
    """
    Collects records of one request.

    Args:
        received_ns: when the request came; nanoseconds since the epoch.

    Attributes:
        rejected: records whose time is more than a year ahead, which are not kept.
    """

    def __init__(self, received_ns: int) -> None:
        self.rejected = 0
        self._received_ns = received_ns
        self._rows: list[tuple[Any, ...]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(
        self,
        body: str,
        *,
        time_ns: int = 0,
        level: str = "",
        attributes: Mapping[str, Any] | None = None,
        resource: Mapping[str, Any] | None = None,
        logger: str = "",
        trace: str = "",
        span: str = "",
        event: str = "",
    ) -> None:
        """
        Take one record in.

        Args:
            body: the message; what is longer than ``MAX_LINE_BYTES`` characters is cut.
            time_ns: nanoseconds since the epoch; 0 for when it was received.
            level: any name or number in use for a level; empty for none known.
            attributes: values of any type.
            resource: what describes the sender; ``service.name`` names the service.
            logger: name of what wrote it.
            trace: trace id in hex, or empty.
            span: span id in hex, or empty.
            event: name of the event, where the record is one.
        """
        if time_ns > self._received_ns + MAX_AHEAD_NS:
            self.rejected += 1
            return
        about = pairs(resource or {})
        name, number = severity.read(level)
        self._rows.append(
            (
                time_ns if time_ns > 0 else self._received_ns,
                trace,
                span,
                name,
                number,
                next((value for key, value in about if key == "service.name"), ""),
                body[:MAX_LINE_BYTES],
                about,
                logger,
                pairs(attributes or {}),
                event,
            )
        )

    def table(self) -> pa.Table:
        """Give the rows as a block for ``otel_logs``."""
        columns = zip(*self._rows, strict=True) if self._rows else ((),) * len(_FIELDS)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, _FIELDS, strict=True)]
        return pa.table(arrays, schema=_FIELDS)


def pairs(attributes: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give attributes as the store keeps them, at most ``MAX_ATTRIBUTES``; the last counts what was left out."""
    found = [(str(key), text(value)) for key, value in attributes.items()]
    if len(found) > MAX_ATTRIBUTES:
        dropped = len(found) - MAX_ATTRIBUTES + 1
        found[MAX_ATTRIBUTES - 1 :] = [(DROPPED_ATTRIBUTES, str(dropped))]
    return found


def text(value: Any) -> str:
    """Write a value as the store keeps it: text as it is (a lone surrogate becomes ``?``), all else as JSON."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    try:
        return _encode(value).decode()
    except (TypeError, ValueError, OverflowError, RecursionError):
        return str(value).encode("utf-8", "replace").decode()
