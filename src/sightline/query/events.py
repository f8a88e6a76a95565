"""Business events: search page by page, and how many there were when, by name or by any field."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.base.limits import MAX_PAGE
from sightline.query.binding import binder
from sightline.query.cursor import decode_cursor, encode_cursor
from sightline.query.search import EVENTS, compile_search
from sightline.query.timerange import IN_RANGE, NS_PER_S, TimeRange, rfc3339

if TYPE_CHECKING:
    from sightline.store.connect import Store

MAX_SERIES: Final = 20
"""Most values that are counted each by itself, the commonest; the others are counted together."""


class EventRecord(msgspec.Struct):
    """One event: what it is about in *data*, and the context in which it was recorded in *attributes*."""

    timestamp: str
    name: str
    service: str
    trace_id: str
    span_id: str
    data: dict[str, str]
    attributes: dict[str, str]
    resource: dict[str, str]


class EventPage(msgspec.Struct):
    """Events, newest first, and where the next page begins; null after the last one."""

    records: list[EventRecord]
    next_cursor: str | None
    elapsed_ms: float


class EventSeries(msgspec.Struct):
    """How many events had one value, in all and step by step; *value* is empty for those without, or with another."""

    value: str
    total: int
    counts: list[int]


class EventCounts(msgspec.Struct):
    """How many events there were when, by the values of a field; ``times`` are where the steps begin."""

    by: str
    step_seconds: int
    times: list[str]
    series: list[EventSeries]
    total: int
    elapsed_ms: float


class _Position(msgspec.Struct, array_like=True):
    """The last event of a page."""

    time_ns: int
    tie: int
    given: int


_TIE: Final = "cityHash64(EventName, ServiceName, TraceId, SpanId, UserId, toString(Data), toString(Attributes))"


def search_events(
    store: Store, query: str, range_: TimeRange, *, limit: int = 100, cursor: str | None = None
) -> EventPage:
    """
    Find events, newest first. Pages neither repeat nor leave out one, also when many are equal.

    Raises:
        QueryInvalid: if the search or the cursor cannot be read.
    """
    limit = min(max(1, limit), MAX_PAGE)
    condition = compile_search(query, EVENTS)
    position = decode_cursor(cursor, _Position) if cursor else None
    after = ""
    parameters = {**condition.parameters, **range_.parameters, "limit": limit + 1, "skip": 0}
    if position:
        after = (
            "AND Timestamp <= fromUnixTimestamp64Nano({after:Int64}) "
            f"AND (Timestamp, {_TIE}) <= (fromUnixTimestamp64Nano({{after:Int64}}), {{tie:UInt64}})"
        )
        time_ns, tie = max(0, min(position.time_ns, 2**63 - 1)), max(0, min(position.tie, 2**64 - 1))
        parameters |= {"after": time_ns, "tie": tie, "skip": max(0, min(position.given, MAX_PAGE * 1000))}
    found = store.query(
        "SELECT Timestamp, EventName, ServiceName, TraceId, SpanId, Data, Attributes, ResourceAttributes, "
        f"toUnixTimestamp64Nano(Timestamp) AS time_ns, {_TIE} AS tie FROM events "
        f"WHERE {IN_RANGE} AND {condition.sql} {after} "
        "ORDER BY Timestamp DESC, tie DESC LIMIT {limit:UInt32} OFFSET {skip:UInt32}",
        parameters,
    )
    rows = found.rows[:limit]
    following = encode_cursor(_ended(rows, position)) if len(found.rows) > limit else None
    return EventPage([EventRecord(*row[:8]) for row in rows], following, found.elapsed_ms)


def _ended(rows: list[tuple[Any, ...]], before: _Position | None) -> _Position:
    time_ns, tie = rows[-1][-2:]
    given = sum(row[-2:] == (time_ns, tie) for row in rows)
    if before and (before.time_ns, before.tie) == (time_ns, tie):
        given += before.given
    return _Position(time_ns, tie, given)


def count_events(store: Store, query: str, range_: TimeRange, *, by: str = "name", buckets: int = 60) -> EventCounts:
    """
    Count events by time, and by the values of a field as a search names it.

    Raises:
        QueryInvalid: if the search cannot be read.
    """
    step_s = range_.step_s(buckets)
    condition = compile_search(query, EVENTS)
    parameters: dict[str, object] = {**condition.parameters, **range_.parameters, "step": step_s}
    field = EVENTS.field(by).value(binder(parameters))
    counted = f"FROM events WHERE {IN_RANGE} AND {condition.sql}"
    found = store.query(
        f"WITH most AS (SELECT {field} AS value {counted} AND value != '' GROUP BY value "
        f"ORDER BY count() DESC, value LIMIT {MAX_SERIES}) "
        "SELECT intDiv(toUnixTimestamp(Timestamp), {step:UInt32}) AS bucket, "
        f"if({field} IN (SELECT value FROM most), {field}, '') AS kept, count() {counted} GROUP BY bucket, kept",
        parameters,
    )
    first = range_.start_ns // (step_s * NS_PER_S)
    steps = -(-range_.end_ns // (step_s * NS_PER_S)) - first
    counts: dict[str, list[int]] = {}
    for bucket, value, count in found.rows:
        counts.setdefault(value, [0] * steps)[bucket - first] = count
    # The most frequent ones first; what has no value, or one of the rest, comes last.
    order = sorted(counts, key=lambda value: (not value, -sum(counts[value]), value))
    series = [EventSeries(value, sum(counts[value]), counts[value]) for value in order]
    times = [rfc3339((first + step) * step_s * NS_PER_S) for step in range(steps)]
    return EventCounts(by, step_s, times, series, sum(each.total for each in series), found.elapsed_ms)
