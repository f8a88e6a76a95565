"""What logs tell as a whole: counts, patterns of errors, slow requests, analyses by name."""

from collections.abc import Iterator

import pytest
from tests.support.records import NS, SERVICE, event, log, now_ns

from sightline.query.analyses.log_reports import error_patterns, log_statistics, slow_requests
from sightline.query.analyses.saved import list_analyses, run_analysis
from sightline.query.timerange import TimeRange
from sightline.store.connect import Store

NOW = now_ns() // (3600 * NS) * 3600 * NS
RANGE = TimeRange(NOW - 7200 * NS, NOW)


def lines() -> bytes:
    """Write two hours of logs: requests that take 0 to 9 seconds, errors of two kinds, and an event."""
    found = b""
    for number in range(10):
        told = {
            "duration_ms": number * 1000,
            "request_id": f"r{number // 2}",
            "user_id": f"u{number % 2}",
            "path": "/a",
        }
        found += log("HTTP_REQUEST_COMPLETE", NOW - (number + 1) * 600 * NS, attributes=told)
    for number in range(6):
        body = f"Order {number} of 4f9c2a1e-0000-4000-8000-{number:012} failed after {number}.5 s"
        found += log(body, NOW - 60 * NS, level="ERROR", severity=17)
    found += log("No connection", NOW - 60 * NS, level="CRITICAL", severity=21)
    return found + event("paid", NOW - 60 * NS, attributes={"user_id": "u0", "request_id": "r9"})


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Store]:
    """Open a store that holds the logs."""
    store = Store.open(f"chdb://{tmp_path_factory.mktemp('reports')}/store")
    store.insert_lines([lines()], {"a" * 16: SERVICE}, "one")
    yield store
    store.close()


def test_logs_are_counted(store):
    """Levels, services, loggers and hours add up to all logs."""
    found = log_statistics(store, "", RANGE)

    assert (found.total, found.errors, found.error_rate) == (17, 7, 7 / 17)
    assert {level.level: level.count for level in found.levels} == {"INFO": 10, "ERROR": 6, "CRITICAL": 1}
    assert [(name.name, name.count, name.errors) for name in found.services] == [("shop", 17, 7)]
    assert [(hour.count, hour.errors) for hour in found.hours] == [(4, 0), (13, 7)]


def test_sums_tell_what_the_records_tell(store):
    """What is counted from sums by minute is what a search finds that only the records can answer."""
    everything = 'service:shop OR "Order" OR "connection"'
    sums, records = log_statistics(store, "service:shop", RANGE), log_statistics(store, everything, RANGE)

    assert (sums.total, sums.levels, sums.hours) == (records.total, records.levels, records.hours)
    assert (sums.services, sums.loggers) == (records.services, records.loggers)
    assert log_statistics(store, '"nowhere"', RANGE).total == 0


def test_hours_that_are_left_out_are_counted_all_the_same(store):
    """Of more hours than an answer has the last ones are given; totals are those of all."""
    found = log_statistics(store, "", RANGE, most_hours=1)

    assert (found.total, [hour.count for hour in found.hours]) == (17, [13])


def test_nothing_is_counted_where_nothing_is(store):
    """Where no log matches, nobody is divided by."""
    found = log_statistics(store, "service:none", RANGE)

    assert (found.total, found.error_rate, found.levels) == (0, 0.0, [])
    assert error_patterns(store, "service:none", RANGE).patterns == []


def test_errors_that_are_alike_are_one_pattern(store):
    """Ids and numbers do not tell errors apart; each pattern has three examples at most."""
    found = error_patterns(store, "", RANGE)

    assert [(pattern.pattern, pattern.count) for pattern in found.patterns] == [
        ("Order <n> of <id> failed after <n> s", 6),
        ("No connection", 1),
    ]
    assert found.total == 7
    assert (found.patterns[0].share, len(found.patterns[0].examples)) == (6 / 7, 3)


def test_slow_requests_come_slowest_first(store):
    """Requests from the threshold on are given, and all of them are counted."""
    found = slow_requests(store, "", RANGE, threshold_ms=6000, limit=3)

    assert [request.duration_ms for request in found.requests] == [9000.0, 8000.0, 7000.0]
    assert (found.total, found.requests[0].path, found.requests[0].request_id) == (4, "/a", "r4")


def test_analyses_run_by_name(store):
    """Every analysis gives rows as wide as its columns."""
    found = {each.name: run_analysis(store, each.name, RANGE) for each in list_analyses().analyses}

    assert all(len(row) == len(result.columns) for result in found.values() for row in result.rows)
    assert [row[1:] for row in found["error-rate"].rows] == [[4, 0, 0.0], [13, 7, 7 / 13]]
    assert [row[2] for row in found["slow-requests"].rows] == [9000.0, 8000.0, 7000.0, 6000.0]
    assert found["user-activity"].rows == [["u0", 6, 6], ["u1", 5, 5]]
    assert [row[1] for row in found["log-levels"].rows] == [10, 6, 1]
    assert all(1 <= len(row[4]) <= 3 for row in found["error-patterns"].rows)
    assert sum(row[1] for row in found["error-patterns"].rows) == 7
