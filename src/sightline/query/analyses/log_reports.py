"""What logs tell as a whole: how many of which level, the commonest errors, the slowest requests."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from collections import Counter
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.model import severity
from sightline.query.counts import LOGS as COUNTED_LOGS
from sightline.query.counts import counted
from sightline.query.logs import COLUMNS, LogRecord, is_counted, log_record
from sightline.query.search import LOGS, compile_search
from sightline.query.timerange import IN_RANGE, NS_PER_S, TimeRange, rfc3339

if TYPE_CHECKING:
    from sightline.store.connect import Store
    from sightline.store.result import Result

MAX_EXAMPLES: Final = 3
"""Most examples of one pattern."""

MAX_HOURS: Final = 24 * 366
"""Most hours of an answer, the last ones."""

MAX_NAMES: Final = 20
"""Services and loggers that are counted each by itself, the commonest."""

PATTERN: Final = (
    "replaceRegexpAll(replaceRegexpAll(replaceRegexpAll(substring(Body, 1, 500), "
    r"'[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}', '<id>'), "
    r"'\\b(?:0x[0-9a-fA-F]+|[0-9a-fA-F]*[0-9][0-9a-fA-F]{7,})\\b', '<id>'), '[0-9]+(?:\\.[0-9]+)*', '<n>')"
)
"""A message without what differs from one time to the next: ids and numbers."""

DURATION: Final = (
    "toFloat64OrZero(if(LogAttributes['duration_ms'] != '', LogAttributes['duration_ms'], "
    "LogAttributes['processing_time_ms']))"
)
"""How long a request took that is logged, in milliseconds; 0 where it does not tell."""


class LevelCount(msgspec.Struct):
    """How many logs there were of one level."""

    level: str
    count: int
    share: float


class NameCount(msgspec.Struct):
    """How many logs came from a service or a logger, and how many of them were errors."""

    name: str
    count: int
    errors: int


class HourCount(msgspec.Struct):
    """How many logs, and errors among them, there were in the hour that begins at *time*."""

    time: str
    count: int
    errors: int


class LogStatistics(msgspec.Struct):
    """
    Logs of a range, counted.

    Attributes:
        start: from here on.
        end: up to here.
        total: all logs.
        errors: those of ERROR and above.
        error_rate: errors of all, 0 to 1.
        levels: by level, the commonest first.
        services: by service, the commonest first.
        loggers: by logger, the commonest first.
        hours: hour by hour, those without a log left out, and of more than a year the last ones.
        elapsed_ms: how long it took to count.
    """

    start: str
    end: str
    total: int
    errors: int
    error_rate: float
    levels: list[LevelCount]
    services: list[NameCount]
    loggers: list[NameCount]
    hours: list[HourCount]
    elapsed_ms: float


class ErrorPattern(msgspec.Struct):
    """
    Errors whose messages are alike but for ids and numbers.

    Attributes:
        pattern: what they have in common.
        count: how many there were.
        share: of all errors, 0 to 1.
        first: when the first was.
        last: when the last was.
        examples: up to three of their messages, each a different one.
    """

    pattern: str
    count: int
    share: float
    first: str
    last: str
    examples: list[str]


class ErrorPatterns(msgspec.Struct):
    """The patterns of errors, the commonest first; *total* counts all errors."""

    patterns: list[ErrorPattern]
    total: int
    elapsed_ms: float


class SlowRequest(msgspec.Struct):
    """A request that took long, as it was logged."""

    duration_ms: float
    method: str
    path: str
    status: str
    request_id: str
    record: LogRecord


class SlowRequests(msgspec.Struct):
    """The requests over a threshold, the slowest first; *total* counts all of them."""

    threshold_ms: float
    requests: list[SlowRequest]
    total: int
    elapsed_ms: float


def log_statistics(store: Store, query: str, range_: TimeRange, *, most_hours: int = MAX_HOURS) -> LogStatistics:
    """
    Count the logs for which a search holds, by level, service, logger and hour, the last *most_hours*.

    Raises:
        QueryInvalid: if the search cannot be read.
    """
    condition = compile_search(query, LOGS)
    parameters = {**condition.parameters, **range_.parameters, "most": max(most_hours, MAX_NAMES)}
    records = f"FROM otel_logs WHERE {IN_RANGE} AND {condition.sql}"
    source = (
        "SELECT toUnixTimestamp(Timestamp) AS at_s, ServiceName, SeverityNumber, ScopeName AS logger, "
        f"toUInt64(1) AS counted {records}"
    )
    loggers: list[Result] = []
    if is_counted(query):  # there are sums by all but the loggers
        sums, bounds = counted(COUNTED_LOGS, range_, condition.sql)
        source, parameters = f"SELECT *, '' AS logger FROM ({sums})", parameters | bounds
        loggers = [store.query(_LOGGERS_OF.format(records=records), parameters)]
    found = store.query(_counted_by(source), parameters)
    by: dict[int, list[tuple[Any, ...]]] = {_TOTAL: [(0, 0)]}
    by |= {kind: list(rows) for kind, rows in groupby(found.rows, key=itemgetter(0))}
    for each in loggers:
        by[_LOGGERS] = each.rows
    (total, errors), hours = by[_TOTAL][0][-2:], by.get(_HOURS, [])[:most_hours]
    levels = Counter[str]()
    for _, _, number, _, _, count, _ in by.get(_LEVELS, []):
        levels[severity.name_of(number)] += count
    return LogStatistics(
        start=rfc3339(range_.start_ns),
        end=rfc3339(range_.end_ns),
        total=total,
        errors=errors,
        error_rate=errors / total if total else 0.0,
        levels=[LevelCount(name, count, count / max(1, total)) for name, count in levels.most_common()],
        services=[NameCount(row[3], *row[-2:]) for row in by.get(_SERVICES, [])[:MAX_NAMES]],
        loggers=[NameCount(*row[-3:]) for row in by.get(_LOGGERS, [])[:MAX_NAMES]],
        hours=[HourCount(rfc3339(row[1] * NS_PER_S), *row[-2:]) for row in reversed(hours)],
        elapsed_ms=round(sum(each.elapsed_ms for each in (found, *loggers)), 3),
    )


_HOURS, _LEVELS, _SERVICES, _LOGGERS, _TOTAL = 0b0111, 0b1011, 0b1101, 0b1110, 0b1111
"""What ``grouping`` tells of a row: a bit for each column by which it is not counted."""

_LOGGERS_OF: Final = (
    "SELECT ScopeName, count() AS found, countIf(SeverityNumber >= 17) {records} GROUP BY ScopeName "
    f"ORDER BY found DESC, ScopeName LIMIT {MAX_NAMES}"
)


def _counted_by(source: str) -> str:
    """Select what rows are counted by, then the columns, logs and errors; the last hours first, else the commonest."""
    columns = "hour, SeverityNumber, ServiceName, logger"
    return (
        f"SELECT grouping({columns}) AS kind, {columns}, sum(logs) AS found, sumIf(logs, SeverityNumber >= 17) FROM ("
        "SELECT intDiv(at_s, 3600) * 3600 AS hour, SeverityNumber, ServiceName, logger, sum(counted) AS logs "
        f"FROM ({source}) GROUP BY {columns}) "
        "GROUP BY GROUPING SETS ((hour), (SeverityNumber), (ServiceName), (logger), ()) "
        f"ORDER BY kind, if(kind = {_HOURS}, hour, found) DESC, ServiceName, logger LIMIT {{most:UInt32}} BY kind"
    )


def error_patterns(store: Store, query: str, range_: TimeRange, *, limit: int = 20) -> ErrorPatterns:
    """
    Group errors by their messages without ids and numbers.

    Raises:
        QueryInvalid: if the search cannot be read.
    """
    condition = compile_search(query, LOGS)
    found = store.query(
        f"SELECT {PATTERN} AS pattern, count() AS found, toUnixTimestamp64Nano(min(Timestamp)), "
        f"toUnixTimestamp64Nano(max(Timestamp)), groupUniqArray({MAX_EXAMPLES})(substring(Body, 1, 2000)), "
        "sum(count()) OVER () "
        f"FROM otel_logs WHERE SeverityNumber >= 17 AND {IN_RANGE} AND {condition.sql} "
        "GROUP BY pattern ORDER BY found DESC, pattern LIMIT {most:UInt32}",
        {**condition.parameters, **range_.parameters, "most": limit},
    )
    total = found.rows[0][5] if found.rows else 0
    patterns = [
        ErrorPattern(pattern, count, count / total, rfc3339(first), rfc3339(last), sorted(examples))
        for pattern, count, first, last, examples, _ in found.rows
    ]
    return ErrorPatterns(patterns, total, found.elapsed_ms)


def slow_requests(
    store: Store, query: str, range_: TimeRange, *, threshold_ms: float = 5000.0, limit: int = 100
) -> SlowRequests:
    """
    Find logged requests that took at least *threshold_ms*, the slowest first.

    Raises:
        QueryInvalid: if the search cannot be read.
    """
    condition = compile_search(query, LOGS)
    found = store.query(
        f"SELECT {COLUMNS}, {DURATION} AS took, count() OVER () AS total "
        f"FROM otel_logs WHERE {IN_RANGE} AND took >= {{threshold:Float64}} AND took > 0 AND {condition.sql} "
        "ORDER BY took DESC, Timestamp, tie LIMIT {most:UInt32}",
        {**condition.parameters, **range_.parameters, "threshold": threshold_ms, "most": limit},
    )
    requests = [_slow(log_record(row[:-2]), row[-2]) for row in found.rows]
    return SlowRequests(threshold_ms, requests, found.rows[0][-1] if found.rows else 0, found.elapsed_ms)


def _slow(record: LogRecord, duration_ms: float) -> SlowRequest:
    told = record.attributes

    def first(*names: str) -> str:
        return next((told[name] for name in names if told.get(name)), "")

    return SlowRequest(
        duration_ms=duration_ms,
        method=first("method", "http.request.method"),
        path=first("path", "http.route", "url.path"),
        status=first("status_code", "http.response.status_code"),
        request_id=first("request_id"),
        record=record,
    )
