"""Where logs and spans are counted: in what was summed up by minute, and in the records at the edges of a range."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.query.timerange import IN_RANGE, NS_PER_S

if TYPE_CHECKING:
    from sightline.query.timerange import TimeRange

MINUTE_S: Final = 60

LOGS: Final = ("otel_logs", "log_minutes", "Logs", "SeverityNumber")
"""The table of logs, that of its minutes, the column that counts there, and a column that both have."""

SPANS: Final = ("otel_traces", "span_minutes", "Spans", "SpanKind, StatusCode")
"""The same of spans, with two such columns."""

_FIGURES: Final = ("newest", "spans", "logs", "errors")
_OF_SERVICE: Final = (
    ("otel_traces", "max(Timestamp)", "count()", "0", "0"),
    ("otel_logs", "max(Timestamp)", "0", "count()", "countIf(SeverityNumber >= 17)"),
    ("span_minutes", "max(Newest)", "sum(Spans)", "0", "0"),
    ("log_minutes", "max(Newest)", "0", "sum(Logs)", "sumIf(Logs, SeverityNumber >= 17)"),
)
"""What each table tells of a service; the records first, which a range without a whole minute is read from."""


_MINUTES: Final = "Time >= toDateTime({first_minute:UInt32}) AND Time < toDateTime({end_minute:UInt32})"
"""Condition on the minutes that lie within a range."""

EDGES: Final = (
    f"{IN_RANGE} AND (Timestamp < fromUnixTimestamp64Nano({{first_minute_ns:Int64}}) "
    "OR Timestamp >= fromUnixTimestamp64Nano({end_minute_ns:Int64}))"
)
"""
Condition on the records before and after these minutes. Times of the same type are compared: where the engine compares
nanoseconds with seconds, its index leaves records out.
"""


def counted(kind: tuple[str, str, str, str], range_: TimeRange, condition: str = "1") -> tuple[str, dict[str, Any]]:
    """
    Write the statement whose rows have ``at_s``, ``ServiceName``, the kind's own columns and ``counted``.

    ``at_s`` is right to the minute; who asks sums up. Whole minutes are read from the sums, and only what lies before
    the first and after the last of them from the records: any range is counted exactly.

    Args:
        kind: what is counted, ``LOGS`` or ``SPANS``.
        range_: when; its parameters are bound by the caller.
        condition: on columns that both tables have.

    Returns:
        The statement, and further parameters of it.
    """
    table, minutes, number, own = kind
    bounds = minutes_within(range_)
    records = (
        f"SELECT toUnixTimestamp(Timestamp) AS at_s, ServiceName, {own}, toUInt64(1) AS counted "
        f"FROM {table} WHERE {EDGES if bounds else IN_RANGE} AND {condition}"
    )
    if not bounds:
        return records, bounds
    sums = (
        f"SELECT toUnixTimestamp(Time) AS at_s, ServiceName, {own}, {number} AS counted "
        f"FROM {minutes} WHERE {_MINUTES} AND {condition}"
    )
    return f"{sums} UNION ALL {records}", bounds


def counted_by_service(range_: TimeRange, condition: str = "1") -> tuple[str, dict[str, Any]]:
    """
    Write the statement whose rows have ``ServiceName``, ``newest``, ``spans``, ``logs`` and ``errors``, logs of errors.

    A service has up to four rows; who asks sums up. Each table is summed up by itself: that is much less for the engine
    to plan than what :func:`counted` writes.

    Args:
        range_: when; its parameters are bound by the caller.
        condition: on ``ServiceName``.

    Returns:
        The statement, and further parameters of it.
    """
    bounds = minutes_within(range_)
    parts = []
    for table, *figures in _OF_SERVICE[: 4 if bounds else 2]:
        within = _MINUTES if table.endswith("_minutes") else EDGES if bounds else IN_RANGE
        columns = ", ".join(f"{how} AS {name}" for how, name in zip(figures, _FIGURES, strict=True))
        parts.append(f"SELECT ServiceName, {columns} FROM {table} WHERE {within} AND {condition} GROUP BY ServiceName")
    return " UNION ALL ".join(parts), bounds


def minutes_within(range_: TimeRange) -> dict[str, int]:
    """Give the first and the end of the whole minutes within a range; nothing where it has none."""
    minute_ns = MINUTE_S * NS_PER_S
    first_ns, end_ns = -(-range_.start_ns // minute_ns) * minute_ns, range_.end_ns // minute_ns * minute_ns
    if first_ns >= end_ns:
        return {}
    bounds = {"first_minute": first_ns // NS_PER_S, "end_minute": end_ns // NS_PER_S}
    return {**bounds, "first_minute_ns": first_ns, "end_minute_ns": end_ns}
