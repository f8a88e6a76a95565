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
    Write the statement that gives ``at_s``, ``ServiceName``, the kind's own column, ``counted`` and ``newest``.

    ``at_s`` is right to the minute. Whole minutes are read from the sums, and only what lies before the first and after
    the last of them from the records: any range is counted exactly.

    Args:
        kind: ``LOGS`` or ``SPANS``.
        range_: when; its parameters are bound by the caller.
        condition: on columns that both tables have.

    Returns:
        The statement, and further parameters of it.
    """
    table, minutes, number, own = kind
    records = (
        f"SELECT toUnixTimestamp(Timestamp) AS at_s, ServiceName, {own}, count() AS counted, max(Timestamp) AS newest "
        f"FROM {table} WHERE {IN_RANGE} AND {condition}"
    )
    grouped = f"GROUP BY at_s, ServiceName, {own}"
    minute_ns = MINUTE_S * NS_PER_S
    first_ns, end_ns = -(-range_.start_ns // minute_ns) * minute_ns, range_.end_ns // minute_ns * minute_ns
    if first_ns >= end_ns:
        return f"{records} {grouped}", {}
    sums = (
        f"SELECT toUnixTimestamp(Time) AS at_s, ServiceName, {own}, sum({number}) AS counted, max(Newest) AS newest "
        f"FROM {minutes} WHERE Time >= toDateTime({{first_minute:UInt32}}) "
        f"AND Time < toDateTime({{end_minute:UInt32}}) AND {condition}"
    )
    before = "Timestamp < fromUnixTimestamp64Nano({first_minute_ns:Int64})"
    after = "Timestamp >= fromUnixTimestamp64Nano({end_minute_ns:Int64})"
    bounds = {"first_minute": first_ns // NS_PER_S, "end_minute": end_ns // NS_PER_S}
    parts = (f"{sums} {grouped}", f"{records} AND {before} {grouped}", f"{records} AND {after} {grouped}")
    return " UNION ALL ".join(parts), {**bounds, "first_minute_ns": first_ns, "end_minute_ns": end_ns}
