"""What tells some records from the others, where it is known what does."""

import random
from collections.abc import Iterator

import pytest
from tests.support.records import NS, SERVICE, now_ns, span

from sightline.base.errors import QueryInvalid
from sightline.query.analyses.compare import OTHERS, SAMPLE, compare
from sightline.query.search import TRACES
from sightline.query.timerange import TimeRange
from sightline.store.connect import Store

NOW = now_ns()
RANGE = TimeRange(NOW - 3600 * NS, NOW + NS)


def lines() -> bytes:
    """Write 2,000 requests, of which those of one tenant with a cold cache are slow; everything else is chance."""
    chance = random.Random(7)
    found = []
    for n in range(2000):
        tenant, cache = chance.choice("abcdefgh"), chance.choice(["hit", "miss"])
        slow = tenant == "c" and cache == "miss"
        attributes = {
            "tenant": tenant,
            "tenant.name": f"tenant {tenant}",
            "cache": cache,
            "colour": chance.choice(["red", "green"]),
            "request_id": f"r{n}",
        }
        found.append(
            span(
                "GET /",
                NOW - n * NS,
                trace=f"{n:032x}",
                span=f"{n:016x}",
                span_kind="Server",
                duration_ms=900 if slow else 20,
                attributes=attributes,
            )
        )
    return b"".join(found)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Store]:
    """Open a store that holds the requests."""
    store = Store.open(f"chdb://{tmp_path_factory.mktemp('compare')}/store")
    store.insert_lines([lines()], {"a" * 16: SERVICE}, "one")
    yield store
    store.close()


def test_what_slow_requests_have_in_common_comes_first(store):
    """The tenant ranks above the cache, what repeats the tenant is left out, and chance is not mentioned."""
    found = compare(store, TRACES, "duration:>500ms", RANGE)

    assert [(each.field, each.value) for each in found.differences[:1]] in (
        [("tenant", "c")],
        [("tenant.name", "tenant c")],
    )
    assert found.differences[0].selected_share == 1.0
    assert {"cache"} < {each.field for each in found.differences}
    assert not {"colour", "request_id"} & {each.field for each in found.differences}


def test_the_selection_itself_is_no_finding(store):
    """A field by which the records were selected is left out."""
    found = compare(store, TRACES, "tenant:c cache:miss", RANGE)

    assert not {"tenant", "cache"} & {each.field for each in found.differences}


def test_both_sides_are_taken_from_what_matches(store):
    """With a search for both, only its records are compared."""
    found = compare(store, TRACES, "duration:>500ms", RANGE, among="tenant:c")

    assert [(each.field, each.value) for each in found.differences[:2]] == [("cache", "hit"), ("cache", "miss")]


def test_with_nothing_on_one_side_nothing_is_compared(store):
    """A selection of nothing, or of everything, has no differences."""
    assert compare(store, TRACES, "duration:>1h", RANGE).differences == []
    assert compare(store, TRACES, "", RANGE).differences == []


def test_a_search_that_cannot_be_read_is_refused(store):
    """Both searches are read before anything is asked."""
    with pytest.raises(QueryInvalid):
        compare(store, TRACES, "status:maybe", RANGE)


MANY = """
    INSERT INTO otel_traces (Timestamp, TraceId, SpanId, SpanName, ServiceName, StatusCode, SpanAttributes)
    SELECT fromUnixTimestamp64Nano({at:Int64} + number * 1000000), hex(intDiv(number, 20)), hex(number), 'GET /',
        'shop', if(number % 41 = 0, 'Error', 'Unset'), map('zone', if(number % 82 = 0, 'east', 'west'), 'user',
        toString(intDiv(number, 20) % 50)) FROM numbers(60000)
"""


def test_of_many_some_that_lie_all_over_the_time_are_compared(store):
    """The newest of the selected are, with others of the same time and not only of the last requests."""
    start_ns = NOW - 86_400 * NS
    store.query(MANY, {"at": start_ns}, readonly=False)

    found = compare(store, TRACES, "status:error", TimeRange(start_ns, start_ns + 60 * NS))

    assert (found.sampled, found.selected) == (True, SAMPLE)
    assert found.others == pytest.approx(OTHERS, rel=0.2)
    assert [each.field for each in found.differences if each.score > 0.1] == ["zone", "zone"]
    assert found.differences[0].selected_share == pytest.approx(0.5, abs=0.01)
