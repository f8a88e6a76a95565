"""Issues as people work through them: the groups of errors, with what was decided about each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from sightline.query import errors, issue_detail
from sightline.query.cursor import decode_cursor, encode_cursor
from sightline.query.errors import Group, Ranked, Sort
from sightline.query.facets import Facet  # noqa: TC001 - msgspec reads the annotations, here and below
from sightline.query.issue_detail import AffectedUser, IssueTrace  # noqa: TC001
from sightline.query.logs import LogRecord  # noqa: TC001
from sightline.query.timerange import NS_PER_S, TimeRange, rfc3339
from sightline.state.issues import Decision, Status

if TYPE_CHECKING:
    from sightline.state.issues import Issues
    from sightline.store.connect import Store

MAX_PAGE: Final = 200
"""Most issues of a page."""

StatusFilter = Literal["all", "open", "unresolved", "resolved", "ignored", "regressed"]
"""``open`` is what somebody should look at: unresolved and regressed."""

_OPEN: Final = frozenset({"unresolved", "regressed"})
_UNDECIDED: Final = Decision("unresolved", "", 0, "")
_NOTICED_BY: Final = "sightline"
_NUMBERS: Final = re.compile(r"(\d+)")


class Issue(Group, kw_only=True):
    """A group of errors, and what was decided about it; *resolved_in* is a release, empty where none was named."""

    status: Status
    resolved_in: str


class IssuePage(msgspec.Struct):
    """Issues, and where the next page begins; null after the last one. ``times`` are where the trends' steps begin."""

    issues: list[Issue]
    total: int
    step_seconds: int
    times: list[str]
    next_cursor: str | None


class Change(msgspec.Struct):
    """A change of an issue's status, and who made it when."""

    status: Status
    release: str
    time: str
    by: str


class IssueDetail(msgspec.Struct):
    """
    One issue in full.

    Attributes:
        issue: as in the list; counts are those of the range.
        first_seen_ever: the first occurrence that is kept, within the range or before it.
        first_release_ever: its version.
        step_seconds: seconds of a step of the issue's trend.
        times: where the trend's steps begin.
        example: the newest occurrence.
        stacktrace: of it.
        facets: what the occurrences of the range have in common.
        affected_users: who met it, the last ones.
        traces: in which it happened, the newest ones.
        history: changes of its status, newest first.
    """

    issue: Issue
    first_seen_ever: str
    first_release_ever: str
    step_seconds: int
    times: list[str]
    example: LogRecord
    stacktrace: str
    facets: list[Facet]
    affected_users: list[AffectedUser]
    traces: list[IssueTrace]
    history: list[Change]


class _Position(msgspec.Struct, array_like=True):
    """Behind which issue the next page begins, and the end of the range that its rank is of."""

    rank: int
    fingerprint: str
    end_ns: int


def list_issues(
    store: Store,
    issues: Issues,
    query: str,
    range_: TimeRange,
    *,
    status: StatusFilter = "all",
    sort: Sort = "last_seen",
    limit: int = 50,
    cursor: str | None = None,
    buckets: int = 24,
) -> IssuePage:
    """
    List the issues that happened in a range. One that was resolved and happened again is opened, and that written down.

    Raises:
        QueryInvalid: if the search or the cursor cannot be read.
    """
    limit = min(max(1, limit), MAX_PAGE)
    position = decode_cursor(cursor, _Position) if cursor else None
    if position:
        range_ = TimeRange(range_.start_ns, min(max(range_.start_ns, position.end_ns), range_.end_ns))
    found = errors.list_fingerprints(store, query, range_, sort)
    decisions = _decisions(issues, {each.fingerprint: each.releases for each in found})
    wanted = [each for each in found if _wanted(decisions.get(each.fingerprint, _UNDECIDED).status, status)]
    follow = [each for each in wanted if position is None or _is_behind(each, position)]
    page = follow[:limit]
    groups, step_s = errors.describe(store, query, range_, [each.fingerprint for each in page], buckets=buckets)
    return IssuePage(
        issues=[_issue(group, decisions.get(group.fingerprint, _UNDECIDED)) for group in groups],
        total=len(wanted),
        step_seconds=step_s,
        times=_times(range_, step_s),
        next_cursor=encode_cursor(_Position(page[-1].rank, page[-1].fingerprint, range_.end_ns))
        if len(follow) > limit
        else None,
    )


def read_issue(
    store: Store, issues: Issues, fingerprint: str, range_: TimeRange, *, buckets: int = 48
) -> IssueDetail | None:
    """Read one issue; None where it did not happen in the range."""
    groups, step_s = errors.describe(store, "", range_, [fingerprint], buckets=buckets)
    example = issue_detail.example(store, fingerprint, range_)
    if not groups or example is None:
        return None
    decision = _decisions(issues, {fingerprint: issue_detail.releases(store, fingerprint, range_)}).get(fingerprint)
    first, release = issue_detail.first_seen(store, fingerprint) or (groups[0].first_seen, groups[0].first_release)
    return IssueDetail(
        issue=_issue(groups[0], decision or _UNDECIDED),
        first_seen_ever=first,
        first_release_ever=release,
        step_seconds=step_s,
        times=_times(range_, step_s),
        example=example,
        stacktrace=example.attributes.get("exception.stacktrace", ""),
        facets=issue_detail.facets(store, fingerprint, range_),
        affected_users=issue_detail.users(store, fingerprint, range_),
        traces=issue_detail.traces(store, fingerprint, range_),
        history=[
            Change(made.status, made.release, rfc3339(made.changed_ns), made.changed_by)
            for made in issues.history(fingerprint)
        ],
    )


def reopens(decision: Decision, releases: dict[str, int]) -> bool:
    """
    Tell whether an issue that was resolved happened again.

    Args:
        decision: what was decided.
        releases: when each release was last seen with it. Where it was resolved in a release, earlier ones, which may
            still be running somewhere, do not count.
    """
    return decision.status == "resolved" and any(
        last_ns > decision.changed_ns and not _is_before(release, decision.release)
        for release, last_ns in releases.items()
    )


def _is_before(release: str, other: str) -> bool:
    return bool(release and other) and _natural(release) < _natural(other)


def _natural(release: str) -> list[tuple[int, int, str]]:
    """Let 1.10 come after 1.9: numbers are compared as such, and before letters."""
    parts = (part for part in _NUMBERS.split(release) if part)
    return [(0, int(part[:18]), "") if part.isdecimal() else (1, 0, part) for part in parts]


def _decisions(issues: Issues, found: dict[str, dict[str, int]]) -> dict[str, Decision]:
    decisions = issues.read(found)
    for name, decision in decisions.items():
        if reopens(decision, found[name]):
            at_ns = max(found[name].values())
            decisions[name] = issues.change(name, "regressed", release=decision.release, by=_NOTICED_BY, at_ns=at_ns)
    return decisions


def _is_behind(each: Ranked, position: _Position) -> bool:
    return (-each.rank, each.fingerprint) > (-position.rank, position.fingerprint)


def _wanted(status: Status, wanted: StatusFilter) -> bool:
    return wanted in {"all", status} or (wanted == "open" and status in _OPEN)


def _issue(group: Group, decision: Decision) -> Issue:
    return Issue(**msgspec.structs.asdict(group), status=decision.status, resolved_in=decision.release)


def _times(range_: TimeRange, step_s: int) -> list[str]:
    step_ns = step_s * NS_PER_S
    first = range_.start_ns // step_ns
    return [rfc3339(at * step_ns) for at in range(first, -(-range_.end_ns // step_ns))]
