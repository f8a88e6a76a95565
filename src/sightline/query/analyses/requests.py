"""Where requests are counted: in what was summed up as they came in, and in the spans at the edges of a range."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.query.timerange import IN_RANGE, NS_PER_S

if TYPE_CHECKING:
    from sightline.query.timerange import TimeRange

QUANTILES: Final = "quantilesDD"
"""The engine's sketch of latencies, as the tables keep it: exact to one per cent of the value."""

SHARES: Final = "(0.01, 0.5, 0.95, 0.99)"
"""The sketch's accuracy, and the percentiles that are asked for."""

_SUMMED: Final = (("request_hours", 3600), ("request_minutes", 60))
"""Tables of sums, the coarsest first, and the seconds that one of their rows stands for."""

_AT: Final = "intDiv(toUnixTimestamp({time}), {{step:UInt32}}) * {{step:UInt32}} AS at, ServiceName, SpanName"


def request_sums(range_: TimeRange, step_s: int, only: str) -> tuple[str, dict[str, Any]]:
    """
    Write the statement that gives ``at``, ``ServiceName``, ``SpanName``, ``counted``, ``failed`` and ``latency``.

    Steps of whole minutes or hours are read from the sums, and only what lies before the first and after the last
    whole one from the spans; shorter steps from the spans alone.

    Args:
        range_: when; its parameters and ``step`` are bound by the caller.
        step_s: seconds of a step.
        only: more conditions, on the columns of both, with ``AND`` before them; or empty.

    Returns:
        The statement, and further parameters of it.
    """
    spans = (
        f"SELECT {_AT.format(time='Timestamp')}, count() AS counted, countIf(StatusCode = 'Error') AS failed, "
        f"{QUANTILES}State{SHARES}(Duration) AS latency FROM otel_traces "
        f"WHERE {IN_RANGE} AND SpanKind = 'Server' {only}"
    )
    grouped = "GROUP BY at, ServiceName, SpanName"
    for table, row_s in _SUMMED:
        first_s, end_s = -(-range_.start_ns // (row_s * NS_PER_S)) * row_s, range_.end_ns // (row_s * NS_PER_S) * row_s
        if step_s % row_s or first_s >= end_s:
            continue
        sums = (
            f"SELECT {_AT.format(time='Time')}, sum(Requests) AS counted, "
            f"sumIf(Requests, StatusCode = 'Error') AS failed, {QUANTILES}MergeState{SHARES}(Latency) AS latency "
            f"FROM {table} WHERE Time >= toDateTime({{first_row:UInt32}}) "
            f"AND Time < toDateTime({{end_row:UInt32}}) {only}"
        )
        before = "Timestamp < fromUnixTimestamp64Nano({first_row_ns:Int64})"
        after = "Timestamp >= fromUnixTimestamp64Nano({end_row_ns:Int64})"
        parts = (f"{sums} {grouped}", f"{spans} AND {before} {grouped}", f"{spans} AND {after} {grouped}")
        bounds = {"first_row": first_s, "end_row": end_s}
        return " UNION ALL ".join(parts), bounds | {f"{key}_ns": at_s * NS_PER_S for key, at_s in bounds.items()}
    return f"{spans} {grouped}", {}
