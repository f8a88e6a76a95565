"""Records of one person, or of one trace, are deleted from every table that has them, on each kind of store."""

import json
import time
from collections.abc import Iterator

import pyarrow as pa
import pytest

from sightline.store.connect import Store
from sightline.store.erase import USER_KEYS, erase, find

USER, TRACE = "user-7f3a", "7e" * 16
TABLES = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name"


@pytest.fixture(scope="module")
def store(address, tmp_path_factory) -> Iterator[Store]:
    """Open a store for all tests here."""
    opened = Store.open(address(tmp_path_factory.mktemp("erase")), memory_bytes=512 * 1024 * 1024)
    yield opened
    opened.close()


def line(kind: str, **fields: object) -> bytes:
    """Encode one line of a kind."""
    return json.dumps({"kind": kind, "time": time.time_ns(), "instance": "e" * 16, **fields}).encode() + b"\n"


def mentions(store: Store, text: str) -> dict[str, int]:
    """Count the rows in which a text stands anywhere, by table."""
    found = {}
    for (table,) in store.query(TABLES).rows:
        asked = f"SELECT count() FROM {table} WHERE position(formatRow('JSONEachRow', *), {{text:String}}) > 0"
        found[table] = store.query(asked, {"text": text}).scalar()
    return {table: count for table, count in found.items() if count}


def histogram(user: str) -> pa.Table:
    """Make an exponential histogram's point with a label."""
    point = {"MetricName": "sizes", "Labels": [("user_id", user)], "Timestamp": int(time.time() * 1000), "Count": 3}
    kinds = {"Labels": pa.map_(pa.string(), pa.string()), "Timestamp": pa.timestamp("ms", "UTC"), "Count": pa.uint64()}
    return pa.table({name: pa.array([value], kinds.get(name)) for name, value in point.items()})


def test_a_person_is_found_nowhere_afterwards(store: Store):
    """By every name of a person, in attributes of records, of span events and links, in events, and in labels."""
    samples = [{"name": "clicks", "attributes": {"user_id": who}, "value": 1} for who in (USER, "another")]
    for number, key in enumerate(USER_KEYS):
        who = {"attributes": {key: USER}}
        lines = line("log", body="x", **who) + line("span", name="x", span_kind="Server", **who)
        lines += line("span", name="y", events=[{"time": 1, "name": "seen", **who}])
        lines += line("span", name="z", links=[{"trace": "1" * 32, "span": "2" * 16, "state": "", **who}])
        lines += line("event", name="x", data={key: USER}) + line("metric", name="clicks", samples=samples)
        lines += line("log", body="another's", attributes={key: "another"})
        store.insert_lines([lines], {}, f"erase {number}")
    store.insert_arrow("histogram_points", histogram(USER))
    found = find(store, user=USER)

    assert erase(store, user=USER) == found
    assert found == {"events": 4, "metric_histograms": 1, "metric_samples": 4, "metric_series": 5, "otel_logs": 4,
                     "otel_traces": 12}  # fmt: skip
    assert mentions(store, USER) == find(store, user=USER) == {}
    assert mentions(store, "another") == {"metric_series": 4, "otel_logs": 4}
    assert store.query("SELECT count() FROM metric_samples").scalar() == 4
    assert store.query("SELECT count() FROM metric_histograms").scalar() == 0


def test_a_trace_is_found_nowhere_afterwards(store: Store):
    """Its logs, spans, events and stacks are gone, another trace's are there."""
    stacks = [{"stack": "a;b", "samples": 1, "wall": 1, "cpu": 1, "trace": TRACE}, {"stack": "a;c", "samples": 1}]
    for trace in (TRACE, "5" * 32):
        lines = line("log", body="t", trace=trace) + line("span", name="t", trace=trace, span="1" * 16)
        lines += line("event", name="t", trace=trace) + line("profile", duration=1, stacks=stacks)
        store.insert_lines([lines], {}, f"trace {trace}")

    assert erase(store, trace=TRACE.upper()) == {"events": 1, "otel_logs": 1, "otel_traces": 1, "profiles": 2}
    assert mentions(store, TRACE) == {}
    assert mentions(store, "5" * 32) == {"events": 1, "otel_logs": 1, "otel_traces": 1}


def test_text_that_looks_like_sql_is_a_name(store: Store):
    """Nobody else's records go."""
    store.insert_lines([line("log", body="kept")], {}, "kept")

    assert erase(store, user="' OR 1 = 1 --") == erase(store, trace="x' OR '1'='1") == {}
    assert store.query("SELECT count() FROM otel_logs WHERE Body = 'kept'").scalar() == 1
