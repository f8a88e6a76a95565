"""Where requests are counted: in what was summed up as they came in, and in the spans at the edges of a range."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.query.counts import EDGES, minutes_within
from sightline.query.request_sums import ENDPOINTS, SERVICES, STATE, WIDTHS_S, summed
from sightline.query.timerange import IN_RANGE, STEPS_S

if TYPE_CHECKING:
    from sightline.query.timerange import TimeRange

_NOT_SUMMED: Final = frozenset({30, 600})
"""Steps of ranges that have too many spans, or too many minutes, to be read for one chart: the next step is taken."""


_NAMED: Final = "if(drawn, '', ServiceName) AS service, if(drawn, '', SpanName) AS name"
"""What rows that are not drawn tell; a name of a column would stand for it in the conditions, too."""


def request_step_s(range_: TimeRange, buckets: int) -> int:
    """Choose the width of a step for which requests are summed up; at most *buckets* steps."""
    step_s = range_.step_s(buckets)
    return STEPS_S[STEPS_S.index(step_s) + 1] if step_s in _NOT_SUMMED else step_s


def request_sums(range_: TimeRange, step_s: int, only: str) -> tuple[str, dict[str, Any]]:
    """
    Write the statement whose rows have ``drawn``, ``at``, ``service``, ``name`` and figures.

    Rows that are ``drawn`` are the requests of the range by ``at``, the number of their step; the others are the same
    requests by ``service`` and ``name`` of their spans. The figures are ``counted``, ``errors`` and ``latency``: who
    asks sums up, and merges the sketches.

    A chart is drawn from sums of services, endpoints are listed from theirs, and what is left at the ends of the range
    is read from the spans: any range is counted exactly. Steps below a minute are read from the spans alone.

    Args:
        range_: when; its parameters and ``step`` are bound by the caller.
        step_s: seconds of a step.
        only: more conditions, on the columns of all tables, with ``AND`` before them; or empty.

    Returns:
        The statement, and further parameters of it.
    """
    drawn = summed(SERVICES, range_, [width_s for width_s in WIDTHS_S if step_s % width_s == 0])
    spans = (
        f"SELECT drawn, if(drawn, span.at, 0) AS at, {_NAMED}, counted, errors, latency FROM ("
        "SELECT intDiv(toUnixTimestamp(Timestamp), {step:UInt32}) AS at, ServiceName, SpanName, count() AS counted, "
        f"countIf(StatusCode = 'Error') AS errors, {STATE}(Duration) AS latency "
        f"FROM otel_traces WHERE {EDGES if drawn else IN_RANGE} AND SpanKind = 'Server' {only} "
        "GROUP BY at, ServiceName, SpanName) AS span ARRAY JOIN [0, 1] AS drawn"
    )
    if not drawn:
        return spans, {}
    sums = (
        f"SELECT SumOf = '{SERVICES}' AS drawn, if(drawn, intDiv(toUnixTimestamp(Time), {{step:UInt32}}), 0) AS at, "
        f"{_NAMED}, Requests AS counted, Errors AS errors, Latency AS latency "
        f"FROM request_sums WHERE (({drawn}) OR ({summed(ENDPOINTS, range_)})) {only}"
    )
    return f"{sums} UNION ALL {spans}", minutes_within(range_)
