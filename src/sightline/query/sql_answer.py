"""Answers to the SQL of users, in four forms, piece by piece and within limits."""

# ruff: noqa: S608 - what is put into a statement is a statement that was checked
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.base.errors import QueryInvalid
from sightline.query.sql import Checked, check_sql, said_shortly
from sightline.query.sql_text import Column, write_csv, write_json
from sightline.query.told import Told

if TYPE_CHECKING:
    from collections.abc import Generator

    import pyarrow as pa

    from sightline.store.connect import Store

DEFAULT_ROWS: Final = 1_000
"""Rows of an answer in JSON where nothing is said: it is read at once, by a person or a program."""

MAX_ROWS: Final = 1_000_000
"""Most rows of one answer, and of a file where nothing is said; what is more is cut off and said."""


class SqlAnswer(msgspec.Struct):
    """The answer to a statement; *truncated* says that there was more, *truncated_by* which limit was met."""

    columns: list[Column]
    rows: list[list[Any]]
    row_count: int
    truncated: bool
    elapsed_ms: float
    truncated_by: str | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """
    A form of answers.

    Attributes:
        name: what it is asked by, and how a file of it ends.
        media_type: of HTTP.
        engine: the engine's format that it is made from.
        rows: most rows where nothing is said.
        seconds: longest that a statement may run; who stores a file waits longer than who looks at a page.
    """

    name: str
    media_type: str
    engine: str
    rows: int
    seconds: float


FORMS: Final = {
    form.name: form
    for form in (
        Form("json", "application/json", "JSONCompactEachRow", DEFAULT_ROWS, 10.0),
        Form("csv", "text/csv; charset=utf-8; header=present", "CSV", MAX_ROWS, 60.0),
        Form("arrow", "application/vnd.apache.arrow.stream", "ArrowStream", MAX_ROWS, 60.0),
        Form("parquet", "application/vnd.apache.parquet", "ArrowStream", MAX_ROWS, 60.0),
    )
}
"""Every form, by its name."""


def pour_sql(
    store: Store,
    statement: str,
    parameters: dict[str, Any] | None = None,
    *,
    form: Form = FORMS["json"],
    told: Told | None = None,
) -> Generator[bytes]:
    """
    Run one statement that reads, and give its answer as it is made; whoever stops reading closes the iterator.

    Args:
        store: where.
        statement: SQL; ``{name:Type}`` stands for a parameter.
        parameters: values of the statement's parameters.
        form: one of ``FORMS``.
        told: says how many rows at most, and is told what becomes of the answer.

    Raises:
        QueryInvalid: before the first piece, if the statement is wrong or does anything but read Sightline's tables.
        QueryTooExpensive: before a piece, if it goes over its time or memory.
    """
    told = told or Told(form.rows)
    checked = check_sql(store, statement, parameters)
    columns = _columns(store, checked)
    pieces = store.stream(
        checked.sql, form.engine, checked.parameters,
        rows=told.limit + 1, seconds=form.seconds, whole=not checked.selects, short=form.name == "json",
    )  # fmt: skip
    if form.engine == "ArrowStream":
        from sightline.query import sql_arrow

        write = sql_arrow.write_parquet if form.name == "parquet" else sql_arrow.write_arrow
        return write(lambda: _schema(store, checked), pieces, told)
    return (write_csv if form.name == "csv" else write_json)(columns, pieces, told)


def run_sql(
    store: Store, statement: str, parameters: dict[str, Any] | None = None, *, limit: int = DEFAULT_ROWS
) -> SqlAnswer:
    """
    Run one statement that reads, and have the answer as Python values.

    Raises:
        QueryInvalid, QueryTooExpensive: as :func:`pour_sql`.
    """
    written = b"".join(pour_sql(store, statement, parameters, told=Told(min(max(1, limit), MAX_ROWS))))
    return msgspec.json.decode(written, type=SqlAnswer)


def _columns(store: Store, checked: Checked) -> list[Column]:
    """Ask the engine for the columns of an answer without making the answer."""
    try:
        if not checked.selects:
            return [Column(name, kind) for name, kind in store.query(checked.sql, checked.parameters).columns]
        found = store.query(f"DESCRIBE TABLE ({checked.sql})", checked.parameters)
    except QueryInvalid as error:
        raise said_shortly(error) from None
    return [Column(row[0], row[1]) for row in found.rows]


def _schema(store: Store, checked: Checked) -> pa.Schema:
    """Ask the engine for the shape of an answer that has no rows."""
    sql = f"SELECT * FROM ({checked.sql}) LIMIT 0" if checked.selects else checked.sql
    return store.query_arrow(sql, checked.parameters).schema
