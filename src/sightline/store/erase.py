"""Deletes the records of one person or of one trace, in every table that has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sightline.store.parameters import literal

if TYPE_CHECKING:
    from sightline.store.connect import Store

USER_KEYS: Final = ("user_id", "user.id", "enduser.id", "sightline.user_id")
"""Attributes that say whose a record is."""

LONGEST_S: Final = 3600.0
"""Longest that a deletion may take for one table: every part that has such a row is written anew."""

_COLUMNS: Final = """
SELECT t.name, groupArray((c.name, c.type))
FROM system.tables AS t JOIN system.columns AS c ON c.database = t.database AND c.table = t.name
WHERE t.database = currentDatabase() AND t.engine LIKE '%MergeTree' AND (
    c.name IN ('TraceId', 'UserId')
    OR (c.type LIKE 'Map(%' AND c.name NOT IN ('ResourceAttributes', 'ScopeAttributes')))
GROUP BY t.name
ORDER BY t.name
"""


def find(store: Store, *, user: str = "", trace: str = "") -> dict[str, int]:
    """
    Count what would be deleted, by table; tables without any are left out.

    Args:
        store: where.
        user: whose records: ``UserId``, or one of ``USER_KEYS`` among the attributes.
        trace: records with this trace id.

    Raises:
        ValueError: unless exactly one of the two is given.
    """
    found = {}
    for table, condition in _conditions(store, user, trace).items():
        count = store.query(f"SELECT count() FROM `{table}` WHERE {condition}", seconds=LONGEST_S).scalar()  # noqa: S608 - quoted by literal
        if count:
            found[table] = count
    return found


def erase(store: Store, *, user: str = "", trace: str = "") -> dict[str, int]:
    """
    Delete, and return when nothing of it is on disk any more; gives the numbers by table, as ``find`` does.

    Raises:
        ValueError: unless exactly one of the two is given.
        StoreUnavailable: if the store does not answer.
    """
    found = find(store, user=user, trace=trace)
    conditions = _conditions(store, user, trace)
    everywhere = store.local("")[1]
    for table in found:
        sync = "mutations_sync = 2"
        store.query(
            f"ALTER TABLE `{table}`{everywhere} DELETE WHERE {conditions[table]} SETTINGS {sync}",
            readonly=False, seconds=LONGEST_S,
        )  # fmt: skip
    return found


def _conditions(store: Store, user: str, trace: str) -> dict[str, str]:
    if bool(user) == bool(trace):
        raise ValueError("Name a user or a trace, one of the two.")
    written = {}
    for table, columns in store.query(_COLUMNS).rows:
        parts = [_condition(name, kind, user, trace) for name, kind in columns]
        if any(parts):
            written[table] = " OR ".join(part for part in parts if part)
    return written


def _condition(name: str, kind: str, user: str, trace: str) -> str:
    if trace:
        return f"`{name}` = {literal(trace)}" if name == "TraceId" else ""
    if name == "UserId":
        return f"`{name}` = {literal(user)}"
    if not kind.startswith("Map("):
        return ""
    return " OR ".join(f"`{name}`[{literal(key)}] = {literal(user)}" for key in USER_KEYS)
