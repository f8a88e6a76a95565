"""What a store sums up of records that it had before it could."""

import time
from pathlib import Path

import pytest
from tests.contract.test_store import line

from sightline.query.analyses.overview import overview
from sightline.query.endpoints import endpoints
from sightline.query.errors import list_fingerprints
from sightline.query.timerange import NS_PER_S, TimeRange
from sightline.query.trace_times import spans_begun
from sightline.store.connect import Store

BEFORE_SUMS = 13
"""The last migration of a store whose requests were summed up in four tables."""

BEFORE_QUARTERS = 6
"""The last migration of a store without quarters of an hour, a table of errors and the minutes of traces."""


def test_an_older_store_counts_what_it_has_when_it_is_opened(tmp_path: Path):
    """Requests and errors from before an upgrade are in the overview and among the issues, once."""
    url, now_ns = f"chdb://{tmp_path / 'store'}", time.time_ns()
    failed = {"exception.type": "KeyError", "error.fingerprint": "old"}
    lines = line("span", name="old", span_kind="Server", duration=5, time=now_ns - 9 * 3600 * NS_PER_S)
    lines += line("log", severity=17, level="ERROR", attributes=failed, time=now_ns - NS_PER_S)
    old = Store.open(url, memory_bytes=512 * 1024 * 1024, upto=BEFORE_QUARTERS)
    old.insert_lines([lines], {}, "old")
    old.close()

    store = Store.open(url, memory_bytes=512 * 1024 * 1024)
    day = TimeRange(now_ns - 24 * 3600 * NS_PER_S, now_ns)
    requests, errors = overview(store, day).totals.requests, list_fingerprints(store, "", day, "count")
    store.close()

    assert requests == 1
    assert [name for name, *_ in errors] == ["old"]


def test_requests_summed_up_before_are_taken_over(tmp_path: Path):
    """Counts, errors and percentiles are what they were; the method is told by the name, the mean by the sketch."""
    url, now_ns = f"chdb://{tmp_path / 'store'}", time.time_ns()
    about = {"http.route": "/old", "http.request.method": "POST"}
    old = Store.open(url, memory_bytes=512 * 1024 * 1024, upto=BEFORE_SUMS)
    for hour in range(20):
        lines = [line("span", name="POST /old", span_kind="Server", status="Error", attributes=about,
                      duration=(number + 1) * 10**6, time=now_ns - (hour * 3600 + number) * NS_PER_S)
                 for number in range(100)]  # fmt: skip
        old.insert_lines(lines, {}, f"old-{hour}")
    old.close()

    store = Store.open(url, memory_bytes=512 * 1024 * 1024)
    day = TimeRange(now_ns - 24 * 3600 * NS_PER_S, now_ns + NS_PER_S)
    (found,), totals = endpoints(store, day).endpoints, overview(store, day).totals
    left = store.query("SELECT name FROM system.tables WHERE name LIKE 'request%' OR name LIKE '%requests' ORDER BY 1")
    store.close()

    assert (found.method, found.endpoint, found.requests, found.errors) == ("POST", "/old", 2000, 2000)
    assert (totals.requests, totals.errors) == (2000, 2000)
    assert (found.p95_ms, found.max_ms) == (pytest.approx(95, rel=0.02), pytest.approx(100, rel=0.02))
    assert found.mean_ms == pytest.approx(50.5, rel=0.05)
    assert left.rows == [("otel_traces_requests",), ("request_sums",)]


def test_an_older_store_finds_its_traces_by_their_minutes(tmp_path: Path):
    """Spans from before an upgrade are where the minutes of their trace say, as are those that come in afterwards."""
    url, now_ns, trace = f"chdb://{tmp_path / 'store'}", time.time_ns(), "7" * 32
    old = Store.open(url, memory_bytes=512 * 1024 * 1024, upto=BEFORE_QUARTERS)
    old.insert_lines([line("span", trace=trace, time=now_ns - 9 * 3600 * NS_PER_S)], {}, "old")
    old.close()

    store = Store.open(url, memory_bytes=512 * 1024 * 1024)
    before = spans_begun(store, trace)
    store.insert_lines([line("span", trace=trace, time=now_ns)], {}, "new")
    after = spans_begun(store, trace)
    store.close()

    minute_ns = 60 * NS_PER_S
    first_ns, last_ns = ((now_ns - ago * 3600 * NS_PER_S) // minute_ns * minute_ns for ago in (9, 0))
    assert before == TimeRange(first_ns, first_ns + minute_ns)
    assert after == TimeRange(first_ns, last_ns + minute_ns)
