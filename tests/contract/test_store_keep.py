"""How long records are kept, on each kind of store."""

import time
from collections.abc import Iterator

import pytest
from tests.support.records import log
from tests.support.server import eventually

from sightline.store import keep
from sightline.store.connect import Store

DAY_NS = 86400 * 10**9
LEVELS = [("DEBUG", 5), ("INFO", 9), ("WARN", 13), ("ERROR", 17)]


@pytest.fixture(scope="module")
def store(address, tmp_path_factory) -> Iterator[Store]:
    """Open a store for all tests here."""
    store = Store.open(address(tmp_path_factory.mktemp("keep")), memory_bytes=512 * 1024 * 1024)
    yield store
    store.close()


def merge(store: Store, table: str) -> None:
    """Merge all parts of a table, once the engine has looked at what a change of days meant for them."""
    asked = "SELECT count() FROM system.mutations WHERE database = currentDatabase() AND NOT is_done"
    eventually(lambda: store.query(asked).scalar() == 0)
    store.query(f"OPTIMIZE TABLE {table} FINAL", readonly=False)


def test_records_go_after_the_days_of_their_level_and_environment(store: Store):
    """Three weeks back, a developer's machine has all but DEBUG; production only WARNING, ERROR and what is audited."""
    keep.apply(store, {"staging": {"INFO": 1}}, "")
    then = time.time_ns() - 21 * DAY_NS
    for at, environment in enumerate(["", "production", "staging"]):
        lines = b"".join(log(f"{environment}-{level}", then, level=level, severity=n) for level, n in LEVELS)
        lines += log(f"{environment}-audit", then, severity=9).replace(b'"logger":"shop.orders"', b'"logger":"audit"')
        store.insert_lines([lines], {"a" * 16: {"deployment.environment.name": environment}}, f"keep-{at}")

    merge(store, "otel_logs")

    left = {body for (body,) in store.query("SELECT Body FROM otel_logs WHERE ServiceName = ''").rows}
    assert left == {
        *("-INFO", "-WARN", "-ERROR", "-audit"),
        *("production-WARN", "production-ERROR", "production-audit"),
        *("staging-WARN", "staging-ERROR", "staging-audit"),
    }


def test_the_engine_is_told_once_and_again_when_the_days_change(store: Store):
    """A start with the same settings changes no table; another number of days changes those that it is about."""
    keep.apply(store, {}, "production")

    assert keep.apply(store, {}, "production") == []
    changed = keep.apply(store, {"metrics": 7}, "production")
    assert changed == ["metric_samples", "metric_histograms", "metric_exemplars", "metric_series"]


def test_every_table_that_is_kept_by_time_has_days(store: Store):
    """No table that the schema lets forget is left out of what retention is applied to."""
    forgets = "engine LIKE '%MergeTree' AND create_table_query LIKE '% TTL %'"

    found = store.query(f"SELECT name FROM system.tables WHERE database = currentDatabase() AND {forgets}")

    assert {name for (name,) in found.rows} == set(keep.rules({}, ""))


def test_minutes_of_traces_stay_as_long_as_any_environments_spans():
    """A trace of the environment that keeps its spans longest is found until they go."""
    own = {"traces": 5, "audited": {"traces": 400}, "staging": {"traces": 2}}

    assert keep.rules(own, "staging")["trace_minutes"] == f"Time + toIntervalSecond({400 * 86400})"


def test_counts_are_forgotten_with_the_logs_that_they_count(store: Store):
    """Minutes of an environment and level go after the days of its logs, and audit stays in both."""
    keep.apply(store, {"staging": {"INFO": 1}}, "")
    then = time.time_ns() - 3 * DAY_NS
    lines = b"".join(log("minutes", then, level=level, severity=number) for level, number in LEVELS)
    lines += log("minutes", then, severity=9).replace(b'"logger":"shop.orders"', b'"logger":"audit"')
    store.insert_lines([lines], {"a" * 16: {"deployment.environment.name": "staging", "service.name": "kept"}}, "kept")

    for table in ("otel_logs", "log_minutes"):
        merge(store, table)

    kept = store.query("SELECT SeverityNumber, count() FROM otel_logs WHERE ServiceName = 'kept' GROUP BY 1 ORDER BY 1")
    counts = "SELECT SeverityNumber, sum(Logs) FROM log_minutes WHERE ServiceName = 'kept' GROUP BY 1 ORDER BY 1"
    assert kept.rows == store.query(counts).rows == [(9, 1), (13, 1), (17, 1)]


def test_logs_are_packed_by_merges_and_not_by_inserts(store: Store):
    """A new part has the engine's quick codec, and what is merged of it the one that makes it small."""
    keep.apply(store, {}, "")
    asked = (
        "SELECT DISTINCT default_compression_codec FROM system.parts "
        "WHERE active AND database = currentDatabase() AND table = 'otel_logs' AND max_time > now() - 3600"
    )
    store.merge(on=False)
    line = log("packed", time.time_ns(), severity=9)
    store.insert_lines([line], {"a" * 16: {"service.name": "packed"}}, "packed")
    new = store.query(f"{asked} AND level = 0").rows
    store.merge(on=True)

    merge(store, "otel_logs")

    assert new == [("LZ4",)]
    assert store.query(asked).rows == [("ZSTD(5)",)]


def test_a_store_that_was_made_before_is_told_to_pack_its_logs(store: Store):
    """Its days are the same, but its merges do not pack yet; what is stored is not written anew for it."""
    keep.apply(store, {}, "")
    plain = keep.rules({}, "")["otel_logs"]
    store.query(f"ALTER TABLE {''.join(store.local('otel_logs'))} MODIFY TTL {plain}", readonly=False)
    asked = "SELECT count() FROM system.mutations WHERE database = currentDatabase() AND table LIKE 'otel_logs%'"
    before = store.query(asked).scalar()

    assert keep.apply(store, {}, "") == ["otel_logs"]
    assert keep.apply(store, {}, "") == []
    assert store.query(asked).scalar() == before


def test_no_start_waits_for_what_is_stored(store: Store):
    """Other days are told at once, while the engine has no time to look at the records that it has."""
    keep.apply(store, {}, "")
    store.insert_lines([log("waits", time.time_ns())], {"a" * 16: {"service.name": "waits"}}, "waits")
    store.merge(on=False)

    began = time.monotonic()
    changed = keep.apply(store, {"INFO": 3}, "")
    took_s = time.monotonic() - began
    store.merge(on=True)

    assert "otel_logs" in changed
    assert took_s < 10
