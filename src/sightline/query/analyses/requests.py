"""Where requests are counted: in what was summed up as they came in, and in the spans at the edges of a range."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.query.timerange import IN_RANGE, NS_PER_S, STEPS_S

if TYPE_CHECKING:
    from sightline.query.timerange import TimeRange

QUANTILES: Final = "quantilesDD"
"""The engine's sketch of latencies, as the tables keep it: exact to one per cent of the value."""

SHARES: Final = "(0.01, 0.5, 0.95, 0.99)"
"""The sketch's accuracy, and the percentiles that are asked for."""

_SUMMED: Final = (("request_hours", 3600), ("request_quarters", 900), ("request_minutes", 60))
"""Tables of sums, the coarsest first, and the seconds that one of their rows stands for."""

_NOT_SUMMED: Final = frozenset({30, 600})
"""Steps of ranges that have too many spans, or too many minutes, to be read for one chart: the next step is taken."""

_AT: Final = "intDiv(toUnixTimestamp({time}), {{step:UInt32}}) * {{step:UInt32}} AS at, ServiceName, SpanName"


def request_step_s(range_: TimeRange, buckets: int) -> int:
    """Choose the width of a step for which requests are summed up; at most *buckets* steps."""
    step_s = range_.step_s(buckets)
    return STEPS_S[STEPS_S.index(step_s) + 1] if step_s in _NOT_SUMMED else step_s


def request_sums(range_: TimeRange, step_s: int, only: str) -> tuple[str, dict[str, Any]]:
    """
    Write the statement whose rows have ``at``, ``ServiceName``, ``SpanName``, ``counted``, ``failed`` and ``latency``.

    Whole hours are read from the sums of hours, where steps are made of such, what lies before the first and after the
    last of them from those of quarters, then of minutes, and what is left at the ends from the spans: any range is
    counted exactly. Steps below a minute are read from the spans alone. Who asks sums up, and merges the sketches.

    Args:
        range_: when; its parameters and ``step`` are bound by the caller.
        step_s: seconds of a step.
        only: more conditions, on the columns of both, with ``AND`` before them; or empty.

    Returns:
        The statement, and further parameters of it.
    """
    parts: list[str] = []
    bounds: dict[str, Any] = {}
    told = ""
    for table, row_s in _SUMMED:
        first_s, end_s = -(-range_.start_ns // (row_s * NS_PER_S)) * row_s, range_.end_ns // (row_s * NS_PER_S) * row_s
        if step_s % row_s or first_s >= end_s:
            continue
        first, end = f"{table}_first", f"{table}_end"
        parts.append(
            f"SELECT {_AT.format(time='Time')}, Requests AS counted, if(StatusCode = 'Error', Requests, 0) AS failed, "
            f"Latency AS latency FROM {table} WHERE Time >= toDateTime({{{first}:UInt32}}) "
            f"AND Time < toDateTime({{{end}:UInt32}}) {told.format(time='Time')} {only}"
        )
        bounds |= {first: first_s, end: end_s}
        told = f"AND ({{time}} < toDateTime({{{{{first}:UInt32}}}}) OR {{time}} >= toDateTime({{{{{end}:UInt32}}}}))"
    parts.append(
        f"SELECT {_AT.format(time='Timestamp')}, count() AS counted, countIf(StatusCode = 'Error') AS failed, "
        f"{QUANTILES}State{SHARES}(Duration) AS latency FROM otel_traces "
        f"WHERE {IN_RANGE} AND SpanKind = 'Server' {told.format(time='Timestamp')} {only} "
        "GROUP BY at, ServiceName, SpanName"
    )
    return " UNION ALL ".join(parts), bounds
