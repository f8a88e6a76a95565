"""What every store promises, on each kind of store."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from tests.support.segments import log_line

from sightline.base.errors import (
    QueryInvalid,
    QueryTooExpensive,
    RowsRefused,
    SettingInvalid,
    StoreLocked,
    StoreUnavailable,
)
from sightline.store.connect import QUERIES_AT_ONCE, Store
from sightline.store.inserts import ENTRY, RECORD_ENTRY
from sightline.store.migrate import migrate, migrations, split

INSTANCE = "b" * 16


@pytest.fixture(scope="module")
def store(address: Callable[[Path], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Open one store for all tests: the engine allows one directory a process."""
    opened = Store.open(address(tmp_path_factory.mktemp("store")), memory_bytes=512 * 1024 * 1024)
    yield opened
    opened.close()


def line(kind: str, **fields: object) -> bytes:
    """Encode one line of a kind, newline included."""
    return json.dumps({"kind": kind, "time": time.time_ns(), "instance": INSTANCE, **fields}).encode() + b"\n"


def test_lines_are_routed_to_the_table_of_their_kind(store: Store):
    """A log, a span, a metric and an event of one insert are each found in their own table."""
    trace = "1" * 32
    lines = (
        line("log", body="routed", severity=17, level="ERROR", logger="shop", trace=trace, attributes={"order": 7})
        + line("span", name="GET /routed", span_kind="Server", trace=trace, span="2" * 16, duration=5, status="Ok",
               events=[{"time": 1, "name": "retry", "attributes": {"n": 1}}])
        + line("metric", name="routed", type="counter",
               samples=[{"name": "routed_total", "attributes": {"m": "GET"}, "value": 3}])
        + line("event", name="routed", attributes={"user_id": 42}, data={"plan": "pro"})
    )  # fmt: skip

    store.insert_lines([lines], {INSTANCE: {"service.name": "shop"}}, "routed")

    log = store.query("SELECT * FROM otel_logs WHERE Body = 'routed'").dicts()[0]
    assert (log["ServiceName"], log["SeverityText"], log["LogAttributes"]) == ("shop", "ERROR", {"order": "7"})
    span = store.query("SELECT * FROM otel_traces WHERE SpanName = 'GET /routed'").dicts()[0]
    assert (span["SpanKind"], span["Duration"], span["Events.Name"]) == ("Server", 5, ["retry"])
    sample = store.query(
        "SELECT Labels, Value FROM metric_samples JOIN metric_series USING SeriesId WHERE MetricName = 'routed_total'"
    )
    assert sample.rows == [({"m": "GET"}, 3)]
    event = store.query("SELECT UserId, Data FROM events WHERE EventName = 'routed'")
    assert event.rows == [("42", {"plan": "pro"})]


def test_logs_and_spans_are_the_same_by_their_own_door(store: Store):
    """Each column is as by the door for all kinds, and what comes again with its token is stored once."""
    trace, made = "3" * 32, {"time": time.time_ns(), "trace": "3" * 32, "attributes": {"order": 7}}
    lines = (
        line("log", body="doors", severity=17, level="ERROR", logger="shop", **made)
        + line("span", name="doors", span="2" * 16, parent="1" * 16, span_kind="Server", duration=5, status="Ok",
               status_message="x", scope="s", scope_version="1", trace_state="a=b",
               events=[{"time": 1, "name": "retry", "attributes": {"n": 1}}],
               links=[{"trace": "4" * 32, "span": "5" * 16, "state": "c", "attributes": {"k": "v"}}], **made)
    )  # fmt: skip

    for door in (ENTRY, RECORD_ENTRY, RECORD_ENTRY):
        store.insert_lines([lines], {INSTANCE: {"service.name": "shop"}}, "doors", door=door)

    for table in ("otel_logs", "otel_traces"):
        first, second = store.query(f"SELECT * FROM {table} WHERE TraceId = '{trace}'").rows
        assert first == second


def test_the_same_token_is_stored_once_in_every_table(store: Store):
    """Lines that are sent again with their token change nothing, in whatever table they went to."""
    lines = line("log", body="once") + line("span", name="once") + line("event", name="once")

    for _ in range(3):
        store.insert_lines([lines], {}, "once")

    counts = [
        store.query(f"SELECT count() FROM {table} WHERE {column} = 'once'").scalar()
        for table, column in (("otel_logs", "Body"), ("otel_traces", "SpanName"), ("events", "EventName"))
    ]
    assert counts == [1, 1, 1]


def test_equal_lines_with_different_tokens_are_both_stored(store: Store):
    """Two records that happen to be equal are two records."""
    lines = log_line("twice", time_ns=time.time_ns())

    store.insert_lines([lines], {}, "twice-1")
    store.insert_lines([lines], {}, "twice-2")

    assert store.query("SELECT count() FROM otel_logs WHERE Body = 'twice'").scalar() == 2


def test_a_refused_range_stores_nothing(store: Store):
    """One broken line among many keeps all of them out, so that the others can be sent again."""
    good = b"".join(log_line("all or nothing") for _ in range(20_000))

    with pytest.raises(RowsRefused, match="Cannot parse input"):
        store.insert_lines([good, b'{"kind":"log","time":"x"}\n'], {}, "broken")

    assert store.query("SELECT count() FROM otel_logs WHERE Body = 'all or nothing'").scalar() == 0


def test_a_resource_may_hold_any_text(store: Store):
    """Quotes, backslashes and newlines in a resource arrive as they are."""
    nasty = 'it\'s \\ a\n\t"test" \0 {x} é'

    store.insert_lines([line("log", body="nasty")], {INSTANCE: {"service.name": nasty, nasty: "v"}}, "nasty")

    row = store.query("SELECT ServiceName, ResourceAttributes FROM otel_logs WHERE Body = 'nasty'").rows[0]
    assert row == (nasty, {"service.name": nasty, nasty: "v"})


def test_special_numbers_are_kept(store: Store):
    """Infinity and NaN of a metric, which JSON cannot hold, come through their quoted names."""
    samples = [
        {"name": "special", "attributes": {"le": str(n)}, "value": value}
        for n, value in enumerate(["inf", "-inf", "nan"])
    ]

    store.insert_lines([line("metric", name="special", samples=samples)], {}, "special")

    found = store.query(
        "SELECT toString(Value) FROM metric_samples JOIN metric_series USING SeriesId WHERE MetricName = 'special' "
        "ORDER BY Labels['le']"
    )
    assert [text for (text,) in found.rows] == ["inf", "-inf", "nan"]


@pytest.mark.parametrize("value", ["plain", "it's", "a\\b", "tab\tnewline\n", "null\0byte", "", "é€😀", "{x:String}"])
def test_a_parameter_arrives_as_it_is(store: Store, value: str):
    """Whatever a user typed is a value for the engine, never part of the statement."""
    found = store.query(
        "SELECT {v:String}, {l:Array(String)}, {m:Map(String, String)}", {"v": value, "l": [value], "m": {value: value}}
    )

    assert found.rows == [(value, [value], {value: value})]


def test_numbers_and_times_are_python_values(store: Store):
    """Large integers stay exact, times are RFC 3339 in UTC, NULL is None."""
    found = store.query(
        "SELECT {n:UInt64}, {f:Float64}, fromUnixTimestamp64Nano(1), {z:Nullable(String)}",
        {"n": 2**64 - 1, "f": 0.5, "z": None},
    )

    assert found.rows == [(2**64 - 1, 0.5, "1970-01-01T00:00:00.000000001Z", None)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM file('/etc/passwd', LineAsString)",
        "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SELECT 1 INTO/**/outfile '/tmp/x'",
        "SELECT 1 SETTINGS max_execution_time = 0",
        "SET readonly = 0",
        "DROP TABLE otel_logs",
        "INSERT INTO otel_logs (Body) VALUES ('x')",
    ],
)
def test_a_read_only_query_can_only_read(store: Store, sql: str):
    """Statements that write, read files or addresses, or lift a limit are refused."""
    with pytest.raises(QueryInvalid):
        store.query(sql)


def test_a_wrong_query_says_where(store: Store):
    """A syntax error carries the position of the character at fault."""
    with pytest.raises(QueryInvalid, match="Syntax error") as caught:
        store.query("SELECT 1 FRM x y")

    assert caught.value.position == 13


def test_a_query_over_its_time_is_stopped(store: Store):
    """A query that takes too long ends with an error that says so."""
    with pytest.raises(QueryTooExpensive, match="Timeout exceeded"):
        store.query("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1", seconds=0.3)


def test_a_query_over_its_memory_is_stopped(store: Store):
    """A query that needs too much memory ends with an error, and the store goes on."""
    with pytest.raises(QueryTooExpensive, match=r"(?i)memory"):
        store.query("SELECT groupArray(toString(number)) FROM numbers(100000000)")

    assert store.query("SELECT 1").scalar() == 1


@pytest.mark.parametrize(
    ("event", "sql"),
    [
        ("ExternalAggregationWritePart",
         "SELECT toString(cityHash64(number)) AS k, count() FROM numbers(3000000) GROUP BY k ORDER BY k LIMIT 1"),
        ("ExternalSortWritePart",
         "SELECT cityHash64(number) AS k, number FROM numbers(8000000) ORDER BY k LIMIT 1 OFFSET 7999999"),
    ],
    ids=["groups", "a sort"],
)  # fmt: skip
def test_a_large_query_goes_on_by_the_disk(store: Store, event: str, sql: str):
    """What does not fit into a query's share of the memory is written aside and merged."""
    asked = "SELECT sum(value) FROM system.events WHERE event = {event:String}"
    before = store.query(asked, {"event": event}).scalar()

    assert len(store.query(sql).rows) == 1

    assert store.query(asked, {"event": event}).scalar() > before


def test_queries_wait_for_their_turn_and_not_for_ever(tmp_path: Path):
    """More long queries than run at once: the last is told that the store is busy, which answers a ping."""
    script = f"""
import threading, time
from sightline.store.connect import QUERIES_AT_ONCE, Store
from sightline.base.errors import QueryTooExpensive, StoreUnavailable
store = Store.open("chdb://{tmp_path}/busy", query_seconds=1.5)
def long(seconds):
    try:
        store.query("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1", seconds=seconds)
    except (QueryTooExpensive, StoreUnavailable) as error:
        said.append(type(error).__name__)
said = []
threads = [threading.Thread(target=long, args=(60,)) for _ in range(QUERIES_AT_ONCE)]
for thread in threads:
    thread.start()
time.sleep(0.5)
long(1)
store.ping(5)
print(said)
started = time.monotonic()
store.close()
for thread in threads:
    thread.join()
print(time.monotonic() - started < 20, len(said))
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)

    assert found.stdout.splitlines() == ["['StoreUnavailable']", f"True {QUERIES_AT_ONCE + 1}"]


def test_an_answer_is_cut_at_the_rows_asked_for(store: Store):
    """More rows than asked for are cut and marked; exactly as many are not."""
    cut = store.query("SELECT number FROM numbers(100000)", max_rows=10)
    whole = store.query("SELECT number FROM numbers(10)", max_rows=10)

    assert (len(cut.rows), cut.truncated) == (10, True)
    assert (len(whole.rows), whole.truncated) == (10, False)


def test_arrow_blocks_are_matched_by_name_and_deduplicated_by_token(store: Store):
    """A block of some columns in any order is stored, once for its token."""
    block = pa.table({
        "Body": ["arrow"],
        "Timestamp": pa.array([time.time_ns()], pa.timestamp("ns", "UTC")),
        "LogAttributes": pa.array([[("k", "v")]], pa.map_(pa.string(), pa.string())),
    })  # fmt: skip

    for _ in range(2):
        store.insert_arrow("otel_logs", block, token="arrow")

    assert store.query("SELECT LogAttributes FROM otel_logs WHERE Body = 'arrow'").rows == [({"k": "v"},)]


def test_an_arrow_block_that_does_not_fit_is_refused(store: Store):
    """Text where a number belongs is the rows' fault, not the store's."""
    block = pa.table({"Timestamp": pa.array([time.time_ns()], pa.timestamp("ns")), "SeverityNumber": ["high"]})

    with pytest.raises(RowsRefused):
        store.insert_arrow("otel_logs", block)


def test_answers_come_as_arrow_too(store: Store):
    """The same question gives an Arrow table."""
    found = store.query_arrow("SELECT number AS n, toString(number) AS t FROM numbers({k:UInt8})", {"k": 2})

    assert found.to_pydict() == {"n": [0, 1], "t": ["0", "1"]}


def test_bodies_are_found_by_the_text_index(store: Store):
    """A word in whatever case is found, and the index is what finds it."""
    store.insert_lines([log_line("Payment REFUSED by bank")], {}, "words")

    assert store.query("SELECT count() FROM otel_logs WHERE hasAllTokens(Body, 'refused bank')").scalar() == 1
    plan = store.query("EXPLAIN indexes = 1 SELECT count() FROM otel_logs WHERE hasAllTokens(Body, 'refused')").rows
    assert any("idx_body" in text for (text,) in plan)


def test_migrating_again_changes_nothing(store: Store):
    """A store of this version has nothing to migrate."""
    assert migrate(lambda sql: store.query(sql, readonly=False)) == []
    assert store.query("SELECT count() FROM schema_migrations").scalar() == len(migrations())


def test_every_statement_of_the_schema_can_run_twice(store: Store):
    """A migration that was cut off in the middle is simply run again."""
    for migration in migrations():
        for statement in migration.statements:
            store.query(statement, readonly=False)


def test_a_store_of_a_newer_version_is_left_alone(store: Store):
    """A schema from the future is not touched; the message says what to do."""
    store.query("INSERT INTO schema_migrations (Number, Name) VALUES (9999, 'future')", readonly=False)
    try:
        with pytest.raises(StoreUnavailable, match=r"The store has schema 9999.* Upgrade"):
            migrate(lambda sql: store.query(sql, readonly=False))
    finally:
        store.query(
            "ALTER TABLE schema_migrations DELETE WHERE Number = 9999 SETTINGS mutations_sync = 1", readonly=False
        )


def test_statements_are_cut_at_the_end_of_a_line():
    """A semicolon inside a line belongs to the statement."""
    assert split("-- comment\nSELECT ';' AS a;\nSELECT 2;\n") == ("SELECT ';' AS a", "SELECT 2")


@pytest.mark.parametrize("url", ["", "chdb://relative", "chdb:relative", "sqlite:///x", "clickhouse://", "/path"])
def test_an_address_that_is_no_store_is_refused(url: str):
    """The message gives the two forms that are allowed."""
    with pytest.raises(SettingInvalid, match="expected chdb:///absolute/path or clickhouse://"):
        Store.open(url)


def test_a_server_that_does_not_answer_is_told_without_its_password():
    """The message names the address, and never the password in it."""
    with pytest.raises(StoreUnavailable, match=r"The store at 127\.0\.0\.1:1/sightline cannot be opened") as caught:
        Store.open("clickhouse://shop:hunter2@127.0.0.1:1/sightline")

    assert "hunter2" not in str(caught.value)


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path):
    """A file in the way of the store's directory is named."""
    (tmp_path / "file").write_text("x")

    with pytest.raises(StoreUnavailable, match="cannot be made"):
        Store.open(f"chdb://{tmp_path / 'file' / 'store'}")


def test_a_directory_that_another_process_holds_is_refused(server_home: Path):
    """The message says that another process holds it."""
    code = f"from sightline.store.connect import Store\nStore.open('chdb://{server_home}')"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert f"{StoreLocked.__name__}: The store at {server_home} is held by another process" in found.stderr


@pytest.fixture
def server_home(store: Store) -> Path:
    """Give the directory of the store that this process holds."""
    if not store.place.startswith("/"):
        pytest.skip("a server's directory is its own")
    return Path(store.place)
