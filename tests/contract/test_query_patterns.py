"""Patterns: templates with their counts, what is new, and searches that find their lines."""

from collections.abc import Iterator

import pytest
import re2
from tests.support.records import NS, SERVICE, log, now_ns

from sightline.base.errors import QueryInvalid
from sightline.query.analyses.patterns import find_patterns
from sightline.query.analyses.templates import MASKS, WILD
from sightline.query.logs import search_logs
from sightline.query.timerange import TimeRange, rfc3339
from sightline.store.connect import Store

NOW = now_ns() // (3600 * NS) * 3600 * NS
RANGE = TimeRange(NOW - 1800 * NS, NOW)
NAMES = ("ada", "alan", "grace", "edsger", "barbara", "donald")

MANY = """
    INSERT INTO otel_logs (Timestamp, SeverityNumber, ServiceName, Body)
    SELECT fromUnixTimestamp64Nano({at:Int64} + number * 10000000), 9, 'shop',
        concat(toString(number), ' sold in ', if(intHash64(number) % 4 = 0, 'Rome', 'Oslo')) FROM numbers(80000)
"""


def at(minute: int) -> int:
    """Give a time from *minute* minutes before the range's end on."""
    return NOW - minute * 60 * NS


def lines() -> bytes:
    """Write an hour: payments all the time, logins more and more, a failure that is new, one that went away."""
    found = b"".join(log(f"Order {n} was paid", at(1 + n % 60), level="INFO") for n in range(120))
    found += b"".join(log(f"User {NAMES[n % 6]} logged in", at(1 + n % 9)) for n in range(60))
    found += b"".join(log(f"User {name} logged in", at(40)) for name in NAMES)
    found += log('Card "4111" was declined\nTraceback: …', at(3), level="ERROR", severity=17) * 4
    found += log("x" * 500, at(5))
    return found + log("Old things are cleared", at(45))


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Store]:
    """Open a store that holds the lines."""
    store = Store.open(f"chdb://{tmp_path_factory.mktemp('patterns')}/store")
    store.insert_lines([lines()], {"a" * 16: SERVICE}, "one")
    yield store
    store.close()


def test_lines_are_grouped_and_compared_with_the_time_before(store):
    """Each message has its count, its count before, and what the two say."""
    found = find_patterns(store, "", RANGE)

    assert [(each.template, each.count, each.before, each.trend) for each in found.patterns] == [
        ("Order <*> was paid", 60, 60, "steady"),
        ("User <*> logged in", 60, 6, "rising"),
        ("Card <*> was declined", 4, 0, "new"),
        (f"{'x' * 400} …", 1, 0, "new"),
    ]
    assert (found.lines, found.found, found.ungrouped, found.one_in) == (125, 4, 0, 1)
    assert sum(each.share for each in found.patterns) == pytest.approx(1)


def test_a_pattern_has_levels_services_times_and_examples(store):
    """What is known of its lines is told; counts stand at the steps in which they came."""
    (found,) = find_patterns(store, "level:error", RANGE, buckets=6).patterns

    assert (found.levels, found.services) == ({"ERROR": 4}, {"shop": 4})
    assert found.counts == [0, 0, 0, 0, 0, 4]
    assert found.first_seen == found.last_seen == rfc3339(at(3))
    assert found.examples == ['Card "4111" was declined\nTraceback: …']


def test_the_search_of_a_pattern_finds_its_lines(store):
    """Asked as a search, it gives as many logs as the pattern counts."""
    for pattern in find_patterns(store, "", RANGE).patterns:
        assert len(search_logs(store, pattern.search, RANGE).records) == pattern.count, pattern


def test_patterns_can_be_chosen_by_their_trend(store):
    """Only the new ones, or none."""
    new = find_patterns(store, "", RANGE, trend="new")

    assert (len(new.patterns), new.found) == (2, 2)
    assert find_patterns(store, "", RANGE, trend="falling").patterns == []


def test_nothing_is_new_where_nothing_was_logged_before(store):
    """Without a time to compare with, no trend is made up."""
    whole = TimeRange(NOW - 3600 * NS, NOW)

    assert {each.trend for each in find_patterns(store, "", whole).patterns} == {"unknown"}


def test_of_many_lines_a_share_is_read(store):
    """Blocks of lines are read, and counts estimated step by step from how many there are."""
    store.query(MANY, {"at": NOW - 86_400 * NS}, readonly=False)

    found = find_patterns(store, "", TimeRange(NOW - 86_500 * NS, NOW - 85_500 * NS), max_lines=10_000)

    assert (found.one_in, found.lines, found.ungrouped) == (8, 80_000, 0)
    assert [(each.template, each.count, each.trend) for each in found.patterns] == [
        ("<*> sold in Oslo", pytest.approx(60_000, rel=0.15), "unknown"),
        ("<*> sold in Rome", pytest.approx(20_000, rel=0.15), "unknown"),
    ]
    assert sum(sum(each.counts) for each in found.patterns) == pytest.approx(80_000, rel=0.05)
    assert sum(each.services["shop"] for each in found.patterns) == pytest.approx(80_000, rel=0.05)


def test_the_engine_masks_as_python_does(store):
    """One expression, two engines of it, the same texts."""
    text = "a1 'b' \"c\" /d/3 ü7 0x1f http://e.f/g h@i.jk -4,5% don't 10:00:00.1+02:00 deadbeefdeadbeef \x01"

    found = store.query(f"SELECT replaceRegexpAll({{t:String}}, {{m:String}}, '{WILD}')", {"t": text, "m": MASKS})

    assert found.scalar() == re2.sub(MASKS, WILD, text)


def test_a_search_that_cannot_be_read_is_refused(store):
    """With its reason."""
    with pytest.raises(QueryInvalid, match="quote that opens here"):
        find_patterns(store, '"', RANGE)
