"""SQL of users: checked, limited, read-only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import msgspec

from sightline.base.errors import QueryInvalid
from sightline.query.statement import DATABASE, MAX_STATEMENT_LENGTH, ONLY_READS, SAFE_CATEGORIES, check_statement

if TYPE_CHECKING:
    from sightline.store.connect import Store

DEFAULT_ROWS: Final = 1_000
MAX_ROWS: Final = 10_000
"""Most rows of one answer; what is more is cut off and said."""

MAX_SECONDS: Final = 10.0
"""Longest that a user's statement may run."""

_DESCRIBE: Final = re.compile(r"\s*(?:describe|desc)\s+(?:table\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*;?\s*", re.IGNORECASE)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")

_PARSE: Final = "SELECT parseQueryToJSON({statement:String}), formatQuerySingleLine({statement:String})"
_SCOPE: Final = re.compile(r"(?:\. Expected\b|:? In scope SELECT) .*", re.DOTALL)
"""What the engine adds to a message about the statement: every token there is, and how we asked."""


_functions: WeakKeyDictionary[Store, frozenset[str]] = WeakKeyDictionary()
"""Names of the functions that may be called, for each store: another engine may have others."""


class Column(msgspec.Struct):
    """A column of an answer; the type as ClickHouse writes it."""

    name: str
    type: str


class SqlAnswer(msgspec.Struct):
    """The answer to a statement; *truncated* says that there were more rows."""

    columns: list[Column]
    rows: list[list[Any]]
    row_count: int
    truncated: bool
    elapsed_ms: float


def run_sql(
    store: Store, statement: str, parameters: dict[str, Any] | None = None, *, limit: int = DEFAULT_ROWS
) -> SqlAnswer:
    """
    Run one statement that reads.

    Args:
        store: where.
        statement: SQL; ``{name:Type}`` stands for a parameter.
        parameters: values of the statement's parameters.
        limit: most rows, at most ``MAX_ROWS``.

    Raises:
        QueryInvalid: if the statement is wrong or does anything but read Sightline's tables.
        QueryTooExpensive: if it goes over its time or memory.
    """
    for name in parameters or {}:
        if not _NAME.fullmatch(name):
            raise QueryInvalid(f"{name[:64]!r} is no name of a parameter.")
    if described := _DESCRIBE.fullmatch(statement):
        sql = (
            "SELECT name, type, comment FROM system.columns "
            "WHERE database = {database:String} AND table = {table:String} ORDER BY position"
        )
        parameters = {"database": DATABASE, "table": described[1]}
    else:
        sql = _checked(store, statement)
    found = store.query(sql, parameters, max_rows=min(max(1, limit), MAX_ROWS), seconds=MAX_SECONDS)
    rows = [list(row) for row in found.rows]
    columns = [Column(name, kind) for name, kind in found.columns]
    return SqlAnswer(columns, rows, len(rows), found.truncated, found.elapsed_ms)


def _checked(store: Store, statement: str) -> str:
    """Let the engine parse the statement as a value; give it back as the engine writes what was checked."""
    if len(statement) > MAX_STATEMENT_LENGTH:
        raise QueryInvalid(
            f"The statement has {len(statement)} characters; at most {MAX_STATEMENT_LENGTH} are read.",
            MAX_STATEMENT_LENGTH,
        )
    try:
        statement.encode()
    except UnicodeEncodeError as error:
        raise QueryInvalid("The statement has half of a surrogate pair, which is no character.", error.start) from None
    try:
        parsed = store.query(_PARSE, {"statement": statement}).rows[0]
    except QueryInvalid as error:
        raise _about(statement, error) from None
    try:
        check_statement(msgspec.json.decode(parsed[0]), _allowed(store))
    except RecursionError:
        raise QueryInvalid("The statement is nested too deep.") from None
    return str(parsed[1])


def _about(statement: str, error: QueryInvalid) -> QueryInvalid:
    """Say of the statement what the engine said of our question about it."""
    if "parseQueryToJSON" in _SCOPE.sub("", str(error)) or "JSON serialization" in str(error):
        return QueryInvalid(ONLY_READS)
    position = error.position
    if position is not None:  # the engine counts bytes
        position = len(statement.encode()[:position].decode(errors="ignore"))
    return QueryInvalid(f"{_SCOPE.sub('', str(error)).rstrip(' .:')}.", position)


def _allowed(store: Store) -> frozenset[str]:
    if store not in _functions:
        found = store.query(
            "WITH safe AS (SELECT name FROM system.functions WHERE is_aggregate OR categories IN {safe:Array(String)}) "
            "SELECT lower(name) FROM system.functions WHERE name IN safe OR alias_to IN safe",
            {"safe": list(SAFE_CATEGORIES)},
        )
        _functions[store] = frozenset(row[0] for row in found.rows)
    return _functions[store]
