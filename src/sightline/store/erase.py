"""Deletes the records of one person or of one trace, in every table that has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sightline.store.cluster import LOCAL
from sightline.store.parameters import literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sightline.store.connect import Store

USER_KEYS: Final = ("user_id", "user.id", "enduser.id", "sightline.user_id")
"""Attributes that say whose a record is."""

LONGEST_S: Final = 3600.0
"""Longest that a deletion may take for one table: every part that has such a row is written anew."""

SERIES_AT_ONCE: Final = 5_000
"""Series whose samples one statement deletes: their numbers stand in it."""

_COLUMNS: Final = """
SELECT t.name, groupArray((c.name, c.type))
FROM system.tables AS t JOIN system.columns AS c ON c.database = t.database AND c.table = t.name
WHERE t.database = currentDatabase() AND t.engine LIKE '%MergeTree' AND (
    c.name IN ('TraceId', 'UserId')
    OR (c.type LIKE '%Map(%' AND c.name NOT IN ('ResourceAttributes', 'ScopeAttributes', 'Statuses')))
GROUP BY t.name
ORDER BY t.name
"""
_SERIES: Final = "metric_series"
_OF_SERIES: Final = ("metric_samples", "metric_histograms", "metric_exemplars")


def find(store: Store, *, user: str = "", trace: str = "") -> dict[str, int]:
    """
    Count what would be deleted, by table; tables without any are left out.

    Args:
        store: where.
        user: whose records: ``UserId``, or one of ``USER_KEYS`` among the attributes or labels.
        trace: records with this trace id.

    Raises:
        ValueError: unless exactly one of the two is given.
    """
    found: dict[str, int] = {}
    for table, condition in _conditions(store, user, trace):
        count = store.query(f"SELECT count() FROM `{table}` WHERE {condition}", seconds=LONGEST_S).scalar()  # noqa: S608 - quoted by literal
        if count:
            found[table] = found.get(table, 0) + count
    return found


def erase(store: Store, *, user: str = "", trace: str = "") -> dict[str, int]:
    """
    Delete, and return when no table has them any more; gives the numbers by table, as ``find`` does.

    The engine takes the parts that had them from the disk some minutes later.

    Raises:
        ValueError: unless exactly one of the two is given.
        StoreUnavailable: if the store does not answer.
    """
    found = find(store, user=user, trace=trace)
    for table, condition in list(_conditions(store, user, trace)):
        if table in found:
            name = "".join(store.local(table))
            store.query(
                f"ALTER TABLE {name} DELETE WHERE {condition} SETTINGS mutations_sync = 2",
                readonly=False, seconds=LONGEST_S,
            )  # fmt: skip
    return found


def _conditions(store: Store, user: str, trace: str) -> Iterator[tuple[str, str]]:
    """Give tables and what is deleted from them; samples, which have only their series' number, before the series."""
    if bool(user) == bool(trace):
        raise ValueError("Name a user or a trace, one of the two.")
    for name, columns in store.query(_COLUMNS).rows:
        table = name.removesuffix(LOCAL)
        condition = " OR ".join(filter(None, (_condition(column, kind, user, trace) for column, kind in columns)))
        if not condition:
            continue
        if table == _SERIES:
            asked = f"SELECT DISTINCT SeriesId FROM {table} WHERE {condition}"  # noqa: S608 - quoted by literal
            numbers = [str(number) for (number,) in store.query(asked).rows]
            for start in range(0, len(numbers), SERIES_AT_ONCE):
                some = ", ".join(numbers[start : start + SERIES_AT_ONCE])
                yield from ((samples, f"SeriesId IN ({some})") for samples in _OF_SERIES)
        yield table, condition


def _condition(name: str, kind: str, user: str, trace: str) -> str:
    if trace:
        return f"`{name}` = {literal(trace.lower())}" if name == "TraceId" else ""
    if name == "UserId":
        return f"`{name}` = {literal(user)}"
    if "Map(" not in kind:
        return ""
    if kind.startswith("Array("):
        return f"arrayExists(one -> {_names('one', user)}, `{name}`)"
    return _names(f"`{name}`", user)


def _names(attributes: str, user: str) -> str:
    return " OR ".join(f"{attributes}[{literal(key)}] = {literal(user)}" for key in USER_KEYS)
