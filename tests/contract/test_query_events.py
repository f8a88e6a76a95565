"""Events: search by page, counts over time, and funnels."""

from collections.abc import Iterator

import pytest
from tests.support.records import NS, SERVICE, event, now_ns

from sightline.base.errors import QueryInvalid
from sightline.query.analyses.funnel import funnel
from sightline.query.events import count_events, search_events
from sightline.query.timerange import TimeRange
from sightline.store.connect import Store

NOW = now_ns() // (3600 * NS) * 3600 * NS
RANGE = TimeRange(NOW - 3600 * NS, NOW)


def at(minute: int) -> int:
    """Give a time within the hour."""
    return NOW - 3600 * NS + minute * 60 * NS


def lines() -> bytes:
    """Write users who register, log in and pay: all ten, six, and three of those, one of them too late."""
    found = b""
    for user in range(10):
        who = {"user_id": f"u{user}"}
        found += event("user_registered", at(user), data={"plan": "free"}, attributes=who)
        if user < 6:
            found += event("user_login", at(user + 10), data={"method": "password"}, attributes=who)
        if user < 3:
            found += event("balance_topped_up", at(20 if user else 59), data={"amount": 5 * user}, attributes=who)
    return found + event("user_login", at(30)) * 3


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Store]:
    """Open a store that holds the events."""
    store = Store.open(f"chdb://{tmp_path_factory.mktemp('events')}/store")
    store.insert_lines([lines()], {"a" * 16: SERVICE}, "one")
    yield store
    store.close()


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_events_come_in_pages(store, limit):
    """Pages give every event once, newest first, also events that are wholly equal."""
    cursor, found = None, []
    while True:
        page = search_events(store, "", RANGE, limit=limit, cursor=cursor)
        found += page.records
        cursor = page.next_cursor
        if cursor is None:
            break

    assert len(found) == 22
    assert [record.timestamp for record in found] == sorted((record.timestamp for record in found), reverse=True)
    assert sum(record.attributes == {} for record in found) == 3


def test_events_are_found_by_data_and_context(store):
    """A name is looked for in what the event is about and in who did it."""
    found = search_events(store, "amount:>=5 user_id:u1", RANGE).records

    assert [(record.name, record.data) for record in found] == [("balance_topped_up", {"amount": "5"})]


def test_events_are_counted_by_time_and_field(store):
    """Each value has its counts step by step; events without the field are counted together, without a name."""
    found = count_events(store, "name:user_*", RANGE, by="method", buckets=6)

    assert (found.step_seconds, len(found.times), found.total) == (600, 6, 19)
    assert [(series.value, series.total, series.counts) for series in found.series] == [
        ("password", 6, [0, 6, 0, 0, 0, 0]), ("", 13, [10, 0, 0, 3, 0, 0]),
    ]  # fmt: skip


def test_a_funnel_counts_users_who_get_further(store):
    """Each step has those who did it after the steps before, in the time that was allowed."""
    steps = ["name:user_registered", "user_login method:password", "name:balance_topped_up"]

    found = funnel(store, steps, RANGE, window_s=1800)

    assert [(step.users, step.share) for step in found.steps] == [(10, 1.0), (6, 0.6), (2, 0.2)]
    assert found.steps[2].share_of_previous == pytest.approx(1 / 3)


def test_a_funnel_of_nobody_has_zeros(store):
    """Where no event matches, nobody is divided by."""
    found = funnel(store, ["name:none", "name:nothing"], RANGE)

    assert [(step.users, step.share, step.share_of_previous) for step in found.steps] == [(0, 0.0, 0.0)] * 2


@pytest.mark.parametrize(
    ("steps", "window", "message"),
    [
        (["a"], 60, "A funnel has 2 to 10 steps; 1 were given."),
        (["a"] * 11, 60, "A funnel has 2 to 10 steps; 11 were given."),
        (["a", "b"], 0, "The window is 0 seconds; expected 1 to 7776000."),
        (["a", "(b"], 60, "The parenthesis that opens here is not closed."),
    ],
)
def test_a_wrong_funnel_is_refused(store, steps, window, message):
    """What is wrong with it is said."""
    with pytest.raises(QueryInvalid, match=message):
        funnel(store, steps, RANGE, window_s=window)
