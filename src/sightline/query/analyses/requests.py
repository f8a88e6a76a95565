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

HOUR_S: Final = 3600
FIVE_S: Final = 300

_SUMMED: Final = (("request_hours", HOUR_S), ("request_quarters", 900), ("request_minutes", 60))
"""Tables of sums, the coarsest first, and the seconds that one of their rows stands for."""

_OF_SERVICES: Final = (("halves", 1800), ("fives", FIVE_S))
"""What a row of ``service_requests`` stands for: few rows have a whole service's requests, so charts take these."""

_NOT_SUMMED: Final = frozenset({30, 600})
"""Steps of ranges that have too many spans, or too many minutes, to be read for one chart: the next step is taken."""


def request_step_s(range_: TimeRange, buckets: int) -> int:
    """Choose the width of a step for which requests are summed up; at most *buckets* steps."""
    step_s = range_.step_s(buckets)
    return STEPS_S[STEPS_S.index(step_s) + 1] if step_s in _NOT_SUMMED else step_s


def request_sums(range_: TimeRange, step_s: int, only: str) -> tuple[str, dict[str, Any]]:
    """
    Write the statement whose rows have ``drawn``, ``listed``, ``at`` and figures.

    Rows that are ``drawn`` are the requests of the range, by ``at``, the number of their step, and ``ServiceName``;
    those that are ``listed`` are the same requests by ``ServiceName`` and ``SpanName``. Most rows are both. The figures
    are ``StatusCode``, ``counted`` and ``latency``: who asks sums up, and merges the sketches.

    Whole hours are read from the sums of hours, what lies before the first and after the last of them from those of
    quarters, then of minutes, and what is left at the ends from the spans: any range is counted exactly. Where steps
    are not of whole hours but of five minutes, they are drawn from the sums of services. Steps below a minute are read
    from the spans alone.

    Args:
        range_: when; its parameters and ``step`` are bound by the caller.
        step_s: seconds of a step.
        only: more conditions, on the columns of all tables, with ``AND`` before them; or empty.

    Returns:
        The statement, and further parameters of it.
    """
    bounds: dict[str, Any] = {}
    services, drawn = _of_services(range_, step_s, bounds)
    parts = []
    if services:
        parts.append(_sums("service_requests", "1 AS drawn, 0 AS listed", "'' AS SpanName", f"({services}) {only}"))
    rest = ""
    for table, row_s in _SUMMED:
        if (step_s % row_s and not services) or not _bind(bounds, range_, table, row_s):
            continue
        flags = f"{'0' if services and row_s > FIVE_S else drawn} AS drawn, 1 AS listed"
        condition = _without(rest, _within(table), "Time")
        parts.append(_sums(table, flags, "SpanName", f"{condition} {only}"))
        rest = table
    parts.append(
        f"SELECT 1 AS drawn, 1 AS listed, {_at('Timestamp')}, ServiceName, SpanName, StatusCode, count() AS counted, "
        f"{QUANTILES}State{SHARES}(Duration) AS latency FROM otel_traces "
        f"WHERE {_without(rest, IN_RANGE, 'Timestamp')} AND SpanKind = 'Server' {only} "
        "GROUP BY at, ServiceName, SpanName, StatusCode"
    )
    return " UNION ALL ".join(parts), bounds


def _of_services(range_: TimeRange, step_s: int, bounds: dict[str, Any]) -> tuple[str, str]:
    """Write the condition on the sums of services that steps are drawn from, and that on the minutes for the rest."""
    conditions: list[str] = []
    rest = ""
    for name, row_s in _OF_SERVICES:
        if step_s % row_s or step_s % HOUR_S == 0 or not _bind(bounds, range_, name, row_s):
            continue
        conditions.append(f"Seconds = {row_s} AND {_without(rest, _within(name), 'Time')}")
        rest = name
    return " OR ".join(conditions), _without(rest, "1", "Time")


def _bind(bounds: dict[str, Any], range_: TimeRange, name: str, row_s: int) -> bool:
    """Bind where those rows begin and end that lie within a range, if there are any."""
    row_ns = row_s * NS_PER_S
    first_s, end_s = -(-range_.start_ns // row_ns) * row_s, range_.end_ns // row_ns * row_s
    if first_s < end_s:
        bounds |= {f"{name}_first": first_s, f"{name}_end": end_s}
        bounds |= {f"{name}_first_ns": first_s * NS_PER_S, f"{name}_end_ns": end_s * NS_PER_S}
    return first_s < end_s


def _within(name: str) -> str:
    return f"Time >= toDateTime({{{name}_first:UInt32}}) AND Time < toDateTime({{{name}_end:UInt32}})"


def _without(name: str, condition: str, time: str) -> str:
    """Leave out of a condition what the rows of *name*, which are longer, have already; nothing where it is empty."""
    if not name:
        return condition
    # Where the engine compares a table's nanoseconds with seconds, its index leaves records out.
    bound = "fromUnixTimestamp64Nano({{{}_ns:Int64}})" if time == "Timestamp" else "toDateTime({{{}:UInt32}})"
    return f"{condition} AND ({time} < {bound.format(f'{name}_first')} OR {time} >= {bound.format(f'{name}_end')})"


def _at(time: str) -> str:
    return f"intDiv(toUnixTimestamp({time}), {{step:UInt32}}) AS at"


def _sums(table: str, flags: str, name: str, condition: str) -> str:
    return (
        f"SELECT {flags}, {_at('Time')}, ServiceName, {name}, StatusCode, Requests AS counted, Latency AS latency "
        f"FROM {table} WHERE {condition}"
    )
