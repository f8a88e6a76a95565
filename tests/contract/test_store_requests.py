"""What every store sums up of requests and samples as they come in, on each kind of store."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.contract.test_store import line

from sightline.query.analyses.overview import overview
from sightline.query.metrics import RangeQuestion, metric_range
from sightline.query.request_sums import WIDTHS_S
from sightline.query.timerange import NS_PER_S, TimeRange
from sightline.store.connect import Store

GRANULE = 2048
"""Rows of ``otel_traces`` between two marks of its index."""


@pytest.fixture(scope="module")
def store(address: Callable[[Path], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Open one store for all tests: the engine allows one directory a process."""
    opened = Store.open(address(tmp_path_factory.mktemp("store")), memory_bytes=512 * 1024 * 1024)
    yield opened
    opened.close()


def request(name: str, duration: int, *, status: str = "Ok", time_ns: int | None = None) -> bytes:
    """Encode one span of kind Server."""
    attributes = {
        "http.route": f"/{name}", "http.request.method": "GET", "http.response.status_code": 200,
        "http.request.body.size": 3, "http.response.body.size": 11,
    }  # fmt: skip
    return line("span", name=name, span_kind="Server", duration=duration, status=status, attributes=attributes,
                time=time_ns or time.time_ns())  # fmt: skip


@pytest.mark.parametrize("seconds", WIDTHS_S)
def test_requests_are_summed_up_once_for_their_token(store: Store, seconds: int):
    """A range that is sent again is not counted twice, in whichever width: by endpoint, with all that is told of it."""
    name = f"once-{seconds}"
    lines = request(name, 5) + request(name, 7, status="Error") + line("span", name=name, span_kind="Client")

    for _ in range(3):
        store.insert_lines([lines], {}, name)

    found = store.query(
        "SELECT Route, Method, sum(Requests), sum(Errors), sum(Failed), sumMap(Statuses), sum(Nanoseconds), "
        "max(Longest), sum(RequestBytes), sum(ResponseBytes) FROM request_sums "
        f"WHERE SumOf = 'endpoint' AND Seconds = {seconds} AND SpanName = '{name}' GROUP BY ALL"
    )
    assert found.rows == [(f"/{name}", "GET", 2, 1, 1, {"200": 2}, 12, 7, 6, 22)]


@pytest.mark.parametrize("seconds", WIDTHS_S)
def test_latencies_of_many_inserts_merge_to_right_percentiles(store: Store, seconds: int):
    """Percentiles over inserts and minutes lie within one per cent of those of the spans."""
    now_ns, name = time.time_ns(), f"p-{seconds}"
    for part in range(4):
        lines = [request(name, (part + 4 * number + 1) * 10**6, time_ns=now_ns - part * 60 * 10**9)
                 for number in range(250)]  # fmt: skip
        store.insert_lines(lines, {}, f"{name}-{part}")

    (found,) = store.query(
        "SELECT quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(Latency) FROM request_sums "
        f"WHERE SumOf = 'endpoint' AND Seconds = {seconds} AND SpanName = '{name}'"
    ).rows[0]

    assert found == pytest.approx([500e6, 950e6, 990e6], rel=0.012)


def test_requests_of_a_service_are_summed_up_once_for_their_token(store: Store):
    """A range that is sent again is counted once in each width, whatever its endpoints."""
    at = time.time_ns() // (1800 * NS_PER_S) * 1800 * NS_PER_S - 1500 * NS_PER_S
    lines = [request(name, 10**6, status="Error", time_ns=at + 290 * NS_PER_S * number)
             for number, name in enumerate(("one", "two", "three"))]  # fmt: skip

    for _ in range(3):
        store.insert_lines(lines, {"b" * 16: {"service.name": "summed"}}, "service")

    found = store.query(
        "SELECT Seconds, toUnixTimestamp(Time), sum(Requests), sum(Errors), "
        "quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(Latency)[1] FROM request_sums "
        "WHERE SumOf = 'service' AND ServiceName = 'summed' AND Seconds IN (300, 1800) GROUP BY ALL ORDER BY 1, 2"
    )
    first_s, latency = at // NS_PER_S, pytest.approx(1e6, rel=0.01)
    assert found.rows == [
        (300, first_s, 2, 2, latency), (300, first_s + 300, 1, 1, latency), (1800, first_s - 300, 3, 3, latency),
    ]  # fmt: skip


@pytest.mark.parametrize("minutes", [20, 100, 190, 500, 1440])
def test_an_overview_tells_of_many_requests_what_their_spans_tell(store: Store, minutes: int):
    """Counts are those of the spans, percentiles right to one per cent, whichever sums a chart of this length takes."""
    service, end_ns = f"many-{minutes}", time.time_ns() - 7_123_456_789
    rng = random.Random(minutes)
    start_ns = end_ns - minutes * 60 * NS_PER_S
    spans = [(rng.randrange(start_ns - 10**11, end_ns + 10**9), int(rng.lognormvariate(16, 1))) for _ in range(4000)]
    lines = [request(f"e{at % 3}", took, time_ns=at) for at, took in spans]
    store.insert_lines([b"".join(lines)], {"b" * 16: {"service.name": service}}, service)

    found = overview(store, TimeRange(start_ns, end_ns), service)

    within = sorted(took / 1e6 for at, took in spans if start_ns <= at < end_ns)
    assert found.totals.requests == sum(count or 0 for _, count in found.series.requests) == len(within)
    assert sum(each.requests for each in found.endpoints) == len(within)
    assert found.totals.p95_ms == pytest.approx(within[int(0.95 * (len(within) - 1))], rel=0.011)


def test_requests_just_before_a_minute_are_counted(store: Store):
    """Requests are all counted where a mark of the index lies less than half a second before a whole minute."""
    minute_ns, step_ns = time.time_ns() // (3600 * NS_PER_S) * 3600 * NS_PER_S - 3600 * NS_PER_S, 2_500_000
    mark_ns = minute_ns - 200_000_000
    moments = [mark_ns + number * step_ns for number in range(-2 * GRANULE, GRANULE)]
    lines = b"".join(request("fast", 10**6, time_ns=at) for at in moments)
    store.insert_lines([lines], {"b" * 16: {"service.name": "fast"}}, "fast")
    start_ns = minute_ns - 4_001_234_567

    found = overview(store, TimeRange(start_ns, minute_ns + 3600 * NS_PER_S), "fast").totals

    expected = sum(at >= start_ns for at in moments)
    assert (found.requests, found.spans) == (expected, expected)


@pytest.mark.parametrize("hours", [0.25, 3, 60, 20 * 24])
def test_an_overview_counts_each_request_once_at_any_edge(store: Store, hours: float):
    """Ranges that begin and end within a minute count what lies in them, from sums and from spans alike."""
    end_ns = time.time_ns() // (3600 * NS_PER_S) * 3600 * NS_PER_S - 77_500_000_000
    start_ns = end_ns - int(hours * 3600 * NS_PER_S)
    moments = [start_ns - 1, start_ns, start_ns + 40 * NS_PER_S, (start_ns + end_ns) // 2, end_ns - 1, end_ns]
    lines = [request("edge", 5_000_000, time_ns=at) for at in moments]
    store.insert_lines(lines, {"b" * 16: {"service.name": f"edge-{hours}"}}, f"edge-{hours}")

    found = overview(store, TimeRange(start_ns, end_ns), f"edge-{hours}")

    assert found.totals.requests == 4
    assert sum(count or 0 for _, count in found.series.requests) == 4
    assert [(each.endpoint, each.requests, each.p50_ms) for each in found.endpoints] == [
        ("edge", 4, pytest.approx(5, rel=0.01))
    ]


def test_a_sample_that_is_sent_again_counts_once(store: Store):
    """The same series at the same moment is one sample, before anything was merged."""
    at = time.time_ns() // 10**9 * 10**9
    sample = {"name": "again", "attributes": {"le": "1"}, "value": 3}
    for part, value in enumerate((3, 3, 4)):
        again = line("metric", name="again", type="gauge", time=at, samples=[{**sample, "value": value}])
        store.insert_lines([again], {}, f"again-{part}")

    found = metric_range(store, RangeQuestion("again", TimeRange(at, at + NS_PER_S), aggregate="sum", step_s=1))

    assert [value for _, value in found.series[0].points] == [4]
