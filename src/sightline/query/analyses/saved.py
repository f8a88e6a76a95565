"""Analyses that are asked for again and again, by name."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.query.analyses.log_reports import DURATION, MAX_EXAMPLES, PATTERN
from sightline.query.timerange import IN_RANGE, NS_PER_S, TimeRange, rfc3339

if TYPE_CHECKING:
    from sightline.store.connect import Store

MAX_ROWS: Final = 1000
"""Most rows of an answer."""


class Analysis(msgspec.Struct):
    """
    One analysis.

    Attributes:
        name: what it is asked by.
        title: what it shows.
        hours: how far it looks back where no start is given.
    """

    name: str
    title: str
    hours: int


class Analyses(msgspec.Struct):
    """All analyses there are."""

    analyses: list[Analysis]


class AnalysisResult(msgspec.Struct):
    """What an analysis found: a table, and the range that it covers."""

    name: str
    title: str
    start: str
    end: str
    columns: list[str]
    rows: list[list[Any]]
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class _Saved:
    title: str
    hours: int
    columns: tuple[str, ...]
    sql: str


_SAVED: Final = {
    "error-rate": _Saved(
        "Error rate per hour",
        24,
        ("hour", "logs", "errors", "error_rate"),
        "SELECT formatDateTime(toStartOfHour(Timestamp), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS hour, count() AS logs, "
        "countIf(SeverityNumber >= 17) AS errors, errors / logs "
        f"FROM otel_logs WHERE {IN_RANGE} GROUP BY hour ORDER BY hour",
    ),
    "slow-requests": _Saved(
        "Requests that took over 5 seconds, the slowest first",
        1,
        ("time", "service", "duration_ms", "method", "path", "status", "request_id"),
        "SELECT Timestamp, ServiceName, "
        f"{DURATION} AS took, "
        "if(LogAttributes['method'] != '', LogAttributes['method'], LogAttributes['http.request.method']), "
        "if(LogAttributes['path'] != '', LogAttributes['path'], LogAttributes['url.path']), "
        "if(LogAttributes['status_code'] != '', LogAttributes['status_code'], "
        "LogAttributes['http.response.status_code']), LogAttributes['request_id'] "
        f"FROM otel_logs WHERE {IN_RANGE} AND took > 5000 ORDER BY took DESC, Timestamp LIMIT {MAX_ROWS}",
    ),
    "user-activity": _Saved(
        "Activity per user, the busiest 20",
        24,
        ("user_id", "events", "requests"),
        "SELECT user, sum(of_events), uniqExactIf(request, request != '') FROM ("
        "SELECT LogAttributes['user_id'] AS user, 1 AS of_events, LogAttributes['request_id'] AS request "
        f"FROM otel_logs WHERE {IN_RANGE} AND mapContains(LogAttributes, 'user_id') "
        "UNION ALL SELECT UserId AS user, 1 AS of_events, RequestId AS request "
        f"FROM events WHERE {IN_RANGE} AND UserId != ''"
        ") WHERE user != '' GROUP BY user ORDER BY sum(of_events) DESC, user LIMIT 20",
    ),
    "log-levels": _Saved(
        "Logs by level",
        24,
        ("level", "logs", "share"),
        "SELECT SeverityText, count() AS logs, logs / sum(logs) OVER () "
        f"FROM otel_logs WHERE {IN_RANGE} GROUP BY SeverityText ORDER BY logs DESC LIMIT {MAX_ROWS}",
    ),
    "error-patterns": _Saved(
        "Errors that are alike, the commonest first",
        24,
        ("pattern", "errors", "share", "last", "examples"),
        f"SELECT {PATTERN} AS pattern, count() AS errors, errors / sum(errors) OVER (), max(Timestamp), "
        f"groupUniqArray({MAX_EXAMPLES})(substring(Body, 1, 500)) "
        f"FROM otel_logs WHERE SeverityNumber >= 17 AND {IN_RANGE} "
        "GROUP BY pattern ORDER BY errors DESC, pattern LIMIT 20",
    ),
}


def list_analyses() -> Analyses:
    """Name all analyses."""
    return Analyses([Analysis(name, saved.title, saved.hours) for name, saved in _SAVED.items()])


def default_hours(name: str) -> int | None:
    """Tell how far an analysis looks back; None where there is none of this name."""
    saved = _SAVED.get(name)
    return saved.hours if saved else None


def run_analysis(store: Store, name: str, range_: TimeRange) -> AnalysisResult:
    """
    Run an analysis of :func:`list_analyses`.

    Raises:
        KeyError: if there is none of this name.
        QueryTooExpensive: if it takes too long.
    """
    saved = _SAVED[name]
    found = store.query(saved.sql, range_.parameters)
    return AnalysisResult(
        name, saved.title, rfc3339(range_.start_ns), rfc3339(range_.end_ns), list(saved.columns),
        [list(row) for row in found.rows], found.elapsed_ms,
    )  # fmt: skip


HOUR_NS: Final = 3600 * NS_PER_S
"""An hour."""
