"""When a trace was, so that it is not looked for in all that is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.query.timerange import IN_RANGE, NS_PER_S, TimeRange

if TYPE_CHECKING:
    from sightline.store.connect import Store

_MINUTE_NS: Final = 60 * NS_PER_S

_MINUTES: Final = (
    "SELECT count(), toUnixTimestamp(min(Time)), toUnixTimestamp(max(Time)) FROM trace_minutes "
    "WHERE Trace = cityHash64({trace:String})"
)


def spans_begun(store: Store, trace_id: str) -> TimeRange | None:
    """
    Give the whole minutes in which the spans of a trace begin; None where the minutes do not know it.

    To ask for them first takes less than to name them in each statement that needs them, which is planned twice then.
    """
    known, first_s, last_s = store.query(_MINUTES, {"trace": trace_id}).rows[0]
    return TimeRange(first_s * NS_PER_S, last_s * NS_PER_S + _MINUTE_NS) if known else None


def of_trace(trace_id: str, within: TimeRange | None) -> tuple[str, dict[str, Any]]:
    """Write the condition on spans or logs to be of a trace, anywhere or within a range, and its parameters."""
    sql, parameters = "TraceId = {trace:String}", {"trace": trace_id}
    return (f"{IN_RANGE} AND {sql}", {**within.parameters, **parameters}) if within else (sql, parameters)


def widened(range_: TimeRange, around_ns: int) -> TimeRange:
    """Give a range that begins so much earlier and ends so much later."""
    return TimeRange(max(0, range_.start_ns - around_ns), range_.end_ns + around_ns)
