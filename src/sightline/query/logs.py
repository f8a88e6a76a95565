"""Logs: search, page by page, and how many there were when."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from sightline.base.limits import MAX_PAGE
from sightline.model import severity
from sightline.query.counts import LOGS as COUNTED_LOGS
from sightline.query.counts import MINUTE_S, counted
from sightline.query.cursor import decode_cursor, encode_cursor
from sightline.query.search import LOGS, compile_search, parse
from sightline.query.search.tree import Compare, Pattern, Present, Text, walk
from sightline.query.timerange import IN_RANGE, NS_PER_S, TimeRange, rfc3339

if TYPE_CHECKING:
    from sightline.query.search.tree import Node
    from sightline.store.connect import Store

Order = Literal["asc", "desc"]


class LogRecord(msgspec.Struct):
    """One log; the live tail gives the same, without an id."""

    timestamp: str
    level: str
    severity: int
    service: str
    logger: str
    body: str
    trace_id: str
    span_id: str
    attributes: dict[str, str]
    resource: dict[str, str]
    id: str


class LogPage(msgspec.Struct):
    """Logs, and where the next page begins; null after the last one."""

    records: list[LogRecord]
    next_cursor: str | None
    elapsed_ms: float


class HistogramBucket(msgspec.Struct):
    """How many logs began in one step, by level."""

    time: str
    count: int
    levels: dict[str, int]


class Histogram(msgspec.Struct):
    """How many logs there were when, step by step."""

    start: str
    end: str
    step_seconds: int
    buckets: list[HistogramBucket]
    total: int
    elapsed_ms: float


class _Position(msgspec.Struct, array_like=True):
    """The time of the last record of a page, and how many records of just that time were given."""

    time_ns: int
    given: int


_MAXTIES: Final = 1_000_000
"""Most records of one nanosecond that can be paged through."""

_COUNTED_BY: Final = frozenset({"level", "severity", "service"})
"""Fields that the sums by minute have."""

TIE: Final = "cityHash64(ServiceName, ScopeName, Body, TraceId, SpanId, SeverityNumber, toString(LogAttributes))"
"""Orders records of the same nanosecond, the same way for ever."""

COLUMNS: Final = (
    "Timestamp, SeverityText, SeverityNumber, ServiceName, ScopeName, Body, TraceId, SpanId, LogAttributes, "
    f"ResourceAttributes, toUnixTimestamp64Nano(Timestamp) AS time_ns, {TIE} AS tie"
)
"""What a log is read from."""


def search_logs(
    store: Store,
    query: str,
    range_: TimeRange,
    *,
    limit: int = 100,
    cursor: str | None = None,
    order: Order = "desc",
) -> LogPage:
    """
    Find logs, newest first unless *order* is ``asc``.

    Pages neither repeat nor leave out a record, also when many have the same time.

    Raises:
        QueryInvalid: if the search or the cursor cannot be read.
        QueryTooExpensive: if the search takes too long.
    """
    limit = min(max(1, limit), MAX_PAGE)
    condition = compile_search(query, LOGS)
    position = decode_cursor(cursor, _Position) if cursor else None
    if position:
        range_ = _after(range_, position, order)
    skip = max(0, min(position.given, _MAXTIES)) if position else 0
    direction = "DESC" if order == "desc" else "ASC"
    where = f"FROM otel_logs WHERE {IN_RANGE} AND {condition.sql} ORDER BY Timestamp {direction}"
    parameters = {**condition.parameters, **range_.parameters, "limit": limit + 1 + skip}
    # First only the times: bodies and attributes are then read for the span of time that the page takes, no more.
    times = store.query(
        f"SELECT count(), min(at), max(at) FROM (SELECT toUnixTimestamp64Nano(Timestamp) AS at {where} "
        "LIMIT {limit:UInt32})",
        parameters,
    )
    count, first_ns, last_ns = times.rows[0]
    if count <= skip:
        return LogPage([], None, times.elapsed_ms)
    found = store.query(
        f"SELECT {COLUMNS} {where}, tie {direction} LIMIT {{limit:UInt32}} OFFSET {{skip:UInt32}}",
        {**parameters, "start": first_ns, "end": last_ns + 1, "limit": limit + 1, "skip": skip},
    )
    rows = found.rows[:limit]
    following = encode_cursor(_ended(rows, position)) if len(found.rows) > limit else None
    return LogPage([log_record(row) for row in rows], following, times.elapsed_ms + found.elapsed_ms)


def count_logs(store: Store, query: str, range_: TimeRange, *, buckets: int = 60) -> Histogram:
    """
    Count logs by time and level.

    Raises:
        QueryInvalid: if the search cannot be read.
        QueryTooExpensive: if the search takes too long.
    """
    step_s = range_.step_s(buckets)
    condition = compile_search(query, LOGS)
    if step_s % MINUTE_S == 0 and _is_counted(query):
        source, bounds = counted(COUNTED_LOGS, range_, condition.sql)
        select = f"SELECT intDiv(at_s, {{step:UInt32}}) AS bucket, SeverityNumber, sum(counted) FROM ({source})"
    else:
        bounds = {}
        select = (
            "SELECT intDiv(toUnixTimestamp(TimestampTime), {step:UInt32}) AS bucket, SeverityNumber, count() "
            f"FROM otel_logs WHERE {IN_RANGE} AND {condition.sql}"
        )
    found = store.query(
        f"{select} GROUP BY bucket, SeverityNumber ORDER BY bucket",
        {**condition.parameters, **range_.parameters, **bounds, "step": step_s},
    )
    by_step: dict[int, dict[str, int]] = {}
    for bucket, number, count in found.rows:
        levels = by_step.setdefault(bucket, {})
        name = severity.name_of(number)
        levels[name] = levels.get(name, 0) + count
    steps = range(range_.start_ns // (step_s * NS_PER_S), -(-range_.end_ns // (step_s * NS_PER_S)))
    drawn = [_bucket(rfc3339(step * step_s * NS_PER_S), by_step.get(step, {})) for step in steps]
    total = sum(bucket.count for bucket in drawn)
    return Histogram(rfc3339(range_.start_ns), rfc3339(range_.end_ns), step_s, drawn, total, found.elapsed_ms)


def _is_counted(query: str) -> bool:
    """Tell whether a search asks for nothing but what logs are counted by."""
    named: list[str] = []

    def look(node: Node) -> None:
        if isinstance(node, Compare | Present):
            named.append(node.field.lower())
        elif isinstance(node, Text | Pattern):
            named.append("")

    walk(parse(query), look)
    return _COUNTED_BY.issuperset(named)


def logs_of_trace(store: Store, trace_id: str, limit: int) -> list[LogRecord]:
    """Give a trace's first *limit* logs, in their order."""
    found = store.query(
        f"SELECT {COLUMNS} FROM otel_logs WHERE TraceId = {{trace:String}} "
        "ORDER BY Timestamp, tie LIMIT {limit:UInt32}",
        {"trace": trace_id, "limit": limit},
    )
    return [log_record(row) for row in found.rows]


def _bucket(time: str, levels: dict[str, int]) -> HistogramBucket:
    return HistogramBucket(time, sum(levels.values()), levels)


def log_record(row: tuple[Any, ...]) -> LogRecord:
    """Make a log of a row of ``COLUMNS``."""
    timestamp, level, number, service, logger, body, trace, span, attributes, resource, time_ns, tie = row
    return LogRecord(
        timestamp=timestamp,
        level=level or severity.name_of(number),
        severity=number,
        service=service,
        logger=logger,
        body=body,
        trace_id=trace,
        span_id=span,
        attributes=attributes,
        resource=resource,
        id=f"{time_ns:x}-{tie:016x}",
    )


def _after(range_: TimeRange, position: _Position, order: Order) -> TimeRange:
    """Cut off what earlier pages gave, but for records of the last one's time."""
    if order == "desc":
        return TimeRange(range_.start_ns, max(range_.start_ns, min(range_.end_ns, position.time_ns + 1)))
    return TimeRange(min(range_.end_ns, max(range_.start_ns, position.time_ns)), range_.end_ns)


def _ended(rows: list[tuple[Any, ...]], before: _Position | None) -> _Position:
    """Say where a page ended; records of the time of its end are counted, over pages if need be."""
    time_ns = rows[-1][-2]
    given = sum(1 for row in rows if row[-2] == time_ns)
    if before and before.time_ns == time_ns:
        given += before.given
    return _Position(time_ns, given)
