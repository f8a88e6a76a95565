"""
The schema on a cluster: each statement of ``store/schema`` as the statements that a cluster needs.

A table that keeps rows becomes a replicated one on each shard, ``otel_logs_local``, and one in front of all shards,
``otel_logs``. Doors, which keep nothing, are spread in the same way: rows are divided among the shards there, and the
views behind a door work on their own shard, where a deduplication token holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sightline.base.errors import StoreUnavailable

LOCAL: Final = "_local"
"""What the name of a table ends with that has one shard's rows."""

KEPT_S: Final = 7 * 86400
"""Seconds for which the cluster remembers tokens, as long as no more than its window of inserts come."""

QUERY_SETTINGS: Final = {"distributed_product_mode": "global"}
"""Settings of questions: what a subquery finds is sent to every shard."""

INSERT_SETTINGS: Final = {"distributed_foreground_insert": 1, "insert_distributed_one_random_shard": 0}
"""Settings of inserts: they return when every shard has its rows."""

_CREATE: Final = re.compile(
    r"CREATE TABLE IF NOT EXISTS (?P<name>\w+)\s*(?P<columns>\(.*\))\s*ENGINE = (?P<engine>\w+)(?:\(\))?(?P<rest>.*)",
    re.DOTALL,
)
_VIEW: Final = re.compile(
    r"CREATE MATERIALIZED VIEW IF NOT EXISTS (?P<name>\w+)\s+TO (?P<target>\w+)\s+AS\b(?P<select>.*)", re.DOTALL
)
_PLAIN_VIEW: Final = re.compile(
    r"CREATE (?P<kind>(?:OR REPLACE )?VIEW(?: IF NOT EXISTS)?) (?P<name>\w+)(?P<rest>.*)", re.DOTALL
)
_ALTER: Final = re.compile(r"ALTER TABLE (?P<name>\w+)\s+(?P<change>.*)", re.DOTALL)
_DROP: Final = re.compile(r"DROP (?P<kind>VIEW|TABLE) IF EXISTS (?P<name>\w+)(?P<rest>.*)", re.DOTALL)
_FROM: Final = re.compile(r"\bFROM (?P<name>\w+)(?: AS (?P<alias>\w+))?\b(?!\s*\()")
_COLUMN: Final = re.compile(r"^    (\w+) ", re.MULTILINE)
_ORDER: Final = re.compile(r"\bORDER BY \(?([^)\n]*)")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster's name and the database of the tables."""

    name: str
    database: str

    def local(self, table: str) -> str:
        """Name one shard's table, on all nodes, as statements that change it need."""
        return f"{table}{LOCAL} {self._everywhere}"

    def write(self, statement: str) -> tuple[str, ...]:
        """
        Write one statement of the schema for the cluster.

        Raises:
            StoreUnavailable: if it is of a kind that is not known here.
        """
        if found := _CREATE.fullmatch(statement):
            return self._tables(found["name"], found["columns"], found["engine"], found["rest"])
        if found := _VIEW.fullmatch(statement):
            select = _FROM.sub(_from_local, found["select"])
            return (
                (
                    f"CREATE MATERIALIZED VIEW IF NOT EXISTS {found['name']} {self._everywhere} "
                    f"TO {found['target']}{LOCAL} AS{select}"
                ),
            )
        if found := _PLAIN_VIEW.fullmatch(statement):
            return (f"CREATE {found['kind']} {found['name']} {self._everywhere}{found['rest']}",)
        if found := _ALTER.fullmatch(statement):
            return self._alter(found["name"], found["change"])
        if statement.startswith("INSERT INTO "):
            return (statement,)
        if found := _DROP.fullmatch(statement):
            names = [found["name"]] + [f"{found['name']}{LOCAL}"] * (found["kind"] == "TABLE")
            return tuple(f"DROP {found['kind']} IF EXISTS {name} {self._everywhere}{found['rest']}" for name in names)
        raise StoreUnavailable(f"The schema has a statement that cannot be written for a cluster: {statement[:80]}…")

    def journal(self, statement: str) -> tuple[str, ...]:
        """Write the table that remembers what was applied: one copy on every node, whatever its shard."""
        found = _CREATE.fullmatch(statement.strip())
        assert found is not None
        path = f"'/clickhouse/tables/{{database}}/{found['name']}', '{{shard}}-{{replica}}'"
        return (
            (
                f"CREATE TABLE IF NOT EXISTS {found['name']} {self._everywhere}\n{found['columns']}\n"
                f"ENGINE = ReplicatedMergeTree({path}){found['rest']}"
            ),
        )

    @property
    def _everywhere(self) -> str:
        return f"ON CLUSTER `{self.name}`"

    def _tables(self, name: str, columns: str, engine: str, rest: str) -> tuple[str, ...]:
        local = f"{name}{LOCAL}"
        front = (
            f"CREATE TABLE IF NOT EXISTS {name} {self._everywhere} AS {local}\n"
            f"ENGINE = Distributed(`{self.name}`, {self.database}, {local}, {_shard(columns, rest)})"
        )
        own = f"CREATE TABLE IF NOT EXISTS {local} {self._everywhere}\n{columns}\nENGINE = "
        if not engine.endswith("MergeTree"):
            return (f"{own}{engine}{rest}", front)
        path = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
        return (f"{own}Replicated{engine}({path}){_replicated(rest)}", front)

    def _alter(self, name: str, change: str) -> tuple[str, ...]:
        own = f"ALTER TABLE {self.local(name)} {change}"
        if re.search(r"\b(ADD|DROP|MODIFY|RENAME) COLUMN\b", change):
            return (own, f"ALTER TABLE {name} {self._everywhere} {change}")
        return (_replicated(own),)


def _from_local(found: re.Match[str]) -> str:
    """Read from the shard's own table; its columns keep the names that the view has for them."""
    return f"FROM {found['name']}{LOCAL} AS {found['alias'] or found['name']}"


def _replicated(text: str) -> str:
    """Turn the window of tokens into that of a replicated table, whose default ends after an hour."""
    return re.sub(
        r"\bnon_replicated_deduplication_window = (\d+)",
        rf"replicated_deduplication_window = \1, replicated_deduplication_window_seconds = {KEPT_S}",
        text,
    )


def _shard(columns: str, rest: str) -> str:
    """
    Choose what divides a table's rows.

    Never chance: an insert that is sent again has to be divided as before, or its token would not hold. A trace's
    records stay together, as do a series' samples.
    """
    names = set(_COLUMN.findall(columns))
    if "SeriesId" in names:
        return "SeriesId"
    for trace, others in (("TraceId", ("Timestamp", "Body", "UserId", "Stack")), ("trace", ("instance",))):
        if trace in names:
            rest_of = ", ".join(name for name in others if name in names) or trace
            return f"if({trace} = '', cityHash64({rest_of}), cityHash64({trace}))"
    order = _ORDER.search(rest)
    return f"cityHash64({order[1] if order else min(names)})"
