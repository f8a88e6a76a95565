"""Log records that come one by one, from any protocol, collected into rows of ``otel_logs``."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa

from sightline.base.errors import BodyTooLarge
from sightline.base.limits import MAX_AHEAD_NS, MAX_ATTRIBUTES, MAX_BODY_BYTES, MAX_LINE_BYTES
from sightline.model import severity
from sightline.wire.decoded import Decoded
from sightline.wire.room import Room

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIME: Final = pa.timestamp("ns", tz="UTC")
"""The type of every time: ``DateTime64(9)`` in the engine."""

MAP: Final = pa.map_(pa.string(), pa.string())
"""The type of attributes: ``Map(LowCardinality(String), String)`` in the engine."""

MAX_ROWS: Final = 1_000_000
"""Records of one request. So many empty ones take half a gigabyte while they are decoded."""

MEASURED_ROWS: Final = 256
"""Records whose attributes are measured together: those of so many take 16 MiB more than they had at most."""

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
        self._room = Room()
        self._attributes = _Maps()
        self._resources = _Resources()
        self._levels: dict[str, tuple[str, int]] = {}

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
            resource: what describes the sender; ``service.name`` names the service. One object that is given for many
                records, unchanged, is read once.
            logger: name of what wrote it.
            trace: trace id in hex, or empty.
            span: span id in hex, or empty.
            event: name of the event, where the record is one.

        Raises:
            BodyTooLarge: if there are more than ``MAX_ROWS``, resources, repeated for each record, would take more
                than ``MAX_BODY_BYTES``, or attributes more than ``MAX_DECODED_BYTES``.
        """
        if time_ns > self._received_ns + MAX_AHEAD_NS:
            self.rejected += 1
            return
        if len(self._rows) >= MAX_ROWS:
            raise BodyTooLarge(f"There are more than {MAX_ROWS:,} records. Send fewer at once.")
        name, number = self._levels.get(level) or self._levels.setdefault(level, severity.read(level))
        self._resources.add(resource or {})
        self._attributes.add(attributes or {})
        if len(self._rows) % MEASURED_ROWS == 0:
            self._room.take(self._attributes.added_bytes())
        time_ns = time_ns if time_ns > 0 else self._received_ns
        self._rows.append((time_ns, trace, span, name, number, body[:MAX_LINE_BYTES], logger, event))

    def decoded(self, rejected: int = 0, reason: str = "") -> Decoded:
        """Give what decoding the request gave; *rejected* and *reason* tell of records that never came here."""
        reason = reason or ("A log record's time must be no more than a year ahead." if self.rejected else "")
        tables = {"otel_logs": self.table()} if self._rows else {}
        return Decoded(tables, len(self._rows), self.rejected + rejected, reason)

    def table(self) -> pa.Table:
        """Give the rows as a block for ``otel_logs``."""
        columns = tuple(zip(*self._rows, strict=True)) if self._rows else ((),) * 8
        times, trace, span, level, number, body, logger, event = columns
        services, resources = self._resources.columns()
        found = {
            "Timestamp": pa.array(times, pa.int64()).cast(TIME),
            "TraceId": _strings(trace),
            "SpanId": _strings(span),
            "SeverityText": _strings(level),
            "SeverityNumber": pa.array(number, pa.uint8()),
            "ServiceName": services,
            "Body": _strings(body),
            "ResourceAttributes": resources,
            "ScopeName": _strings(logger),
            "LogAttributes": self._attributes.array(),
            "EventName": _strings(event),
        }
        return pa.table([found[name] for name in _FIELDS.names], schema=_FIELDS)


class _Maps:
    """Attributes of many records as one column: lists of names and values, and where each record's end."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._values: list[str] = []
        self._ends = [0]
        self._measured = 0

    def add(self, attributes: Mapping[str, Any]) -> None:
        if len(attributes) > MAX_ATTRIBUTES:
            attributes = dict(pairs(attributes))
        for name, value in attributes.items():
            self._names.append(name if type(name) is str else str(name))
            self._values.append(value if type(value) is str else text(value))
        self._ends.append(len(self._names))

    def added_bytes(self) -> int:
        """Count the characters that were added since this was asked last."""
        start, self._measured = self._measured, len(self._names)
        return sum(map(len, self._names[start:])) + sum(map(len, self._values[start:]))

    def array(self) -> pa.MapArray:
        return pa.MapArray.from_arrays(pa.array(self._ends, pa.int32()), _strings(self._names), _strings(self._values))


class _Resources:
    """Resources of many records: each different one is kept once, and for every record its number."""

    def __init__(self) -> None:
        self._maps = _Maps()
        self._services: list[str] = []
        self._sizes: list[int] = []
        self._numbers: dict[tuple[tuple[str, str], ...], int] = {}
        self._of_rows: list[int] = []
        self._room_bytes = MAX_BODY_BYTES
        self._last: Mapping[str, Any] | None = None

    def add(self, resource: Mapping[str, Any]) -> None:
        if resource is self._last:
            number = self._of_rows[-1]
        else:
            number = self._number(tuple(pairs(resource)))
            self._last = resource
        self._room_bytes -= self._sizes[number]
        if self._room_bytes < 0:
            raise BodyTooLarge(
                f"The resources of its records, repeated for each, take more than {MAX_BODY_BYTES:,} bytes. Send fewer "
                "records at once, or fewer labels."
            )
        self._of_rows.append(number)

    def columns(self) -> tuple[pa.Array, pa.Array]:
        """Give the services and the resources of every record."""
        numbers = pa.array(self._of_rows, pa.int32())
        return _strings(self._services).take(numbers), self._maps.array().take(numbers)

    def _number(self, about: tuple[tuple[str, str], ...]) -> int:
        number = self._numbers.get(about)
        if number is None:
            number = self._numbers[about] = len(self._services)
            named = dict(about)
            self._maps.add(named)
            self._sizes.append(self._maps.added_bytes())
            self._services.append(named.get("service.name", ""))
        return number


def _strings(values: Sequence[str]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:  # a lone surrogate
        return pa.array([value.encode("utf-8", "replace").decode() for value in values], pa.string())


def pairs(attributes: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give attributes as the store keeps them, at most ``MAX_ATTRIBUTES``; the last counts what was left out."""
    if len(attributes) <= MAX_ATTRIBUTES:
        return [(str(key), text(value)) for key, value in attributes.items()]
    kept = islice(attributes.items(), MAX_ATTRIBUTES - 1)
    dropped = len(attributes) - MAX_ATTRIBUTES + 1
    return [*((str(key), text(value)) for key, value in kept), (DROPPED_ATTRIBUTES, str(dropped))]


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
