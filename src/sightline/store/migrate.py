"""Numbered files of SQL, each applied once; migrating an old store and creating a new one are the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

from sightline.base.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from sightline.store.cluster import Cluster
    from sightline.store.result import Result

TABLE: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations
(
    Number UInt32,
    Name String,
    Applied DateTime64(3) DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY Number
"""

_MADE: Final = re.compile(r"CREATE (?:TABLE|MATERIALIZED VIEW|VIEW) IF NOT EXISTS (?P<name>\w+)")
_DROPPED: Final = re.compile(r"DROP (?:TABLE|VIEW) IF EXISTS (?P<name>\w+)")


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, its name and its statements."""

    number: int
    name: str
    statements: tuple[str, ...]


def migrations() -> list[Migration]:
    """Read all files of ``store/schema``, in the order of their numbers."""
    files = resources.files("sightline.store").joinpath("schema").iterdir()
    return sorted(
        (
            Migration(int(entry.name[:4]), entry.name.removesuffix(".sql"), split(entry.read_text(encoding="utf-8")))
            for entry in files
            if entry.name.endswith(".sql")
        ),
        key=lambda migration: migration.number,
    )


def split(text: str) -> tuple[str, ...]:
    """Cut a file into statements: each ends with ``;`` at the end of a line. Comment lines are dropped."""
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return tuple(statement.strip() for statement in f"{kept}\n".split(";\n") if statement.strip())


def written(migration: Migration, cluster: Cluster | None) -> list[str]:
    """Give the statements of a migration as they are for a single engine, or for a cluster."""
    if cluster is None:
        return list(migration.statements)
    return [text for statement in migration.statements for text in cluster.write(statement)]


def migrate(execute: Callable[[str], Result], cluster: Cluster | None = None, *, upto: int | None = None) -> list[str]:
    """
    Bring the store to this version's schema.

    Each statement can be run twice, so that a migration that was cut off is simply run again.

    Args:
        execute: runs one statement.
        cluster: what the statements are written for; a single engine where it is None.
        upto: number of the last migration to apply; all where it is None.

    Returns:
        The names of the migrations that were applied now.

    Raises:
        StoreUnavailable: if the store was made by a newer version, or lacks a table that it once had.
    """
    for statement in cluster.journal(TABLE) if cluster else (TABLE,):
        execute(statement)
    applied = {number for (number,) in execute("SELECT DISTINCT Number FROM schema_migrations").rows}
    known = migrations()
    newest = known[-1].number
    if applied and max(applied) > newest:
        raise StoreUnavailable(
            f"The store has schema {max(applied)}, this version knows up to {newest}. Upgrade sightline, or use "
            "another SIGHTLINE_HOME."
        )
    _check_whole(execute, [migration for migration in known if migration.number in applied])
    done = []
    for migration in known:
        if migration.number in applied or (upto is not None and migration.number > upto):
            continue
        for statement in written(migration, cluster):
            execute(statement)
        record = f"INSERT INTO schema_migrations (Number, Name) VALUES ({migration.number}, '{migration.name}')"  # noqa: S608 - a file's name
        execute(record)
        done.append(migration.name)
    return done


def _check_whole(execute: Callable[[str], Result], applied: list[Migration]) -> None:
    """A table that is gone would fail every insert later, with nobody knowing why."""
    expected: set[str] = set()
    for statement in (text for migration in applied for text in migration.statements):
        if found := _MADE.match(statement):
            expected.add(found["name"])
        elif found := _DROPPED.match(statement):
            expected.discard(found["name"])
    if not expected:
        return
    there = {name for (name,) in execute("SELECT name FROM system.tables WHERE database = currentDatabase()").rows}
    if missing := expected - there:
        raise StoreUnavailable(
            f"The store has lost {', '.join(sorted(missing))}: files of its directory are missing. Restore a backup "
            "(sightline store restore), or move the directory away to begin anew."
        )
