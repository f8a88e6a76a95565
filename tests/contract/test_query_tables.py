"""What is told of the tables is true of the tables that there are."""

from collections.abc import Iterator

import pytest

from sightline.query.sql_answer import run_sql
from sightline.query.table_texts import TABLES
from sightline.query.tables import read_schema
from sightline.store.connect import Store

KEPT = """
SELECT columns.table, columns.name FROM system.columns
INNER JOIN system.tables ON tables.database = columns.database AND tables.name = columns.table
WHERE database = currentDatabase() AND tables.engine LIKE '%MergeTree' AND table != 'schema_migrations'
"""


@pytest.fixture(scope="module")
def store(address, tmp_path_factory) -> Iterator[Store]:
    """Open an empty store."""
    store = Store.open(address(tmp_path_factory.mktemp("tables")), memory_bytes=512 * 1024 * 1024)
    yield store
    store.close()


def test_every_column_is_explained_and_no_other(store):
    """Each column of each table that keeps rows has a meaning, in the order of the table."""
    kept = {(table, column) for table, column in store.query(KEPT).rows}

    assert {(table, column) for table, text in TABLES.items() for column in text.columns} == kept
    for table in read_schema(store).tables:
        assert [column.name for column in table.columns] == list(TABLES[table.name].columns)
        assert all(column.meaning and column.type for column in table.columns)


@pytest.mark.parametrize(("title", "sql"), [pair for text in TABLES.values() for pair in text.examples.items()])
def test_every_example_runs(store, title, sql):
    """An example is answered as it stands."""
    assert run_sql(store, sql).columns, title
