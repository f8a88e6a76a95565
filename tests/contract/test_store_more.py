"""Counting, exporting, measuring, cancelling and backing up, on each kind of store."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.contract.test_store import line
from tests.support.records import gauge, log
from tests.support.server import eventually

from sightline.base.errors import QueryError, QueryInvalid, StoreUnavailable
from sightline.query.export import everything, parquet, plan
from sightline.query.timerange import TimeRange
from sightline.store import backup
from sightline.store.connect import Store
from sightline.store.limits import asking
from sightline.store.stats import measure

DAY_NS = 86_400 * 10**9
NOON = time.time_ns() // DAY_NS * DAY_NS - DAY_NS // 2


@pytest.fixture(scope="module")
def store(address: Callable[[Path], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Open one store for all tests here."""
    opened = Store.open(address(tmp_path_factory.mktemp("more")), memory_bytes=512 * 1024 * 1024)
    yield opened
    opened.close()


def test_logs_and_spans_are_counted_once_for_their_token(store: Store):
    """A range that is sent again is not counted again, by whatever view."""
    resource = {"b" * 16: {"service.name": "counted", "deployment.environment.name": "staging"}}
    lines = line("log", severity=17) * 3 + line("span", name="x", status="Error") * 2

    for _ in range(3):
        store.insert_lines([lines], resource, "counted")

    logs = "SELECT Environment, SeverityNumber, sum(Logs) FROM log_minutes WHERE ServiceName = 'counted' GROUP BY ALL"
    spans = "SELECT Environment, StatusCode, sum(Spans) FROM span_minutes WHERE ServiceName = 'counted' GROUP BY ALL"
    assert store.query(logs).rows == [("staging", 17, 3)]
    assert store.query(spans).rows == [("staging", "Error", 2)]


def test_an_export_has_every_record_of_its_days(store: Store):
    """Wide rows and many of them, in several row groups; samples with the names of their series."""
    for part in range(3):
        rows = b"".join(log(f"export {part}", NOON + n, attributes={"n": str(n)}) for n in range(30_000))
        store.insert_lines([rows], {}, f"export {part}")
    store.insert_lines([gauge("exported", 2.5, NOON, room="a")], {}, "export sample")
    day = TimeRange(NOON - DAY_NS // 2, NOON + DAY_NS // 2)

    found = pq.ParquetFile(io.BytesIO(b"".join(parquet(store, "logs", "export", day, everything()))))
    samples = pq.read_table(io.BytesIO(b"".join(parquet(store, "metrics", "", day, everything()))))

    assert (found.metadata.num_rows, found.metadata.num_row_groups > 1) == (90_000, True)
    assert [(each.day, each.rows) for each in plan(store, "logs", "export", day).days] == [
        (time.strftime("%Y-%m-%d", time.gmtime(NOON // 10**9)), 90_000)
    ]
    assert [(row["MetricName"], dict(row["Labels"]), row["Value"]) for row in samples.to_pylist()] == [
        ("exported", {"room": "a"}, 2.5)
    ]
    with pytest.raises(QueryInvalid, match="Only logs, traces and events can be searched"):
        parquet(store, "metrics", "x", day, everything())


def test_figures_are_of_every_table(store: Store):
    """Rows, bytes and ratio; a server's disk is not ours to look at."""
    store.insert_lines([line("event", name="measured")], {}, "measured")

    found = measure(store, None)

    tables = {table.table: table for table in found.tables}
    assert {"otel_logs", "otel_traces", "events", "metric_samples", "profiles", "log_minutes"} <= set(tables)
    assert tables["events"].rows >= 1
    assert tables["events"].disk_bytes > 0
    assert (found.free_bytes, found.days_to_full) == (None, None)


def test_a_query_that_is_cancelled_stops(store: Store):
    """Whoever asked is told, long before the time is up."""
    said = []

    def ask() -> None:
        with asking("me"):
            try:
                store.query("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1", seconds=60)
            except QueryError as error:
                said.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    running = (
        "SELECT count() FROM system.processes WHERE query LIKE '%numbers(1000000000000)%' AND query NOT LIKE '%x%y%'"
    )
    eventually(lambda: store.query(running).scalar() > 1 or store.query(running).scalar() == 1)
    eventually(lambda: store.cancel("me") or not thread.is_alive())
    thread.join(30)

    assert len(said) == 1


def test_a_backup_is_of_the_embedded_store_alone(store: Store, tmp_path: Path):
    """Its parts are linked aside and copied; a server is told to use its own."""
    if store.directory is None:
        with pytest.raises(StoreUnavailable, match="BACKUP DATABASE"):
            backup.freeze(store)
        return
    store.insert_lines([line("log", body="kept")], {}, "kept")

    made = backup.write(backup.freeze(store), tmp_path, lambda _done, _whole: None)

    assert made == backup.read_manifest(tmp_path)
    assert made.rows["otel_logs"] == store.query("SELECT count() FROM otel_logs").scalar()
