"""What the engine refuses is an error, wherever behind the parser it refuses it; nothing is taken for stored."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from sightline.base.errors import RowsRefused, StoreUnavailable
from sightline.store.connect import Store

NUMBERS = "(a Int64) ENGINE = MergeTree ORDER BY a"


@pytest.fixture(scope="module")
def store(address: Callable[[Path], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Open one store for all tests: the engine allows one directory a process."""
    opened = Store.open(address(tmp_path_factory.mktemp("store")), memory_bytes=512 * 1024 * 1024)
    yield opened
    opened.close()


def change(store: Store, *statements: str) -> None:
    """Change the schema."""
    for statement in statements:
        store.query(statement, readonly=False)


def test_rows_that_a_constraint_forbids(store: Store):
    """They are refused for ever, with the engine's reason."""
    change(store, f"CREATE TABLE few {NUMBERS.replace('(a Int64)', '(a Int64, CONSTRAINT few CHECK a < 5)')}")

    with pytest.raises(RowsRefused, match="Constraint `few`"):
        store.insert_arrow("few", pa.table({"a": [9]}))


def test_rows_that_a_view_cannot_take(store: Store):
    """An error in a view behind the table is the insert's."""
    change(
        store, "CREATE TABLE door (a Int64) ENGINE = Null", f"CREATE TABLE behind {NUMBERS}",
        "CREATE MATERIALIZED VIEW picky TO behind AS SELECT a + throwIf(a = 9, 'no nines') AS a FROM door",
    )  # fmt: skip

    with pytest.raises(RowsRefused, match="no nines"):
        store.insert_arrow("door", pa.table({"a": [1, 9]}))


def test_a_disk_without_room_for_the_rows(store: Store):
    """The store cannot take them now: whoever sent them keeps them, and comes again."""
    change(store, f"CREATE TABLE wide {NUMBERS} SETTINGS min_free_disk_bytes_to_perform_insert = {1 << 60}")

    with pytest.raises(StoreUnavailable, match="enough free space"):
        store.insert_arrow("wide", pa.table({"a": [1]}))

    assert store.query("SELECT count() FROM wide").scalar() == 0
