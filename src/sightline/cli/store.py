"""``sightline store``: what the store holds; backups, export, deletion, and the schema of a cluster."""

from __future__ import annotations

import shutil
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from sightline.base.errors import SettingInvalid, StoreUnavailable
from sightline.cli import show
from sightline.cli.options import Home, Json, Server  # noqa: TC001 - Typer reads the annotations
from sightline.cli.places import check_new
from sightline.query.export import Kind  # noqa: TC001 - as above

if TYPE_CHECKING:
    from sightline.cli.answers import Answers

POLL_S: Final = 0.2
"""Seconds between two looks at a backup that runs."""


class Action(StrEnum):
    """What to do."""

    STATS = "stats"
    BACKUP = "backup"
    RESTORE = "restore"
    EXPORT = "export"
    DELETE = "delete"
    DDL = "ddl"


def store(
    action: Annotated[Action, typer.Argument(help="stats, backup, restore, export, delete or ddl.")],
    path: Annotated[Path | None, typer.Argument(help="backup, restore, export: the directory.")] = None,
    kind: Annotated[Kind, typer.Option("--kind", help="export: which records.")] = "logs",
    query: Annotated[str, typer.Option("--search", help="export: only those that match; logs, traces, events.")] = "",
    since: Annotated[str, typer.Option("--since", help="export: begin here, as in search. Default: all.")] = "",
    until: Annotated[str, typer.Option("--until", help="export: end here. Default: now.")] = "",
    user: Annotated[str, typer.Option("--user", help="delete: whose records.")] = "",
    trace: Annotated[str, typer.Option("--trace", help="delete: the trace's id.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="delete: do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="delete: only count.")] = False,
    cluster: Annotated[str, typer.Option("--cluster", help="ddl: the cluster's name; a single engine without.")] = "",
    server: Server = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    Look after the store: sightline store stats, backup PATH, restore PATH, export PATH, delete --user U, ddl.

    stats shows rows, bytes and growth by table. backup copies one moment of store and state while the server runs;
    restore makes a new home of it. export writes Parquet files, one a day; the same command again goes on with what was
    cut off. delete takes the records of one user or trace out of every table, for good. ddl
    prints the schema.
    """
    from sightline.cli.answers import open_answers

    if action is Action.DELETE and bool(user) == bool(trace):
        raise typer.BadParameter("Name whose records are deleted: --user or --trace, one of the two.")
    if action is Action.DDL:
        _ddl(cluster)
    elif action is Action.RESTORE:
        _restore(_given(path), home, as_json=as_json)
    else:
        with open_answers(server, home) as answers:
            if action is Action.STATS:
                _stats(answers.get("/api/v1/store/stats"), as_json=as_json)
            elif action is Action.BACKUP:
                _backup(answers, _given(path), as_json=as_json)
            elif action is Action.EXPORT:
                _export(answers, _given(path), (kind, query, since, until), as_json=as_json)
            else:
                _delete(answers, {"user": user, "trace": trace}, yes=yes, dry_run=dry_run, as_json=as_json)


def _given(path: Path | None) -> Path:
    if path is None:
        raise SettingInvalid("The directory is missing: sightline store backup PATH, or export PATH.")
    return path.expanduser().resolve()


def _stats(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show.json_lines([found])
        return
    columns = ["rows", "disk_bytes", "raw_bytes", "ratio", "bytes_a_row", "grown_a_day_bytes"]
    rows = [[row["table"], *(f"{row[name]:,}" for name in columns)] for row in found["tables"]]
    show.table(["table", *columns], rows, right=frozenset(range(1, 7)))
    days = found["days_to_full"]
    free = "" if found["free_bytes"] is None else f", {found['free_bytes']:,} are free"
    full = "" if days is None else f", full in {days:,} days at this pace"
    print(f"{found['place']}: {found['disk_bytes']:,} bytes{free}{full}.")


def _backup(answers: Answers, path: Path, *, as_json: bool) -> None:
    check_new(path)
    told = answers.post("/api/v1/store/backups", {})
    copied = show.Copied()
    while told["state"] == "running":
        time.sleep(POLL_S)
        told = answers.get("/api/v1/store/backups")
        copied(told.get("done_bytes", 0), told.get("all_bytes", 0))
    if told["state"] == "failed":
        raise StoreUnavailable(f"There is no backup: {told['reason']}")
    made = Path(told["path"])
    try:
        if not made.is_dir():
            raise StoreUnavailable(f"The backup is on the server's machine, in {made}.")
        shutil.move(made, path)
    except OSError as error:
        why = error.strerror or "not all of it could be copied"
        raise StoreUnavailable(
            f"The backup is whole in {made}, and cannot be moved to {path}: {why}. Move it as a user who may."
        ) from None
    if as_json:
        show.json_lines([{"path": str(path), "bytes": told.get("all_bytes", 0), "rows": told.get("rows", {})}])
    else:
        print(f"{path}: {sum(told.get('rows', {}).values()):,} rows, {told.get('all_bytes', 0):,} bytes.")


def _restore(path: Path, home: Path | None, *, as_json: bool) -> None:
    from sightline.cli.answers import find_home
    from sightline.cli.values import value_of
    from sightline.server.lock import HomeLock
    from sightline.store.address import Embedded, of_home, read
    from sightline.store.backup import restore

    directory = find_home(home).expanduser().resolve()
    place = read(of_home(value_of("store"), directory))
    if not isinstance(place, Embedded):
        raise SettingInvalid(f"The store is the server at {place.place}: restore it there, with RESTORE DATABASE.")
    settings = {name: value_of(name) for name in ("memory_bytes", "retention", "environment")}
    with HomeLock(directory):
        made = restore(path, place.directory, directory / "state.db", settings, show.Copied())
    if as_json:
        show.json_lines([{"home": str(directory), "rows": made.rows}])
    else:
        print(f"{directory}: {sum(made.rows.values()):,} rows. Start it: sightline serve --home {directory}")


def _export(answers: Answers, path: Path, wanted: tuple[str, str, str, str], *, as_json: bool) -> None:
    from sightline.cli.store_export import Wanted, export

    export(answers, path, Wanted(*wanted), as_json=as_json)


def _delete(answers: Answers, what: dict[str, str], *, yes: bool, dry_run: bool, as_json: bool) -> None:
    found = answers.delete("/api/v1/store/records", {**what, "dry_run": "true"})["rows"]
    if not found and not as_json:
        show.note("No table has such a record.")
    elif not as_json:
        show.table(["table", "records"], [[table, f"{rows:,}"] for table, rows in found.items()], right=frozenset({1}))
    done = bool(found) and not dry_run
    if done and not yes:
        typer.confirm(f"Delete {sum(found.values()):,} records for good?", abort=True)
    if done:
        found = answers.delete("/api/v1/store/records", {**what, "dry_run": "false"})["rows"]
    if as_json:
        show.json_lines([{"rows": found, "deleted": done}])
    elif done:
        print(f"{sum(found.values()):,} records are deleted.")


def _ddl(cluster: str) -> None:
    from sightline.store.cluster import Cluster
    from sightline.store.migrate import TABLE, migrations, written

    target = Cluster(cluster, "sightline") if cluster else None
    statements = list(target.journal(TABLE)) if target else [TABLE.strip()]
    for migration in migrations():
        statements += written(migration, target)
    print(";\n\n".join(statements) + ";")
