"""
Copies of the embedded store: parts never change, so a moment's parts are linked aside and then copied in peace.

A backup is a directory: ``backup.json``, ``state.db`` and ``tables/<table>/<part>/``; docs/formats/backup.md.
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import msgspec

from sightline.base.errors import StoreUnavailable
from sightline.store import keep
from sightline.store.connect import Store
from sightline.store.migrate import migrations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Progress = Callable[[int, int], None]

MANIFEST: Final = "backup.json"
FORMAT: Final = 1
LONGEST_S: Final = 3600.0

_TABLES: Final = """
SELECT name, arrayElement(data_paths, 1) FROM system.tables
WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name != 'schema_migrations' ORDER BY name
"""


class Manifest(msgspec.Struct, frozen=True):
    """
    What a backup is.

    Attributes:
        format: of the backup, ``FORMAT``.
        schema: number of the last migration of the tables.
        rows: by table.
        bytes: of all files.
    """

    format: int
    schema: int
    rows: dict[str, int]
    bytes: int


class Frozen(msgspec.Struct, frozen=True):
    """Parts that were linked aside: where, by table."""

    place: Path
    parts: dict[str, list[Path]]


def freeze(store: Store) -> Frozen:
    """
    Link the parts of this moment aside. Takes milliseconds; whoever needs one moment for all tables stops inserts.

    Raises:
        StoreUnavailable: if the store is a server, which has its own BACKUP.
    """
    if store.directory is None:
        raise StoreUnavailable(
            f"The store at {store.place} is a ClickHouse server: back it up there, with BACKUP DATABASE … TO Disk(…)."
        )
    name = f"backup{uuid4().hex}"  # letters and digits: others the engine writes differently on disk
    shadow = store.directory / "shadow" / name
    parts = {}
    for table, path in store.query(_TABLES).rows:
        store.query(f"ALTER TABLE `{table}` FREEZE WITH NAME '{name}'", readonly=False, seconds=LONGEST_S)
        linked = shadow / Path(path).relative_to(store.directory)
        parts[table] = sorted(found for found in linked.iterdir() if found.is_dir()) if linked.is_dir() else []
    active = store.query("SELECT sum(rows) FROM system.parts WHERE active AND database = currentDatabase()").scalar()
    if active and not any(parts.values()) and not shadow.is_dir():
        raise StoreUnavailable(f"The engine linked nothing to {shadow}; the backup would be empty.")
    return Frozen(shadow, parts)


def copy_state(source: Path, target: Path) -> None:
    """Copy the server's SQLite as of one moment, however busy it is."""
    with sqlite3.connect(source) as live, sqlite3.connect(target) as copy:
        live.backup(copy)
    live.close()
    copy.close()


def write(frozen: Frozen, target: Path, progress: Progress) -> Manifest:
    """
    Copy frozen parts to *target*, and let go of them. The manifest is written last: without one it is no backup.

    Args:
        frozen: what ``freeze`` gave.
        target: an existing directory.
        progress: called with the bytes that are copied, and with all.
    """
    files = [path for parts in frozen.parts.values() for part in parts for path in part.rglob("*") if path.is_file()]
    whole, done = sum(path.stat().st_size for path in files), 0
    rows = dict.fromkeys(frozen.parts, 0)
    try:
        for table, parts in frozen.parts.items():
            for part in parts:
                shutil.copytree(part, target / "tables" / table / part.name)
                rows[table] += int((part / "count.txt").read_text())
                done += sum(path.stat().st_size for path in part.rglob("*") if path.is_file())
                progress(done, whole)
    finally:
        shutil.rmtree(frozen.place, ignore_errors=True)
    manifest = Manifest(FORMAT, migrations()[-1].number, rows, whole)
    (target / MANIFEST).write_bytes(msgspec.json.encode(manifest) + b"\n")
    return manifest


def read_manifest(source: Path) -> Manifest:
    """
    Read what a backup is.

    Raises:
        StoreUnavailable: if it is none, is not whole, or is of a newer version.
    """
    try:
        found = msgspec.json.decode((source / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise StoreUnavailable(f"{source} is no whole backup: {error}. Name a directory with {MANIFEST}.") from None
    newest = migrations()[-1].number
    if found.format > FORMAT or found.schema > newest:
        raise StoreUnavailable(
            f"The backup {source} has format {found.format} and schema {found.schema}; this version knows up to "
            f"{FORMAT} and {newest}. Upgrade sightline."
        )
    return found


def restore(source: Path, place: Path, state: Path, settings: Mapping[str, Any], progress: Progress) -> Manifest:
    """
    Make a store and the server's state as they were; the caller holds the home's lock.

    Args:
        source: the backup.
        place: where the store will be.
        state: where the server's SQLite will be.
        settings: ``memory_bytes``, and ``retention`` and ``environment``, without which records would go that are to
            be kept longer than by default.
        progress: called with the bytes that are copied, and with all.

    Raises:
        StoreUnavailable: if it is no backup, or there are records already, or a row is missing afterwards.
    """
    manifest = read_manifest(source)
    for path in (place, state):
        if path.exists():
            raise StoreUnavailable(f"{path} exists. Restore into an empty home, or move it away first.")
    if not (source / "state.db").is_file():
        raise StoreUnavailable(
            f"{source} is no whole backup: it has no state.db, without which lines would be stored twice. Name "
            "another one, or copy this one again."
        )
    hidden = place.with_name(f".{place.name}.restoring")
    shutil.rmtree(hidden, ignore_errors=True)
    store = Store.open(f"chdb://{hidden}", memory_bytes=settings["memory_bytes"], upto=manifest.schema)
    try:
        keep.apply(store, settings["retention"] or {}, settings["environment"] or "")
        # Rows that a merge takes together would be missing when they are counted.
        store.merge(on=False)
        done = 0
        for table, path in store.query(_TABLES).rows:
            for part in sorted((source / "tables" / table).glob("*")):
                shutil.copytree(part, Path(path) / "detached" / part.name)
                done += sum(file.stat().st_size for file in part.rglob("*") if file.is_file())
                progress(done, manifest.bytes)
            _attach(store, table, manifest.rows.get(table, 0))
    finally:
        store.close()
    copied = state.with_name(f".{state.name}.restoring")
    shutil.copyfile(source / "state.db", copied)
    hidden.rename(place)
    copied.rename(state)
    return manifest


def _attach(store: Store, table: str, rows: int) -> None:
    if not rows:
        return
    store.query(f"ALTER TABLE `{table}` ATTACH PARTITION ALL", readonly=False, seconds=LONGEST_S)
    asked = (
        "SELECT sum(rows) FROM system.parts WHERE active AND database = currentDatabase() AND table = {table:String}"
    )
    found = store.query(asked, {"table": table}).scalar()
    if found != rows:
        raise StoreUnavailable(f"Of {rows:,} rows of {table} in the backup, {found:,} were restored. It is damaged.")
