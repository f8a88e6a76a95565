"""A trace is found by its id alone, with its logs, however long it took and whenever it came in."""

from collections.abc import Iterator

import pytest
from tests.support.records import NS, log, now_ns, span

from sightline.query.span_pages import page_spans
from sightline.query.timerange import TimeRange
from sightline.query.traces import SPANS_A_TRACE, read_trace, search_traces
from sightline.store.connect import Store

HOUR = 3600 * NS
NOW = now_ns()


@pytest.fixture(scope="module")
def store(address, tmp_path_factory) -> Iterator[Store]:
    """Open a store for all tests here."""
    store = Store.open(address(tmp_path_factory.mktemp("times")), memory_bytes=512 * 1024 * 1024)
    yield store
    store.close()


def put(store: Store, trace: str, *spans_ns: int, logs_ns: tuple[int, ...] = (), duration_ms: float = 1.0) -> None:
    """Store spans and logs of a trace, each in an insert of its own."""
    lines = [
        span("step", at, trace=trace, span=f"{number:016x}", duration_ms=duration_ms)
        for number, at in enumerate(spans_ns)
    ]
    lines += [log(f"log {number}", at, trace=trace) for number, at in enumerate(logs_ns)]
    for number, one in enumerate(lines):
        store.insert_lines([one], {}, f"{trace}-{number}")


def test_a_trace_of_days_is_whole_in_either_way(store):
    """Spans days apart, which came in apart, are all of the trace, in its pages too, and so are the logs between."""
    trace, times = "1" * 32, (NOW - 60 * HOUR, NOW - 30 * HOUR, NOW)
    put(store, trace, *times, logs_ns=(NOW - 45 * HOUR,))

    found, pages = read_trace(store, trace), page_spans(store, trace)

    assert [each.offset_ms for each in found.spans] == [0, 30 * 3.6e6, 60 * 3.6e6]
    assert [each.body for each in found.logs] == ["log 0"]
    assert pages.spans == found.spans


@pytest.mark.parametrize("hours", [0, 1, 5])
def test_logs_are_found_until_an_hour_after_the_last_span_ended(store, hours):
    """How long a span lasts makes no difference, even where it is longer than what is looked through at first."""
    trace, start = f"2{hours}" * 16, NOW - 12 * HOUR
    end = start + hours * HOUR
    put(store, trace, start, duration_ms=hours * 3.6e6, logs_ns=(start - HOUR + NS, end + HOUR - NS, end + 4 * HOUR))

    assert [each.body for each in read_trace(store, trace).logs] == ["log 0", "log 1"]


def test_a_trace_without_minutes_is_looked_for_everywhere(store):
    """Minutes that are gone, or not there yet, hide no trace."""
    trace = "3" * 32
    put(store, trace, NOW - HOUR, NOW, logs_ns=(NOW,))
    name = "".join(store.local("trace_minutes"))
    store.query(f"ALTER TABLE {name} DELETE WHERE 1 SETTINGS mutations_sync = 2", readonly=False)

    found = read_trace(store, trace)

    assert (len(found.spans), len(found.logs)) == (2, 1)
    assert page_spans(store, trace).spans == found.spans


def test_a_trace_that_was_never_there_is_none(store):
    """An id that nothing has gives nothing, in either way."""
    assert read_trace(store, "4" * 32) is None
    assert page_spans(store, "4" * 32) is None


@pytest.mark.parametrize("many", [1, SPANS_A_TRACE, 3 * SPANS_A_TRACE])
@pytest.mark.parametrize("apart_ns", [0, 1000])
def test_a_list_has_each_trace_once_however_many_spans_it_has(store, many, apart_ns):
    """Traces of many spans, also of one moment, stand in a list by their newest span, then by their ids."""
    service, start = {"a" * 16: {"service.name": f"list-{many}-{apart_ns}"}}, NOW - 20 * HOUR
    ids = [f"{number}{many:02}{apart_ns:04}".ljust(32, "a") for number in range(5)]
    lines = [span("step", start + number // 2 * NS + part * apart_ns, trace=trace, span=f"{part:016x}")
             for number, trace in enumerate(ids) for part in range(many)]  # fmt: skip
    store.insert_lines(lines, service, f"list-{many}-{apart_ns}")

    found, cursor = [], None
    while not found or cursor:
        page = search_traces(store, f"service:list-{many}-{apart_ns}", TimeRange(0, NOW), limit=2, cursor=cursor)
        found += page.traces
        cursor = page.next_cursor

    assert [each.trace_id for each in found] == ids[::-1]
    assert {each.span_count for each in found} == {many}
