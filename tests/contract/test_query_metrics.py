"""Metrics over time, and the overview, from samples whose answers are known."""

import math
from collections.abc import Iterator

import pytest
from tests.support.records import NS, SERVICE, gauge, log, now_ns, span

from sightline.base.errors import QueryInvalid
from sightline.query.analyses.overview import overview
from sightline.query.metrics import RangeQuestion, bucket_quantile, list_metrics, metric_range, parse_step
from sightline.query.processes import list_processes
from sightline.query.services import list_services
from sightline.query.timerange import TimeRange
from sightline.store.connect import Store

END = now_ns() // (60 * NS) * 60 * NS
RANGE = TimeRange(END - 600 * NS, END)


def lines() -> bytes:
    """Write ten minutes: a counter that restarts once, gauges, a histogram, requests and logs."""
    found = []
    for second in range(-600, 0, 15):
        at = END + second * NS
        grown = (second + 600) / 15 * 30 if second < -300 else (second + 300) / 15 * 30
        found.append(gauge("orders_total", grown, at, kind="counter", endpoint="/a", method="GET"))
        found.append(gauge("orders_total", 2 * grown, at, kind="counter", endpoint="/b", method="GET"))
        found.append(gauge("system_cpu_percent", 40 if second < -300 else 60, at))
        found.append(gauge("system_memory_used_bytes", 1e9, at))
        for bound, share in (("0.1", 0.5), ("0.5", 0.9), ("+Inf", 1.0)):
            found.append(gauge("wait_seconds_bucket", (second + 600) * share, at, kind="histogram", le=bound))
        for bound, share in (("1", 0.5), ("1.0", 0.3), ("2", 0.5), ("2.0", 0.5), ("much", 9.0)):
            found.append(gauge("load_seconds_bucket", (second + 600) * share, at, kind="histogram", le=bound))
        for n, status in enumerate(("", "", "", "Error")):
            identity = f"{second + 600:04d}{n:012d}"
            found.append(
                span(
                    "GET /a",
                    at + n,
                    trace=identity * 2,
                    span=identity,
                    span_kind="Server",
                    status=status,
                    duration_ms=10,
                )
            )
        found.append(span("SELECT", at, trace="c" * 32, span="c" * 16, span_kind="Client"))
        found.append(log("done", at, level="ERROR", severity=17))
    return b"".join(found)


@pytest.fixture(scope="module")
def store(address, tmp_path_factory) -> Iterator[Store]:
    """Open a store that holds the samples."""
    store = Store.open(address(tmp_path_factory.mktemp("metrics")), memory_bytes=512 * 1024 * 1024)
    store.insert_lines([lines()], {"a" * 16: SERVICE}, "one")
    yield store
    store.close()


def values(found):
    """Give the points' values without the first, whose step has no sample before it."""
    return [value for _, value in found.series[0].points][1:]


def test_a_counter_is_a_rate_that_survives_a_restart(store):
    """A counter's rate is its growth per second; starting anew at zero is no fall."""
    found = metric_range(store, RangeQuestion("orders_total", RANGE, step_s=60, labels={"endpoint": "/a"}))

    assert found.aggregate == "rate"
    assert [round(value, 6) for value in values(found)] == pytest.approx([2.0] * 4 + [1.5] + [2.0] * 4)


def test_labels_keep_series_apart(store):
    """``by`` gives a series for each value of a label; without it they are one."""
    apart = metric_range(store, RangeQuestion("orders_total", RANGE, step_s=60, by=["endpoint", "service"]))
    together = metric_range(store, RangeQuestion("orders_total", RANGE, step_s=60))

    assert [one.labels for one in apart.series] == [
        {"endpoint": "/a", "service": "shop"},
        {"endpoint": "/b", "service": "shop"},
    ]
    assert values(together)[0] == pytest.approx(6.0)


def test_of_too_many_series_the_first_are_given_whole(store):
    """An answer has two hundred lines, each with all its points, and says that there were more."""
    at = [END - 90 * NS, END - 30 * NS]
    lines = b"".join(gauge("pods_ready", 1, time_ns, pod=f"pod-{n:03}") for n in range(205) for time_ns in at)
    store.insert_lines([lines], {"a" * 16: SERVICE}, "pods")

    found = metric_range(store, RangeQuestion("pods_ready", TimeRange(END - 120 * NS, END), step_s=60, by=["pod"]))

    assert ([one.labels["pod"] for one in found.series], found.truncated) == ([f"pod-{n:03}" for n in range(200)], True)
    assert {tuple(value for _, value in one.points) for one in found.series} == {(1, 1)}


def test_a_gauge_is_an_average(store):
    """A gauge's point is the average of its samples, and max and min are what they say."""
    found = metric_range(store, RangeQuestion("system_cpu_percent", RANGE, step_s=60))
    lowest = metric_range(store, RangeQuestion("system_cpu_percent", RANGE, step_s=60, aggregate="min"))

    assert found.aggregate == "avg"
    assert [value for _, value in found.series[0].points] == [40.0] * 5 + [60.0] * 5
    assert lowest.series[0].points == found.series[0].points


def test_percentiles_come_from_a_histogram(store):
    """A percentile is asked of the family and is linear within its bucket."""
    found = metric_range(store, RangeQuestion("wait_seconds", RANGE, step_s=60, aggregate="p50"))

    assert values(found) == pytest.approx([0.1] * 9)


def test_a_bound_is_one_however_it_is_written(store):
    """Clients write 1 and 1.0 for the same bound: what they counted is one bucket. What is no number is none."""
    found = metric_range(store, RangeQuestion("load_seconds", RANGE, step_s=60, aggregate="p90"))

    assert values(found) == pytest.approx([1.5] * 9)


@pytest.mark.parametrize(
    ("share", "buckets", "expected"),
    [
        (0.5, [(1.0, 10), (2.0, 20), (math.inf, 20)], 1.0),
        (0.75, [(1.0, 10), (2.0, 20), (math.inf, 20)], 1.5),
        (0.25, [(1.0, 10), (2.0, 20), (math.inf, 20)], 0.5),
        (0.99, [(1.0, 10), (math.inf, 20)], 1.0),
        (0.5, [(1.0, 0), (math.inf, 0)], None),
        (0.5, [], None),
    ],
)
def test_a_quantile_of_buckets_is_prometheus_own(share, buckets, expected):
    """Within a bucket it is linear; in the last one its lower bound; of nothing there is none."""
    assert bucket_quantile(share, buckets) == expected


def test_too_many_points_are_refused(store):
    """A step that is too small for the range is an error that says how many points there would be."""
    with pytest.raises(QueryInvalid, match="gives 8640. points; at most 2000"):
        metric_range(store, RangeQuestion("x", TimeRange(END - 86400 * NS, END), step_s=1))


@pytest.mark.parametrize(("text", "seconds"), [("15", 15), ("30s", 30), ("5m", 300), ("1h", 3600)])
def test_a_step_is_read(text, seconds):
    """A step is a number of seconds, or has its unit."""
    assert parse_step(text) == seconds


@pytest.mark.parametrize("text", ["0", "", "-5", "5x", "1.5", "9999999"])
def test_a_wrong_step_is_refused(text):
    """What is no step is an error that says what one is."""
    with pytest.raises(QueryInvalid, match="is no step"):
        parse_step(text)


def test_metrics_are_listed_by_family(store):
    """A list of metrics has each with its type and the number of its series, and can be narrowed."""
    found = {metric.name: (metric.type, metric.series) for metric in list_metrics(store).metrics}

    assert found["orders_total"] == ("counter", 2)
    assert [metric.name for metric in list_metrics(store, "system_").metrics] == [
        "system_cpu_percent",
        "system_memory_used_bytes",
    ]


def test_lists_go_on_with_their_cursor(store):
    """Pages of one lead through all names, each once, and the last one says that it is."""
    names, cursor = [], None
    while not names or cursor:
        page = list_metrics(store, limit=1, cursor=cursor)
        names, cursor = names + [metric.name for metric in page.metrics], page.next_cursor

    assert names == [metric.name for metric in list_metrics(store).metrics]
    assert list_services(store, RANGE, limit=1).next_cursor is None
    with pytest.raises(QueryInvalid, match="The cursor is not one of this list's"):
        list_services(store, RANGE, cursor="WzFd")


def test_the_overview_adds_up(store):
    """Requests are the spans of kind Server; totals, steps and endpoints tell the same."""
    found = overview(store, RANGE)

    totals = found.totals
    assert (totals.requests, totals.errors, totals.error_rate) == (160, 40, 0.25)
    assert (totals.logs, totals.errors_logged, totals.spans) == (40, 40, 200)
    assert (totals.p50_ms, totals.p99_ms) == pytest.approx((10.0, 10.0), rel=0.01)
    assert sum(count for _, count in found.series.requests) == 160
    assert sum(count for _, count in found.series.errors) == 40
    assert [(one.service, one.endpoint, one.requests, one.error_rate) for one in found.endpoints] == [
        ("shop", "GET /a", 160, 0.25)
    ]
    assert found.services == ["shop"]
    assert (found.current.cpu_percent, found.current.memory_used_bytes, found.current.load1) == (60, 1e9, None)
    assert {value for _, value in found.series.cpu_percent} <= {40, 60, None}


def test_the_overview_of_another_service_is_empty(store):
    """A service without records has nulls where there is nothing to measure, and no figures of others."""
    found = overview(store, RANGE, "nobody")

    assert (found.totals.requests, found.totals.spans, found.totals.logs) == (0, 0, 0)
    assert found.totals.p95_ms is None
    assert (found.endpoints, found.current.cpu_percent) == ([], None)


def test_services_are_listed(store):
    """A service has its spans and logs in the range, and when it was last seen."""
    (found,) = list_services(store, RANGE).services

    assert (found.name, found.spans, found.logs) == ("shop", 200, 40)
    assert found.last_seen > "2026"


def test_processes_are_listed_while_they_send(store):
    """A process is alive while its metrics come in, listed for a day after, and then forgotten."""
    (now,) = list_processes(store, END, {})
    (later,) = list_processes(store, END + 3600 * NS, {})

    assert (now.instance, now.pid, now.service, now.host, now.alive) == ("a" * 16, 42, "shop", "h1", True)
    assert not later.alive
    assert list_processes(store, END + 2 * 86400 * NS, {}) == []


def test_no_figure_is_an_infinity(store):
    """Figures are numbers or null: JSON has nothing else."""
    found = overview(store, RANGE)

    assert all(math.isfinite(value) for _, value in found.series.p95_ms if value is not None)
