"""``sightline store export``: a directory of Parquet files, one a day; what was cut off goes on where it was."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from sightline.base.errors import SettingInvalid, StoreUnavailable
from sightline.cli import show
from sightline.cli.options import as_time
from sightline.cli.places import check_written
from sightline.query.timerange import parse_range, rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sightline.cli.answers import Answers

MANIFEST: Final = "_export.json"
"""What the export is; readers of directories of Parquet pass over names that begin so."""

ALL: Final = "0"
"""The begin of an export that names none."""


class Wanted(msgspec.Struct, frozen=True):
    """What was asked for, in the words of whoever asked."""

    kind: str
    search: str
    since: str
    until: str


class Begun(msgspec.Struct, frozen=True):
    """What was asked for, and the range that it was when it was begun."""

    wanted: Wanted
    start: str
    end: str


class File(msgspec.Struct):
    """One file; *known* says that it was there already."""

    file: str
    rows: int
    bytes: int
    known: bool


def export(answers: Answers, directory: Path, wanted: Wanted, *, as_json: bool) -> None:
    """
    Write what is missing of an export.

    Raises:
        SettingInvalid: if the directory holds anything else.
        StoreUnavailable: if a file came that is not whole.
    """
    begun = _begin(directory, wanted)
    asked = {"kind": wanted.kind, "query": wanted.search, "start": begun.start, "end": begun.end}
    plan = answers.get("/api/v1/export/days", asked)
    files = []
    with _progress(plan["rows"], quiet=as_json) as told:
        for day in plan["days"]:
            found = _day(answers, directory, asked | {"start": day["start"], "end": day["end"]}, day["day"])
            told(day["day"], day["rows"])
            files.append(found)
    rows, size = sum(found.rows for found in files), sum(found.bytes for found in files)
    if as_json:
        show.json_lines([{"path": str(directory), "rows": rows, "bytes": size, "files": files}])
    else:
        print(f"{directory}: {rows:,} records in {len(files):,} files, {size:,} bytes.")


def _begin(directory: Path, wanted: Wanted) -> Begun:
    """Begin an export, or go on with one."""
    manifest = directory / MANIFEST
    check_written(directory)
    if not any(directory.iterdir()):
        range_ = parse_range(as_time(wanted.since) or ALL, as_time(wanted.until), time.time_ns())
        begun = Begun(wanted, rfc3339(range_.start_ns), rfc3339(range_.end_ns))
        manifest.write_bytes(msgspec.json.encode(begun) + b"\n")
        return begun
    try:
        begun = msgspec.json.decode(manifest.read_bytes(), type=Begun)
    except (OSError, msgspec.MsgspecError):
        raise SettingInvalid(f"{directory} exists and is no export. Name a directory that does not exist.") from None
    if begun.wanted != wanted:
        had = ", ".join(f"{name} {value!r}" for name, value in msgspec.structs.asdict(begun.wanted).items() if value)
        raise SettingInvalid(
            f"{directory} is another export: {had}. Ask for the same again to go on with it, or name another directory."
        )
    show.note(f"Goes on with the export of {begun.start} to {begun.end}.")
    return begun


def _day(answers: Answers, directory: Path, asked: dict[str, Any], day: str) -> File:
    """Write one day's file, unless it is there: it gets its name when it is whole."""
    path, hidden = directory / f"{day}.parquet", directory / f".{day}.parquet"
    known = path.exists()
    if not known:
        with hidden.open("wb") as file:
            for piece in answers.stream("/api/v1/export", asked):
                file.write(piece)
    try:
        rows = pq.read_metadata(path if known else hidden).num_rows
    except pa.ArrowInvalid as error:
        raise StoreUnavailable(f"The file of {day} is not whole: {error}. Ask again to go on.") from None
    if not known:
        hidden.rename(path)
    return File(path.name, rows, path.stat().st_size, known)


@contextmanager
def _progress(rows: int, *, quiet: bool) -> Iterator[Callable[[str, int], None]]:
    """Show how far it got; nothing where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield lambda _day, _rows: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("Exporting", total=rows)
        yield lambda day, done: shown.update(task, advance=done, description=day)
