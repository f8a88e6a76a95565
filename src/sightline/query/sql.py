"""SQL of users: what may run, and what is wrong with it where it may not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import msgspec

from sightline.base.errors import QueryInvalid
from sightline.query.statement import MAX_STATEMENT_LENGTH, ONLY_READS, SAFE_CATEGORIES, Allowed, check_statement

if TYPE_CHECKING:
    from sightline.store.connect import Store

_DESCRIBE: Final = re.compile(r"\s*(?:describe|desc)\s+(?:table\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*;?\s*", re.IGNORECASE)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")

_PARSE: Final = "SELECT parseQueryToJSON({statement:String}), formatQuerySingleLine({statement:String})"
_SCOPE: Final = re.compile(r"(?:\. Expected\b|:? In scope SELECT) .*", re.DOTALL)
"""What the engine adds to a message about the statement: every token there is, and how we asked."""


_found: WeakKeyDictionary[Store, Allowed] = WeakKeyDictionary()
"""What statements may name, for each store: another engine may have other functions."""


@dataclass(frozen=True, slots=True)
class Checked:
    """
    A statement that may run.

    Attributes:
        sql: as the engine writes what was checked.
        parameters: values of its parameters.
        selects: it is a SELECT, whose answer can be had piece by piece.
    """

    sql: str
    parameters: dict[str, Any]
    selects: bool


def check_sql(store: Store, statement: str, parameters: dict[str, Any] | None = None) -> Checked:
    """
    Let a statement through that reads Sightline's tables and does nothing else.

    Args:
        store: where it is to run.
        statement: SQL; ``{name:Type}`` stands for a parameter.
        parameters: values of the statement's parameters.

    Raises:
        QueryInvalid: if the statement is wrong or does anything else.
    """
    for name in parameters or {}:
        if not _NAME.fullmatch(name):
            raise QueryInvalid(f"{name[:64]!r} is no name of a parameter.")
    if described := _DESCRIBE.fullmatch(statement):
        sql = (
            "SELECT name, type, comment FROM system.columns "
            "WHERE database = currentDatabase() AND table = {table:String} ORDER BY position"
        )
        return Checked(sql, {"table": described[1]}, selects=True)
    tree, sql = _parsed(store, statement)
    try:
        check_statement(tree, _allowed(store))
    except RecursionError:
        raise QueryInvalid("The statement is nested too deep.") from None
    return Checked(sql, parameters or {}, selects=str(tree.get("type", "")).startswith("Select"))


def _parsed(store: Store, statement: str) -> tuple[dict[str, Any], str]:
    """Let the engine parse the statement as a value; give its tree, and the statement as the engine writes it."""
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
        return msgspec.json.decode(parsed[0]), str(parsed[1])
    except RecursionError:
        raise QueryInvalid("The statement is nested too deep.") from None


def _about(statement: str, error: QueryInvalid) -> QueryInvalid:
    """Say of the statement what the engine said of our question about it."""
    if "parseQueryToJSON" in _SCOPE.sub("", str(error)) or "JSON serialization" in str(error):
        return QueryInvalid(ONLY_READS)
    position = error.position
    if position is not None:  # the engine counts bytes
        position = len(statement.encode()[:position].decode(errors="ignore"))
    return QueryInvalid(f"{_SCOPE.sub('', str(error)).rstrip(' .:')}.", position)


def said_shortly(error: QueryInvalid) -> QueryInvalid:
    """Leave out of an engine's message how the statement was put to it; the place is of that, too."""
    return QueryInvalid(f"{_SCOPE.sub('', str(error)).rstrip(' .:')}.")


def _allowed(store: Store) -> Allowed:
    if store not in _found:
        found = store.query(
            "WITH safe AS (SELECT name FROM system.functions WHERE is_aggregate OR categories IN {safe:Array(String)}) "
            "SELECT groupArray(lower(name)), currentDatabase() FROM system.functions "
            "WHERE name IN safe OR alias_to IN safe",
            {"safe": list(SAFE_CATEGORIES)},
        )
        names, database = found.rows[0]
        _found[store] = Allowed(frozenset(names), database)
    return _found[store]
