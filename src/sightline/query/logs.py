"""Logs: search, page by page, and how many there were when."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from sightline.base.limits import MAX_PAGE
from sightline.model import severity
from sightline.query.cursor import decode_cursor, encode_cursor
from sightline.query.search import LOGS, compile_search
from sightline.query.timerange import IN_RANGE, NS_PER_S, TimeRange, rfc3339

if TYPE_CHECKING:
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
    """How many logs there were when; steps without logs are left out."""

    start: str
    end: str
    step_seconds: int
    buckets: list[HistogramBucket]
    total: int
    elapsed_ms: float


class _Position(msgspec.Struct, array_like=True):
    """The last record of a page, and how many that equal it were given already."""

    time_ns: int
    tie: int
    given: int


_TIE: Final = "cityHash64(ServiceName, ScopeName, Body, TraceId, SpanId, SeverityNumber, toString(LogAttributes))"
"""Orders records of the same nanosecond, the same way for ever."""

_COLUMNS: Final = (
    "Timestamp, SeverityText, SeverityNumber, ServiceName, ScopeName, Body, TraceId, SpanId, LogAttributes, "
    f"ResourceAttributes, toUnixTimestamp64Nano(Timestamp) AS time_ns, {_TIE} AS tie"
)


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
    parameters: dict[str, Any] = {**condition.parameters, **range_.parameters, "limit": limit + 1, "skip": 0}
    after = "1"
    position = decode_cursor(cursor, _Position) if cursor else None
    if position:
        sign = "<" if order == "desc" else ">"
        after = (
            f"Timestamp {sign}= fromUnixTimestamp64Nano({{after:Int64}}) AND (Timestamp {sign} "
            f"fromUnixTimestamp64Nano({{after:Int64}}) OR {_TIE} {sign}= {{tie:UInt64}})"
        )
        parameters |= {"after": _int64(position.time_ns), "tie": position.tie, "skip": max(0, position.given)}
    direction = "DESC" if order == "desc" else "ASC"
    found = store.query(
        f"SELECT {_COLUMNS} FROM otel_logs WHERE {IN_RANGE} AND {after} AND {condition.sql} "
        f"ORDER BY Timestamp {direction}, tie {direction} LIMIT {{limit:UInt32}} OFFSET {{skip:UInt64}}",
        parameters,
    )
    rows = found.rows[:limit]
    more = len(found.rows) > limit
    return LogPage(
        [_record(row) for row in rows], encode_cursor(_ended(rows, position)) if more else None, found.elapsed_ms
    )


def count_logs(store: Store, query: str, range_: TimeRange, *, buckets: int = 60) -> Histogram:
    """
    Count logs by time and level.

    Raises:
        QueryInvalid: if the search cannot be read.
        QueryTooExpensive: if the search takes too long.
    """
    step_s = range_.step_s(buckets)
    condition = compile_search(query, LOGS)
    found = store.query(
        "SELECT intDiv(toUnixTimestamp(TimestampTime), {step:UInt32}) AS bucket, SeverityNumber, count() "
        f"FROM otel_logs WHERE {IN_RANGE} AND {condition.sql} GROUP BY bucket, SeverityNumber ORDER BY bucket",
        {**condition.parameters, **range_.parameters, "step": step_s},
    )
    counted: dict[int, dict[str, int]] = {}
    for bucket, number, count in found.rows:
        levels = counted.setdefault(bucket, {})
        name = severity.name_of(number)
        levels[name] = levels.get(name, 0) + count
    drawn = [
        HistogramBucket(rfc3339(bucket * step_s * NS_PER_S), sum(levels.values()), levels)
        for bucket, levels in counted.items()
    ]
    total = sum(bucket.count for bucket in drawn)
    return Histogram(rfc3339(range_.start_ns), rfc3339(range_.end_ns), step_s, drawn, total, found.elapsed_ms)


def logs_of_trace(store: Store, trace_id: str, limit: int) -> list[LogRecord]:
    """Give a trace's first *limit* logs, in their order."""
    found = store.query(
        f"SELECT {_COLUMNS} FROM otel_logs WHERE TraceId = {{trace:String}} "
        "ORDER BY Timestamp, tie LIMIT {limit:UInt32}",
        {"trace": trace_id, "limit": limit},
    )
    return [_record(row) for row in found.rows]


def _record(row: tuple[Any, ...]) -> LogRecord:
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


def _ended(rows: list[tuple[Any, ...]], before: _Position | None) -> _Position:
    """Say where a page ended; equal records at its end are counted, over pages if need be."""
    time_ns, tie = rows[-1][-2:]
    equal = sum(1 for row in rows if row[-2:] == (time_ns, tie))
    if before and (before.time_ns, before.tie) == (time_ns, tie):
        equal += before.given
    return _Position(time_ns, tie, equal)


def _int64(value: int) -> int:
    return max(0, min(value, 2**63 - 1))
