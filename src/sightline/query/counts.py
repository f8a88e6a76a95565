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

SPANS: Final = ("otel_traces", "span_minutes", "Spans", "StatusCode")
"""The same of spans."""


def counted(kind: tuple[str, str, str, str], range_: TimeRange, condition: str = "1") -> tuple[str, dict[str, Any]]:
    """
    Write the statement whose rows have ``at_s``, ``ServiceName``, the kind's own column, ``counted`` and ``newest``.

    ``at_s`` is right to the minute; who asks sums up. Whole minutes are read from the sums, and only what lies before
    the first and after the last of them from the records: any range is counted exactly.

    Args:
        kind: ``LOGS`` or ``SPANS``.
        range_: when; its parameters are bound by the caller.
        condition: on columns that both tables have.

    Returns:
        The statement, and further parameters of it.
    """
    table, minutes, number, own = kind
    records = (
        f"SELECT toUnixTimestamp(Timestamp) AS at_s, ServiceName, {own}, toUInt64(1) AS counted, Timestamp AS newest "
        f"FROM {table} WHERE {IN_RANGE} AND {condition}"
    )
    minute_ns = MINUTE_S * NS_PER_S
    first_ns, end_ns = -(-range_.start_ns // minute_ns) * minute_ns, range_.end_ns // minute_ns * minute_ns
    if first_ns >= end_ns:
        return records, {}
    sums = (
        f"SELECT toUnixTimestamp(Time) AS at_s, ServiceName, {own}, {number} AS counted, Newest AS newest "
        f"FROM {minutes} WHERE Time >= toDateTime({{first_minute:UInt32}}) "
        f"AND Time < toDateTime({{end_minute:UInt32}}) AND {condition}"
    )
    edges = (
        "(Timestamp < fromUnixTimestamp64Nano({first_minute_ns:Int64}) "
        "OR Timestamp >= fromUnixTimestamp64Nano({end_minute_ns:Int64}))"
    )
    bounds = {"first_minute": first_ns // NS_PER_S, "end_minute": end_ns // NS_PER_S}
    return f"{sums} UNION ALL {records} AND {edges}", {**bounds, "first_minute_ns": first_ns, "end_minute_ns": end_ns}
