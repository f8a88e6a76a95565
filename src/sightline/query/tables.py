"""The tables that SQL may read, as people need to know them: what a row is, what each column means, how to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from sightline.query.table_texts import TABLES

if TYPE_CHECKING:
    from sightline.store.connect import Store

_TYPES: Final = (
    "SELECT table, name, type FROM system.columns "
    "WHERE database = currentDatabase() AND table IN {tables:Array(String)} ORDER BY table, position"
)


class TableColumn(msgspec.Struct):
    """A column: its name, its type as ClickHouse writes it, and what it means."""

    name: str
    type: str
    meaning: str


class Example(msgspec.Struct):
    """A statement that runs as it stands, and what it answers."""

    title: str
    sql: str


class Table(msgspec.Struct):
    """A table: what one row of it is, its columns in their order, and statements to begin with."""

    name: str
    row: str
    columns: list[TableColumn]
    examples: list[Example]


class Schema(msgspec.Struct):
    """All tables that SQL may read."""

    tables: list[Table]


def read_schema(store: Store) -> Schema:
    """Read the types of *store*'s columns, and say what they mean; a column without a meaning is left empty."""
    found: dict[str, list[TableColumn]] = {}
    for table, name, kind in store.query(_TYPES, {"tables": list(TABLES)}).rows:
        meaning = TABLES[table].columns.get(name, "")
        found.setdefault(table, []).append(TableColumn(name, kind, meaning))
    return Schema(
        [
            Table(name, text.row, found[name], [Example(title, sql) for title, sql in text.examples.items()])
            for name, text in TABLES.items()
            if name in found
        ]
    )
