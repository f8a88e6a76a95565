"""Machine and requests as monitoring clients ask for them."""

from collections.abc import Iterator

import pytest
from tests.support.records import NS, SERVICE, gauge, now_ns, span

from sightline.query.endpoints import endpoints
from sightline.query.monitoring import api_rows, last_measured_ns, summary, system_rows, trends
from sightline.query.timerange import TimeRange
from sightline.store.connect import Store

NOW = now_ns()
HOUR = TimeRange(NOW - 3600 * NS, NOW)


STALE = """
    INSERT INTO metric_points (MetricName, MetricFamily, ServiceName, ResourceAttributes, Timestamp, Value)
    SELECT arrayJoin({names:Array(String)}) AS name, name, 'shop', {resource:Map(String, String)},
        toDateTime64({at:Int64}, 3), nan
"""
"""What Prometheus sends when an application cannot be asked."""


def machine() -> bytes:
    """Write a machine whose CPU goes up from minute to minute."""
    found = b""
    for minute in range(50):
        at = NOW - (55 - minute) * 60 * NS
        found += gauge("system_cpu_percent", 10 + minute, at) + gauge("system_memory_percent", 40 + minute % 2, at)
        found += gauge("system_disk_percent", 50, at) + gauge("system_connections", 7, at)
        found += gauge("system_network_sent_bytes_total", 1000 * minute, at, kind="counter")
        found += gauge("system_network_received_bytes_total", 2000 * minute, at, kind="counter")
    return found


def requests() -> bytes:
    """Write requests of which a third fail."""
    found = b""
    for number in range(30):
        about = {
            "http.request.method": "GET", "http.route": f"/{number % 2}", "http.response.body.size": number,
            "http.response.status_code": 404 if number % 3 == 0 else 200,
        }  # fmt: skip
        found += span(
            f"GET /{number % 2}", NOW - (number * 60 + 61) * NS, trace=f"{number:032x}", span=f"{number:016x}",
            span_kind="Server", duration_ms=number + 1, attributes=about,
        )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def store(address, tmp_path_factory) -> Iterator[Store]:
    """Open a store that holds the records, those of the machine twice, as after a lost answer, and with their end."""
    store = Store.open(address(tmp_path_factory.mktemp("monitoring")), memory_bytes=512 * 1024 * 1024)
    for token, lines in (("one", machine() + requests()), ("two", machine())):
        store.insert_lines([lines], {"a" * 16: SERVICE}, token)
    names = [name for (name,) in store.query("SELECT DISTINCT MetricName FROM metric_series").rows]
    stale = {"names": names, "resource": SERVICE, "at": NOW // NS - 450}
    store.query(STALE, stale, readonly=False)
    yield store
    store.close()


def test_a_measurement_is_one_row(store):
    """The samples of one measurement stand beside each other, measurements in the order of time."""
    rows = system_rows(store, HOUR)

    assert len(rows) == 50
    assert [row.cpu_percent for row in rows] == list(range(10, 60))
    last = rows[-1]
    assert (last.memory_percent, last.disk_usage_percent, last.active_connections) == (41, 50, 7)
    assert (last.network_bytes_sent, last.network_bytes_recv) == (49_000, 98_000)


def test_a_request_is_one_row(store):
    """Each request has its endpoint, status, time and sizes, oldest first; from 400 on it is an error."""
    rows = api_rows(store, HOUR)

    assert len(rows) == 30
    assert rows[-1].response_time_ms == 1
    assert (rows[-2].endpoint, rows[-2].method, rows[-2].status_code, rows[-2].error_count) == ("/1", "GET", 200, 0)
    assert (rows[-4].status_code, rows[-4].error_count, rows[-4].response_size_bytes) == (404, 1, 3)


def test_a_summary_counts_all_that_the_rows_show(store):
    """Sums agree with the rows one by one, whether they come from minutes or from spans."""
    found = summary(store, 24, NOW)

    assert (found.time_period_hours, found.system.data_points) == (24, 50)
    assert (found.system.avg_cpu_percent, found.system.max_cpu_percent) == (34.5, 59)
    assert (found.system.avg_memory_percent, found.system.avg_disk_percent) == (40.5, 50)
    assert (found.api.total_requests, found.api.error_count, found.api.unique_endpoints) == (30, 10, 2)
    assert (found.api.avg_response_time_ms, found.api.max_response_time_ms) == (15.5, 30)
    assert found.api.error_rate_percent == pytest.approx(33.333)


def test_trends_tell_what_rises_from_what_wavers(store):
    """CPU goes up by fifty points in the hour, memory wavers by one."""
    found = trends(store, NOW)

    assert (found.cpu_trend, found.memory_trend) == ("increasing", "stable")
    assert (found.avg_cpu_last_hour, found.avg_memory_last_hour) == (34.5, 40.5)
    assert last_measured_ns(store) == NOW - 6 * 60 * NS


def test_endpoints_come_with_rate_times_and_errors(store):
    """The busiest endpoint is first; percentiles are right to one per cent."""
    found = endpoints(store, HOUR).endpoints

    assert [(one.method, one.endpoint, one.requests, one.errors) for one in found] == [
        ("GET", "/0", 15, 5), ("GET", "/1", 15, 5),
    ]  # fmt: skip
    assert found[0].mean_ms == 15
    assert found[0].requests_per_minute == 0.25
    assert (found[0].p50_ms, found[0].max_ms) == (pytest.approx(15, rel=0.02), 29)


@pytest.mark.parametrize("seconds", [45, 700, 1800])
def test_endpoints_of_any_range_are_those_of_its_spans(store, seconds):
    """Whatever lies within minutes at the edges, counts, times and sizes are right to the request."""
    range_ = TimeRange(NOW - (seconds + 37) * NS, NOW - 37 * NS)

    found = endpoints(store, range_).endpoints

    within = [number for number in range(30) if range_.start_ns <= NOW - (number * 60 + 61) * NS < range_.end_ns]
    assert sum(one.requests for one in found) == len(within)
    assert sum(one.errors for one in found) == sum(number % 3 == 0 for number in within)
    assert sum(one.response_bytes for one in found) == sum(within)
    assert sum(one.mean_ms * one.requests for one in found) == pytest.approx(sum(number + 1 for number in within))


def test_a_time_without_records_has_zeros(store):
    """Where nothing was recorded, figures are zero, lists empty and trends stable."""
    before = NOW - 7 * 24 * 3600 * NS
    range_ = TimeRange(before - NS, before)

    found, ways = summary(store, 1, before), trends(store, before)

    assert (found.system.data_points, found.api.total_requests, found.api.error_rate_percent) == (0, 0, 0)
    assert (ways.cpu_trend, ways.memory_trend, ways.avg_cpu_last_hour) == ("stable", "stable", 0)
    assert (system_rows(store, range_), api_rows(store, range_), endpoints(store, range_).endpoints) == ([], [], [])
