"""What every store sums up of requests and samples as they come in, on each kind of store."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.contract.test_store import line

from sightline.query.analyses.overview import overview
from sightline.query.metrics import RangeQuestion, metric_range
from sightline.query.timerange import NS_PER_S, TimeRange
from sightline.store.connect import Store


@pytest.fixture(scope="module")
def store(address: Callable[[Path], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Open one store for all tests: the engine allows one directory a process."""
    opened = Store.open(address(tmp_path_factory.mktemp("store")), memory_bytes=512 * 1024 * 1024)
    yield opened
    opened.close()


def request(name: str, duration: int, *, status: str = "Ok", time_ns: int | None = None) -> bytes:
    """Encode one span of kind Server."""
    attributes = {"http.route": f"/{name}", "http.response.status_code": 200}
    return line("span", name=name, span_kind="Server", duration=duration, status=status, attributes=attributes,
                time=time_ns or time.time_ns())  # fmt: skip


@pytest.mark.parametrize("table", ["request_minutes", "request_quarters", "request_hours"])
def test_requests_are_summed_up_once_for_their_token(store: Store, table: str):
    """A range that is sent again is neither counted twice by minute nor by hour."""
    lines = request(table, 5) + request(table, 7, status="Error") + line("span", name=table, span_kind="Client")

    for _ in range(3):
        store.insert_lines([lines], {}, table)

    found = store.query(
        f"SELECT Route, StatusCode, HttpStatus, sum(Requests) FROM {table} WHERE SpanName = '{table}' "
        "GROUP BY ALL ORDER BY StatusCode"
    )
    assert found.rows == [(f"/{table}", "Error", "200", 1), (f"/{table}", "Ok", "200", 1)]


@pytest.mark.parametrize("table", ["request_minutes", "request_quarters", "request_hours"])
def test_latencies_of_many_inserts_merge_to_right_percentiles(store: Store, table: str):
    """Percentiles over inserts and minutes lie within one per cent of those of the spans."""
    now_ns = time.time_ns()
    for part in range(4):
        lines = [request(f"p-{table}", (part + 4 * number + 1) * 10**6, time_ns=now_ns - part * 60 * 10**9)
                 for number in range(250)]  # fmt: skip
        store.insert_lines(lines, {}, f"p-{table}-{part}")

    (found,) = store.query(
        f"SELECT quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(Latency) FROM {table} WHERE SpanName = 'p-{table}'"
    ).rows[0]

    assert found == pytest.approx([500e6, 950e6, 990e6], rel=0.012)


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
