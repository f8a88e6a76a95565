"""One issue in full: its newest occurrence, who met it, in which traces, and what its occurrences have in common."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.query.errors import RELEASE, USER
from sightline.query.facets import Facet, ValueCount
from sightline.query.logs import COLUMNS, LogRecord, log_record
from sightline.query.timerange import IN_RANGE, rfc3339

if TYPE_CHECKING:
    from sightline.query.timerange import TimeRange
    from sightline.store.connect import Store

MAX_USERS: Final = 50
"""Most users that are listed, those who met the issue last."""

MAX_TRACES: Final = 20
"""Most traces that are listed, the newest."""

MAX_VALUES: Final = 10
"""Most values of each facet."""

_FACETS: Final = {
    "service": "ServiceName",
    "release": RELEASE,
    "environment": "if(ResourceAttributes['deployment.environment.name'] != '', "
    "ResourceAttributes['deployment.environment.name'], ResourceAttributes['deployment.environment'])",
    "host": "ResourceAttributes['host.name']",
    "category": "LogAttributes['error.category']",
    "severity": "LogAttributes['error.severity']",
    "mechanism": "LogAttributes['error.mechanism']",
    "method": "LogAttributes['http.request.method']",
    "route": "LogAttributes['http.route']",
    "thread": "LogAttributes['thread.name']",
    "browser": "LogAttributes['browser.name']",
}
"""What occurrences are told apart by, and where it stands."""


class AffectedUser(msgspec.Struct):
    """A user who met an issue."""

    user: str
    count: int
    last_seen: str


class IssueTrace(msgspec.Struct):
    """A trace in which an issue happened."""

    trace_id: str
    span_id: str
    time: str


_THIS: Final = f"{IN_RANGE} AND Fingerprint = {{fingerprint:String}}"


def example(store: Store, fingerprint: str, range_: TimeRange) -> LogRecord | None:
    """Give the newest occurrence of a range, its traceback among the attributes; None where there is none."""
    found = _ask(store, f"SELECT {COLUMNS} FROM errors WHERE {_THIS} ORDER BY Timestamp DESC LIMIT 1", fingerprint,
                 range_)  # fmt: skip
    return log_record(found[0]) if found else None


def users(store: Store, fingerprint: str, range_: TimeRange) -> list[AffectedUser]:
    """Give the users who met the issue, the last one first."""
    rows = _ask(
        store,
        f"SELECT {USER} AS who, count(), toUnixTimestamp64Nano(max(Timestamp)) AS last FROM errors "
        f"WHERE {_THIS} AND who != '' GROUP BY who ORDER BY last DESC, who LIMIT {MAX_USERS}",
        fingerprint,
        range_,
    )
    return [AffectedUser(who, count, rfc3339(last)) for who, count, last in rows]


def traces(store: Store, fingerprint: str, range_: TimeRange) -> list[IssueTrace]:
    """Give the traces in which the issue happened, the newest first."""
    rows = _ask(
        store,
        "SELECT TraceId, argMax(SpanId, Timestamp), toUnixTimestamp64Nano(max(Timestamp)) AS last FROM errors "
        f"WHERE {_THIS} AND TraceId != '' GROUP BY TraceId ORDER BY last DESC, TraceId LIMIT {MAX_TRACES}",
        fingerprint,
        range_,
    )
    return [IssueTrace(trace, span, rfc3339(last)) for trace, span, last in rows]


def facets(store: Store, fingerprint: str, range_: TimeRange) -> list[Facet]:
    """Count what the occurrences have in common: release, host, route and so on."""
    pairs = ", ".join(f"('{name}', {column})" for name, column in _FACETS.items())
    rows = _ask(
        store,
        f"SELECT pair.1 AS field, pair.2 AS value, count() AS n FROM errors ARRAY JOIN [{pairs}] AS pair "
        f"WHERE {_THIS} GROUP BY field, value ORDER BY field, n DESC, value LIMIT {MAX_VALUES} BY field",
        fingerprint,
        range_,
    )
    found: dict[str, Facet] = {name: Facet(name, [], 0) for name in _FACETS}
    for field, value, count in rows:
        if value:
            found[field].values.append(ValueCount(value, count))
        else:
            found[field].missing = count
    return [facet for facet in found.values() if facet.values]


def releases(store: Store, fingerprint: str, range_: TimeRange) -> dict[str, int]:
    """Tell when each release was last seen with the issue, nanoseconds since the epoch."""
    rows = _ask(
        store,
        f"SELECT {RELEASE} AS release, toUnixTimestamp64Nano(max(Timestamp)) FROM errors WHERE {_THIS} "
        "GROUP BY release",
        fingerprint,
        range_,
    )
    return dict(rows)


def first_seen(store: Store, fingerprint: str) -> tuple[str, str] | None:
    """Give when the issue was first seen in all that is kept, and in which release; None for never."""
    rows = store.query(
        f"SELECT toUnixTimestamp64Nano(min(Timestamp)), argMin({RELEASE}, Timestamp), count() FROM errors "
        "WHERE Fingerprint = {fingerprint:String}",
        {"fingerprint": fingerprint},
    ).rows
    at_ns, release, count = rows[0]
    return (rfc3339(at_ns), release) if count else None


def is_known(store: Store, fingerprint: str) -> bool:
    """Tell whether there is an occurrence of the issue among all that is kept."""
    found = store.query(
        "SELECT 1 FROM errors WHERE Fingerprint = {fingerprint:String} LIMIT 1",
        {"fingerprint": fingerprint},
    )
    return bool(found.rows)


def _ask(store: Store, sql: str, fingerprint: str, range_: TimeRange) -> list[tuple[Any, ...]]:
    return store.query(sql, {**range_.parameters, "fingerprint": fingerprint}).rows
