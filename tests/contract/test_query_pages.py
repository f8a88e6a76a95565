"""Pages of logs and traces: nothing twice, nothing left out, in order, also when times are equal."""

from collections.abc import Iterator

import pytest
from tests.support.records import NS, SERVICE, log, now_ns, span

from sightline.base.errors import QueryInvalid
from sightline.query.logs import count_logs, search_logs
from sightline.query.timerange import TimeRange
from sightline.query.traces import read_trace, search_traces
from sightline.store.connect import Store

NOW = now_ns()
RANGE = TimeRange(NOW - 3600 * NS, NOW + NS)
LOGS = 150
TRACES = 40


def lines() -> bytes:
    """Write logs of which many share a time and some are wholly equal, and traces of three spans that overlap."""
    logs = [
        log(f"record {index % 120}", NOW - index // 20 * NS, attributes={"n": index % 120}) for index in range(LOGS)
    ]
    spans = [
        span(
            f"span {part}",
            NOW - (trace // 3 + part * 7) * NS,
            trace=f"{trace:032x}",
            span=f"{trace:08x}{part:08x}",
            parent="" if part == 2 else "f" * 16,
            status="Error" if part == 1 else "",
            duration_ms=5,
        )
        for trace in range(TRACES)
        for part in range(3)
    ]
    return b"".join(logs + spans)


@pytest.fixture(scope="module")
def store(address, tmp_path_factory) -> Iterator[Store]:
    """Open a store that holds the records."""
    store = Store.open(address(tmp_path_factory.mktemp("pages")), memory_bytes=512 * 1024 * 1024)
    store.insert_lines([lines()], {"a" * 16: SERVICE}, "one")
    yield store
    store.close()


def all_logs(store, query, order, limit):
    """Go through all pages of logs."""
    cursor, found = None, []
    while True:
        page = search_logs(store, query, RANGE, limit=limit, cursor=cursor, order=order)
        found += page.records
        cursor = page.next_cursor
        if cursor is None:
            return found
        assert len(page.records) == limit


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 7, 40, 150, 1000])
def test_pages_of_logs_hold_each_record_once(store, order, limit):
    """All pages together are the records, in the order of their times, whatever the size of a page."""
    found = all_logs(store, "-service:late", order, limit)

    times = [record.timestamp for record in found]
    assert times == sorted(times, reverse=order == "desc")
    assert sorted(record.body for record in found) == sorted(f"record {index % 120}" for index in range(LOGS))


def test_pages_keep_the_same_order(store):
    """Records of one time come in the same order in pages of any size."""
    small, large = (all_logs(store, "-service:late", "desc", size) for size in (3, 150))

    assert [one.id for one in small] == [one.id for one in large]


def test_pages_of_a_search_hold_what_it_finds(store):
    """A search is paged as everything is."""
    assert len(all_logs(store, "n:>=110", "desc", 3)) == 10


def test_records_that_come_later_do_not_move_a_page(store):
    """The second page stays what it was when newer records come in between."""
    first = search_logs(store, "-service:late", RANGE, limit=50)
    before = search_logs(store, "-service:late", RANGE, limit=50, cursor=first.next_cursor)
    store.insert_lines([log("late", NOW + NS // 2)], {"a" * 16: {"service.name": "late"}}, "late")

    after = search_logs(store, "-service:late", RANGE, limit=50, cursor=first.next_cursor)

    assert [record.id for record in after.records] == [record.id for record in before.records]


@pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMl0=x", "é", "A" * 600, "WyJhIiwxXQ"])
def test_a_foreign_cursor_is_refused(store, cursor):
    """What is no cursor of ours is an error that says so."""
    with pytest.raises(QueryInvalid, match="The cursor is not one of this list's"):
        search_logs(store, "", RANGE, cursor=cursor)


@pytest.mark.parametrize("query", ["", "status:error", "span"])
@pytest.mark.parametrize("limit", [1, 7, 40, 200])
def test_pages_of_traces_hold_each_trace_once(store, query, limit):
    """All pages together are the traces, each once, though its spans are scattered among those of others."""
    cursor, found = None, []
    while True:
        page = search_traces(store, query, RANGE, limit=limit, cursor=cursor)
        found += page.traces
        cursor = page.next_cursor
        if cursor is None:
            break

    assert len(found) == TRACES
    assert {trace.trace_id for trace in found} == {f"{trace:032x}" for trace in range(TRACES)}
    assert {(trace.span_count, trace.error_count, trace.root_name) for trace in found} == {(3, 1, "span 2")}


def test_a_trace_is_whole_and_in_order(store):
    """A trace has all its spans by their start, and the times are counted from the first one."""
    trace = read_trace(store, f"{5:032X}")

    assert [span.name for span in trace.spans] == ["span 2", "span 1", "span 0"]
    assert [span.offset_ms for span in trace.spans] == [0.0, 7000.0, 14000.0]
    assert (trace.duration_ms, trace.services, trace.truncated) == (14005.0, ["shop"], False)


def test_a_trace_that_is_not_there_is_none(store):
    """An id without spans gives nothing."""
    assert read_trace(store, "e" * 32) is None


def test_the_histogram_counts_every_log_once(store):
    """The steps of a histogram have no gaps, and together they count what the search finds."""
    found = count_logs(store, "-service:late", RANGE, buckets=100)

    assert found.total == sum(bucket.count for bucket in found.buckets) == LOGS
    assert found.step_seconds == 60
    assert len(found.buckets) in {61, 62}
    assert {name for bucket in found.buckets for name in bucket.levels} == {"INFO"}
