"""Answers to SQL in each of their forms, whatever the engine."""

import csv
import io
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from tests.support.records import SERVICE, log, now_ns

from sightline.base.errors import QueryInvalid, QueryTooExpensive
from sightline.query.sql_answer import FORMS, MAX_ROWS, pour_sql, run_sql
from sightline.query.sql_arrow import TRUNCATED
from sightline.query.sql_text import count_csv, write_csv
from sightline.query.told import Told
from sightline.store.connect import Store


@pytest.fixture(scope="module")
def store(address, tmp_path_factory) -> Iterator[Store]:
    """Open a store with one log."""
    store = Store.open(address(tmp_path_factory.mktemp("forms")), memory_bytes=512 * 1024 * 1024)
    store.insert_lines([log("one", now_ns(), attributes={"a": "b"})], {"a" * 16: SERVICE}, "one")
    yield store
    store.close()


def rows_of(name: str, written: bytes) -> list[list[str]]:
    """Read an answer of any form; every value as text."""
    if name == "csv":
        return list(csv.reader(io.StringIO(written.decode(), newline="")))[1:]
    reader = pa.ipc.open_stream(written).read_all if name == "arrow" else parquet.ParquetFile(io.BytesIO(written)).read
    return [[str(value) for value in row.values()] for row in reader().to_pylist()]


ODD = "SELECT number, concat('a\n\"b\", ü\t', toString(number)) AS text FROM numbers(30000)"


@pytest.mark.parametrize("name", ["csv", "arrow", "parquet"])
def test_every_form_has_the_same_rows(store, name):
    """A file has the rows that JSON has, over many pieces, with quotes and line ends in values."""
    told = Told(MAX_ROWS)
    written = b"".join(pour_sql(store, ODD, form=FORMS[name], told=told))

    expected = [[str(number), text] for number, text in run_sql(store, ODD, limit=MAX_ROWS).rows]
    assert rows_of(name, written) == expected
    assert (told.rows, told.cut) == (30000, "")


@pytest.mark.parametrize("name", ["csv", "arrow", "parquet"])
@pytest.mark.parametrize("limit", [1, 8192, 20000, 29999])
def test_every_form_is_cut_at_its_row(store, name, limit):
    """An answer has as many rows as were asked for, and is told to be cut where there were more."""
    told = Told(limit)
    written = b"".join(pour_sql(store, ODD, form=FORMS[name], told=told))

    assert len(rows_of(name, written)) == limit
    assert (told.rows, told.cut) == (limit, "rows")


def test_files_say_in_themselves_that_they_are_cut(store):
    """Arrow says so in the metadata of its last batch, Parquet in those of the file."""
    streamed = b"".join(pour_sql(store, ODD, form=FORMS["arrow"], told=Told(5)))
    file = b"".join(pour_sql(store, ODD, form=FORMS["parquet"], told=Told(5)))

    *_, (_, last) = pa.ipc.open_stream(streamed).iter_batches_with_custom_metadata()
    assert last[TRUNCATED] == b"rows"
    assert parquet.read_metadata(io.BytesIO(file)).metadata[TRUNCATED] == b"rows"


@pytest.mark.parametrize("name", FORMS)
def test_bytes_are_limited(store, name):
    """An answer ends soon after the most bytes that it may have, and says why."""
    told = Told(MAX_ROWS, most_bytes=100_000)
    statement = "SELECT number, hex(randomString(50)) AS noise FROM numbers(1000000)"
    written = b"".join(pour_sql(store, statement, form=FORMS[name], told=told))

    assert told.cut == "bytes"
    assert 100_000 < len(written) < 20_000_000


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("statement", ["SELECT Body, 1 AS a FROM otel_logs WHERE 0", "SHOW TABLES LIKE 'nothing'"])
def test_an_answer_without_rows_has_its_columns(store, name, statement):
    """The columns are told where there is no row."""
    column = "Body" if "Body" in statement else "name"
    written = b"".join(pour_sql(store, statement, form=FORMS[name]))

    if name == "parquet":
        assert parquet.read_schema(io.BytesIO(written)).names[0] == column
    else:
        assert column.encode() in written


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("statement", ["SHOW TABLES", "EXPLAIN SELECT 1", "DESCRIBE otel_logs"])
def test_what_is_no_select_has_every_form(store, name, statement):
    """SHOW, EXPLAIN and DESCRIBE are answered in each form."""
    told = Told(MAX_ROWS)
    for _ in pour_sql(store, statement, form=FORMS[name], told=told):
        pass

    assert told.rows >= 1


def test_nothing_is_null_and_empty_text_is_text(store):
    """In CSV a value that is not there is empty, and text without a letter is a pair of quotes."""
    written = b"".join(pour_sql(store, "SELECT NULL AS a, '' AS b", form=FORMS["csv"]))

    assert written == b'"a","b"\n,""\n'


@pytest.mark.parametrize("name", FORMS)
def test_refusals_are_of_their_kind(store, name):
    """What may not run, and what goes over its memory at once, is refused as an error of its own kind."""
    with pytest.raises(QueryInvalid):
        pour_sql(store, "DROP TABLE otel_logs", form=FORMS[name])
    with pytest.raises(QueryTooExpensive):
        list(pour_sql(store, "SELECT length(groupArray(toString(number))) FROM numbers(1000000000)", form=FORMS[name]))


def test_who_stops_reading_lets_the_next_one_read(store):
    """Answers that nobody reads on give their turn back when they are closed."""
    for _ in range(6):
        pieces = pour_sql(store, "SELECT * FROM numbers(100000000)", form=FORMS["csv"])
        next(pieces)
        assert b"0\n" in next(pieces)
        pieces.close()

    assert run_sql(store, "SELECT 1").rows == [[1]]


FIELD = st.text(st.sampled_from('a,"\n\r '), max_size=8)


@given(
    rows=st.lists(st.tuples(FIELD, FIELD), max_size=12),
    sizes=st.lists(st.integers(1, 9), max_size=40),
    limit=st.integers(1, 12),
)
def test_rows_of_csv_are_found_in_pieces_of_any_size(rows, sizes, limit):
    """However an answer is cut into pieces, its rows are told apart, and the limit holds."""
    text = "".join('"' + '","'.join(field.replace('"', '""') for field in row) + '"\n' for row in rows).encode()
    pieces, rest = [], text
    for size in sizes:
        pieces, rest = [*pieces, rest[:size]], rest[size:]
    told = Told(limit)
    written = b"".join(write_csv([], [*pieces, rest], told))[1:]

    expected = list(rows[:limit])
    assert [tuple(row) for row in csv.reader(io.StringIO(written.decode(), newline=""))] == expected
    assert (told.rows, told.cut) == (len(expected), "rows" if len(rows) > limit else "")
    assert sum(count for count, _ in count_csv([*pieces, rest])) == len(rows)
