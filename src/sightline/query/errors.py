"""Errors, grouped into issues by their fingerprints: how often, since when, in which releases, to how many users."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import msgspec

from sightline.query.search import LOGS, compile_search
from sightline.query.timerange import IN_RANGE, NS_PER_S, TimeRange, rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sightline.store.connect import Store

MAX_ISSUES: Final = 10_000
"""Most issues that a question sorts; beyond, the last ones by its order are left out."""

Sort = Literal["last_seen", "first_seen", "count", "users"]

USER: Final = (
    "coalesce(nullIf(LogAttributes['user_id'], ''), nullIf(LogAttributes['user.id'], ''), LogAttributes['enduser.id'])"
)
RELEASE: Final = "ResourceAttributes['service.version']"


class Group(msgspec.Struct):
    """
    The occurrences of one issue in a range.

    Attributes:
        fingerprint: its name.
        type: of the exception, as the newest occurrence has it, like what follows.
        message: of the exception.
        service: where it happened.
        where: function, and file with line.
        category: what it is about.
        severity: how bad it is.
        handled: whether it was caught and told.
        count: occurrences.
        users: different users who met it.
        first_seen: the first occurrence of the range.
        last_seen: the last one.
        first_release: version of the first one, empty where it is not known.
        last_release: version of the last one.
        trend: occurrences step by step, of the same steps for all issues of an answer.
    """

    fingerprint: str
    type: str
    message: str
    service: str
    where: str
    category: str
    severity: str
    handled: bool
    count: int
    users: int
    first_seen: str
    last_seen: str
    first_release: str
    last_release: str
    trend: list[int]


class Ranked(NamedTuple):
    """An issue in an order: its name, when each of its releases was last seen, and what it is sorted by."""

    fingerprint: str
    releases: dict[str, int]
    rank: int


_SORTS: Final[dict[Sort, str]] = {
    "last_seen": "toUnixTimestamp64Nano(max(Timestamp))",
    "first_seen": "toUnixTimestamp64Nano(min(Timestamp))",
    "count": "count()",
    "users": f"uniqExactIf({USER}, {USER} != '')",
}


def list_fingerprints(store: Store, query: str, range_: TimeRange, sort: Sort) -> list[Ranked]:
    """
    Name the issues of a range in an order, the highest first; of the same rank by their names.

    Raises:
        QueryInvalid: if the search cannot be read.
    """
    condition = compile_search(query, LOGS)
    found = store.query(
        "SELECT Fingerprint AS fingerprint, "
        f"maxMap(map({RELEASE}, toUnixTimestamp64Nano(Timestamp))), {_SORTS[sort]} AS rank "
        f"FROM errors WHERE {IN_RANGE} AND {condition.sql} GROUP BY fingerprint "
        "ORDER BY rank DESC, fingerprint LIMIT {limit:UInt32}",
        {**condition.parameters, **range_.parameters, "limit": MAX_ISSUES},
    )
    return [Ranked(*row) for row in found.rows]


_NEWEST: Final = ("LogAttributes['exception.type']", "LogAttributes['exception.message']", "ServiceName",
                  "LogAttributes['code.function.name']", "LogAttributes['code.file.path']",
                  "LogAttributes['code.line.number']", "LogAttributes['error.category']",
                  "LogAttributes['error.severity']", "LogAttributes['error.handled']")  # fmt: skip

LONGEST_MESSAGE: Final = 1000
"""Characters of a message in a list."""


def describe(
    store: Store, query: str, range_: TimeRange, fingerprints: Sequence[str], *, buckets: int = 24
) -> tuple[list[Group], int]:
    """
    Describe the issues of these names, in this order; those without an occurrence in the range are left out.

    Returns:
        The issues, and the seconds of a step of their trends.

    Raises:
        QueryInvalid: if the search cannot be read.
    """
    step_s = range_.step_s(buckets)
    if not fingerprints:
        return [], step_s
    condition = compile_search(query, LOGS)
    first = range_.start_ns // (step_s * NS_PER_S)
    steps = -(-range_.end_ns // (step_s * NS_PER_S)) - first
    found = store.query(
        f"SELECT Fingerprint AS fingerprint, argMax(tuple({', '.join(_NEWEST)}), Timestamp), count(), "
        f"uniqExactIf({USER}, {USER} != ''), toUnixTimestamp64Nano(min(Timestamp)), "
        f"toUnixTimestamp64Nano(max(Timestamp)), argMin({RELEASE}, Timestamp), argMax({RELEASE}, Timestamp), "
        "sumMap(map(toInt64(intDiv(toUnixTimestamp(Timestamp), {step:UInt32})), toUInt64(1))) "
        f"FROM errors WHERE {IN_RANGE} AND {condition.sql} "
        "AND fingerprint IN {names:Array(String)} GROUP BY fingerprint",
        {**condition.parameters, **range_.parameters, "step": step_s, "names": list(fingerprints)},
    )
    groups = {row[0]: _group(row, first, steps) for row in found.rows}
    return [groups[name] for name in fingerprints if name in groups], step_s


def _group(row: tuple[Any, ...], first: int, steps: int) -> Group:
    name, newest, count, users, first_ns, last_ns, first_release, last_release, counts = row
    kind, message, service, function, file, line, category, severity, handled = newest
    trend = [0] * steps
    for bucket, number in counts.items():
        trend[int(bucket) - first] = number  # keys of maps come as text
    return Group(
        fingerprint=name,
        type=kind,
        message=message[:LONGEST_MESSAGE],
        service=service,
        where=" ".join(part for part in (function, f"{file}:{line}" if file and line else file) if part),
        category=category,
        severity=severity,
        handled=handled != "false",
        count=count,
        users=users,
        first_seen=rfc3339(first_ns),
        last_seen=rfc3339(last_ns),
        first_release=first_release,
        last_release=last_release,
        trend=trend,
    )
