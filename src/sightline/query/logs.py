"""Logs: search, page by page, and how many there were when."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from dataclasses import dataclass
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
from sightline.query.trace_times import of_trace
from sightline.store.limits import QUERY_THREADS

if TYPE_CHECKING:
    from sightline.query.search import Condition
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
    asked = _Asked(store, compile_search(query, LOGS), "DESC" if order == "desc" else "ASC")
    position = decode_cursor(cursor, _Position) if cursor else None
    rows: list[tuple[Any, ...]] = []
    if position:
        rows = asked.at(position.time_ns, range_, limit + 1, max(0, min(position.given, _MAXTIES)))
        range_ = _beyond(range_, position.time_ns, order)
    if len(rows) <= limit:
        rows += asked.first(range_, limit + 1 - len(rows))
    following = encode_cursor(_ended(rows[:limit], position)) if len(rows) > limit else None
    return LogPage([log_record(row) for row in rows[:limit]], following, asked.elapsed_ms)


@dataclass(slots=True)
class _Asked:
    """One search in one direction, and how long it took so far."""

    store: Store
    condition: Condition
    direction: str
    elapsed_ms: float = 0.0

    def first(self, range_: TimeRange, count: int) -> list[tuple[Any, ...]]:
        """
        Give the first rows of a range.

        Sorted by time alone, so that the engine finds them by their times and reads the bodies of these only. Which of
        the last time's rows come first only their hashes tell: where they matter they are asked for by themselves.
        """
        rows = self._ask(range_, "Timestamp", count, 0)
        if len(rows) < count:
            return sorted(rows, key=_place, reverse=self.direction == "DESC")
        last_ns = rows[-1][-2]
        whole = sorted((row for row in rows if row[-2] != last_ns), key=_place, reverse=self.direction == "DESC")
        if len(whole) == count - 1:
            return [*whole, rows[-1]]
        return whole + self.at(last_ns, range_, count - len(whole), 0)

    def at(self, time_ns: int, range_: TimeRange, count: int, skip: int) -> list[tuple[Any, ...]]:
        """Give rows of one nanosecond, if it lies in the range."""
        if not range_.start_ns <= time_ns < range_.end_ns:
            return []
        return self._ask(TimeRange(time_ns, time_ns + 1), "tie", count, skip)

    def _ask(self, range_: TimeRange, by: str, count: int, skip: int) -> list[tuple[Any, ...]]:
        found = self.store.query(
            f"SELECT {COLUMNS} FROM otel_logs WHERE {IN_RANGE} AND {self.condition.sql} "
            f"ORDER BY {by} {self.direction} LIMIT {{limit:UInt32}} OFFSET {{skip:UInt32}}",
            {**self.condition.parameters, **range_.parameters, "limit": count, "skip": skip},
        )
        self.elapsed_ms += found.elapsed_ms
        return found.rows


def _place(row: tuple[Any, ...]) -> tuple[int, int]:
    """Tell where a row stands: by its time, and by its hash among those of the same time."""
    return row[-2], row[-1]


def count_logs(store: Store, query: str, range_: TimeRange, *, buckets: int = 60) -> Histogram:
    """
    Count logs by time and level.

    Raises:
        QueryInvalid: if the search cannot be read.
        QueryTooExpensive: if the search takes too long.
    """
    step_s = range_.step_s(buckets)
    condition = compile_search(query, LOGS)
    if step_s % MINUTE_S == 0 and is_counted(query):
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


def is_counted(query: str) -> bool:
    """Tell whether a search asks for nothing but what logs are counted by."""
    named: list[str] = []

    def look(node: Node) -> None:
        if isinstance(node, Compare | Present):
            named.append(node.field.lower())
        elif isinstance(node, Text | Pattern):
            named.append("")

    walk(parse(query), look)
    return _COUNTED_BY.issuperset(named)


def logs_of_trace(
    store: Store, trace_id: str, range_: TimeRange, limit: int, threads: int = QUERY_THREADS
) -> list[LogRecord]:
    """Give a trace's first *limit* logs of a range, in their order."""
    condition, parameters = of_trace(trace_id, range_)
    found = store.query(
        f"SELECT {COLUMNS} FROM otel_logs WHERE {condition} ORDER BY Timestamp, tie LIMIT {{limit:UInt32}}",
        {**parameters, "limit": limit},
        threads=threads,
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


def _beyond(range_: TimeRange, time_ns: int, order: Order) -> TimeRange:
    """Cut off what earlier pages gave."""
    if order == "desc":
        return TimeRange(range_.start_ns, max(range_.start_ns, min(range_.end_ns, time_ns)))
    return TimeRange(min(range_.end_ns, max(range_.start_ns, time_ns + 1)), range_.end_ns)


def _ended(rows: list[tuple[Any, ...]], before: _Position | None) -> _Position:
    """Say where a page ended; records of the time of its end are counted, over pages if need be."""
    time_ns = rows[-1][-2]
    given = sum(1 for row in rows if row[-2] == time_ns)
    if before and before.time_ns == time_ns:
        given += before.given
    return _Position(time_ns, given)
