"""Errors grouped into issues: figures, pages, decisions, and what opens an issue again."""

import json
from collections.abc import Iterator

import pytest
from tests.support.records import NS, SERVICE, now_ns

from sightline.query.issues import list_issues, read_issue, reopens
from sightline.query.timerange import TimeRange
from sightline.state.database import open_database
from sightline.state.issues import Decision, Issues
from sightline.store.connect import Store

NOW = now_ns()
DAY = TimeRange(NOW - 24 * 3600 * NS, NOW)
STACK = 'Traceback (most recent call last):\n  File "/app/pay.py", line 41, in charge\n    bank()\nKeyError: 7\n'


def error(name: str, minutes_ago: int, *, release: str = "1.0", user: str = "", **more: str) -> bytes:
    """Encode an occurrence; each release is a process of its own."""
    told = {
        "exception.type": "KeyError", "exception.message": f"{name} failed", "exception.stacktrace": STACK,
        "error.severity": "high", "error.category": "database", "error.handled": False,
        "code.function.name": "charge", "code.file.path": "/app/pay.py", "code.line.number": 41, **more,
    }  # fmt: skip
    told |= {"user_id": user} if user else {}
    told |= {"error.fingerprint": name} if name else {}
    return json.dumps({
        "kind": "log", "instance": release.ljust(16, "-"), "time": NOW - minutes_ago * 60 * NS, "severity": 17,
        "level": "ERROR", "logger": "sightline.errors", "body": "KeyError", "trace": f"{minutes_ago:032x}",
        "span": f"{minutes_ago:016x}", "attributes": told,
    }, separators=(",", ":")).encode() + b"\n"  # fmt: skip


def lines() -> bytes:
    """Write three issues of their own names, one of a foreign SDK without names, and logs that are no occurrences."""
    found = b"".join(
        error("often", 10 * at, user=f"u{at % 3}", release="1.0" if at > 3 else "1.10") for at in range(1, 9)
    )
    found += error("old", 600) + error("old", 700, user="u9") + error("once", 5)
    for at in range(3):
        found += error("", 30 + at, **{"exception.message": f"order {at} failed"})
    referring = json.loads(error("often", 1))
    referring["attributes"]["error.recorded"] = True
    plain = json.loads(error("none", 2)) | {"attributes": {}}
    return found + b"".join(json.dumps(line).encode() + b"\n" for line in (referring, plain))


@pytest.fixture(scope="module")
def store(address, tmp_path_factory) -> Iterator[Store]:
    """Open a store that holds the errors."""
    store = Store.open(address(tmp_path_factory.mktemp("issues")), memory_bytes=512 * 1024 * 1024)
    resources = {name.ljust(16, "-"): SERVICE | {"service.version": name} for name in ("1.0", "1.10")}
    store.insert_lines([lines()], resources, "one")
    yield store
    store.close()


@pytest.fixture
def issues(tmp_path) -> Iterator[Issues]:
    """Open an empty memory of decisions."""
    engine = open_database(tmp_path / "state.db")
    yield Issues(engine)
    engine.dispose()


def names(store, issues, **asked):
    """Name the issues of the day."""
    return [issue.fingerprint for issue in list_issues(store, issues, asked.pop("query", ""), DAY, **asked).issues]


def test_occurrences_are_grouped_with_their_figures(store, issues):
    """An issue has its count, users, releases and a trend that adds up; references to an error are not counted."""
    page = list_issues(store, issues, "", DAY)
    often = next(issue for issue in page.issues if issue.fingerprint == "often")

    assert (page.total, page.step_seconds, len(page.times)) == (4, 3600, len(often.trend))
    assert (often.count, often.users, sum(often.trend)) == (8, 3, 8)
    assert (often.type, often.service, often.where) == ("KeyError", "shop", "charge /app/pay.py:41")
    assert (often.first_release, often.last_release) == ("1.0", "1.10")
    assert (often.category, often.severity, often.handled, often.status) == ("database", "high", False, "unresolved")


def test_errors_without_a_fingerprint_are_grouped_by_type_and_functions(store, issues):
    """What a foreign SDK tells is one issue where messages differ and the functions do not."""
    page = list_issues(store, issues, "", DAY)

    (foreign,) = [issue for issue in page.issues if issue.fingerprint not in {"often", "old", "once"}]
    assert foreign.count == 3
    assert read_issue(store, issues, foreign.fingerprint, DAY).issue.count == 3


@pytest.mark.parametrize(
    ("sort", "first"), [("last_seen", "once"), ("count", "often"), ("users", "often"), ("first_seen", "once")]
)
def test_issues_are_sorted(store, issues, sort, first):
    """The highest, or newest, comes first."""
    assert names(store, issues, sort=sort)[0] == first


def test_issues_are_searched_and_paged(store, issues):
    """A search narrows the occurrences; pages give every issue once."""
    assert names(store, issues, query="user_id:u9") == ["old"]

    first = list_issues(store, issues, "", DAY, limit=3)
    second = list_issues(store, issues, "", DAY, limit=3, cursor=first.next_cursor)

    assert [len(first.issues), len(second.issues), second.next_cursor] == [3, 1, None]
    assert len({issue.fingerprint for issue in first.issues + second.issues}) == 4


@pytest.mark.parametrize("sort", ["last_seen", "first_seen", "count", "users"])
def test_a_page_begins_behind_the_last_one_whatever_was_decided_meanwhile(store, issues, sort):
    """Who resolves what is on the first page of open issues is shown all others on the following ones."""
    expected = names(store, issues, status="open", sort=sort)
    first = list_issues(store, issues, "", DAY, status="open", sort=sort, limit=2)
    for issue in first.issues:
        issues.change(issue.fingerprint, "ignored", by="ada")

    second = list_issues(store, issues, "", DAY, status="open", sort=sort, limit=2, cursor=first.next_cursor)

    assert [issue.fingerprint for issue in first.issues + second.issues] == expected


def test_an_issue_is_read_in_full(store, issues):
    """It has its newest occurrence with traceback, users, traces, what occurrences share, and its history."""
    issues.change("often", "ignored", by="ada")

    found = read_issue(store, issues, "often", DAY)

    assert (found.issue.status, found.first_release_ever, found.stacktrace) == ("ignored", "1.0", STACK)
    assert found.example.trace_id == f"{10:032x}"
    assert [user.user for user in found.affected_users] == ["u1", "u2", "u0"]
    assert (len(found.traces), found.traces[0].trace_id) == (8, f"{10:032x}")
    shared = {facet.field: [(value.value, value.count) for value in facet.values] for facet in found.facets}
    assert shared["release"] == [("1.0", 5), ("1.10", 3)]
    assert [(change.status, change.by) for change in found.history] == [("ignored", "ada")]
    assert read_issue(store, issues, "never", DAY) is None


def test_what_was_resolved_and_happens_again_is_opened(store, issues):
    """The issue is found as regressed from then on, and its history says when that was noticed."""
    issues.change("often", "resolved", by="ada", at_ns=NOW - 45 * 60 * NS)
    issues.change("old", "resolved", by="ada", at_ns=NOW - 45 * 60 * NS)
    issues.change("once", "ignored", by="bob", at_ns=NOW - 45 * 60 * NS)

    assert names(store, issues, status="regressed") == ["often"]

    assert names(store, issues, status="resolved") == ["old"]
    assert names(store, issues, status="ignored") == ["once"]
    assert len(names(store, issues, status="open")) == 2
    assert [(change.status, change.changed_by) for change in issues.history("often")] == [
        ("regressed", "sightline"), ("resolved", "ada"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("release", "seen", "expected"),
    [
        ("", {"1.9": 20}, True),
        ("", {"1.9": 5}, False),
        ("1.10", {"1.9": 20}, False),
        ("1.10", {"1.9": 20, "1.10": 20}, True),
        ("1.10", {"": 20}, True),
        ("1.10", {"2.0-rc1": 20}, True),
        ("v1.2.3", {"v1.2.2": 20}, False),
    ],
)
def test_earlier_releases_do_not_open_what_was_resolved_in_a_later_one(release, seen, expected):
    """An old process that still runs is no regression."""
    assert reopens(Decision("resolved", release, 10, ""), seen) is expected
