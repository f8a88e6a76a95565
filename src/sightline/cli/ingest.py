"""``sightline ingest``: takes in log files, and follows them."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from sightline.base.errors import DecodeError, SightlineError
from sightline.cli import show
from sightline.cli.main import NoServerAnswers
from sightline.cli.options import Home, Json, Server  # noqa: TC001 - Typer reads the annotations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sightline.cli.log_files import FileTaken, Sender

LOOK_S: Final = 0.5
"""Seconds between two looks at files that are followed."""


class NotAllTaken(SightlineError):
    """Some of the files could not be taken in; the summary says which and why."""


def ingest(
    files: Annotated[list[str], typer.Argument(help="Files or patterns; - is standard input. Gzip and zstd work.")],
    form: Annotated[
        str, typer.Option("--format", help="json, access, bracketed, python, gunicorn, uvicorn, syslog, logfmt, plain.")
    ] = "",
    service: Annotated[
        str, typer.Option("--service", help="Name of the service of lines that name none. Default: each file's.")
    ] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written, until Ctrl-C.")] = False,
    since_start: Annotated[
        bool,
        typer.Option("--since-start/--resume", help="Store files once more, or go on where they were stored to."),
    ] = False,
    server: Server = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    Take in log files: what is stored already is not stored again.

    The format is recognised by the first lines; lines that are not of it are stored as they are. Without a server the
    store is opened directly.
    """
    from sightline.cli.answers import find_home
    from sightline.cli.log_files import Sender, find
    from sightline.wire.logfile.formats import named

    if form:
        try:
            named(form)
        except DecodeError as error:
            raise typer.BadParameter(str(error)) from None
    paths = find(name for name in files if name != "-")
    find_home(home).mkdir(parents=True, exist_ok=True)
    (find_home(home) / "spool").mkdir(exist_ok=True)
    started = time.perf_counter()
    with _open(server, home) as answers, _progress(paths, quiet=as_json) as told:
        sender = Sender(answers, form=form, service=service, again=since_start, told=told)
        taken = [sender.stream(sys.stdin.buffer)] if "-" in files else []
        if follow:
            _follow(sender, files, as_json=as_json)
            return
        taken += [_one(sender, path) for path in paths]
    _summary(taken, time.perf_counter() - started, as_json=as_json)
    if any(found.trouble for found in taken):
        raise NotAllTaken(
            "Not all could be taken in; what is stored stays, and the same command goes on with the rest."
        )


def _open(server: str | None, home: Path | None):  # type: ignore[no-untyped-def] # noqa: ANN202 - of open_answers
    from sightline.cli.answers import open_answers

    return open_answers(server, home)


def _one(sender: Sender, path: Path) -> FileTaken:
    from sightline.cli.log_files import FileTaken

    try:
        return sender.file(path)
    except NoServerAnswers:
        raise
    except (OSError, SightlineError) as error:
        return FileTaken(str(path), trouble=str(error))


def _follow(sender: Sender, names: Sequence[str], *, as_json: bool) -> None:
    from sightline.cli.follow_files import Following

    following = Following(sender, [name for name in names if name != "-"], show.note)
    try:
        while True:
            for taken in following.look():
                _line(taken, as_json=as_json)
            if not following.more:
                time.sleep(LOOK_S)
    finally:
        following.close()


def _line(taken: FileTaken, *, as_json: bool) -> None:
    if as_json:
        show.json_lines([taken])
    else:
        show.note(f"{taken.path}: {taken.records:,} records ({taken.format})")


@contextmanager
def _progress(paths: Sequence[Path], *, quiet: bool) -> Iterator[Callable[[FileTaken, int], None]]:
    """Show how far it got, how fast, and how long it takes; nothing where nobody looks."""
    if quiet or not sys.stderr.isatty() or not paths:
        yield lambda _taken, _bytes: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("Taking in", total=sum(path.stat().st_size for path in paths))

        def told(taken: FileTaken, size: int) -> None:
            shown.update(task, advance=size, description=Path(taken.path).name[:40])

        yield told


def _summary(taken: list[FileTaken], seconds: float, *, as_json: bool) -> None:
    if as_json:
        show.json_object(
            {
                "files": taken, "bytes": sum(found.bytes for found in taken),
                "records": sum(found.records for found in taken), "unread": sum(found.unread for found in taken),
                "seconds": round(seconds, 3),
            }
        )  # fmt: skip
        return
    rows = [
        [found.path, found.format or "-", show.human_bytes(found.bytes), found.records, found.unread,
         found.trouble or ("stored already" if found.known_bytes and not found.bytes else "")]
        for found in taken
    ]  # fmt: skip
    show.table(["file", "format", "read", "records", "not of the format", ""], rows, right=frozenset({2, 3, 4}))
    total = sum(found.bytes for found in taken)
    show.note(
        f"{sum(found.records for found in taken):,} records in {seconds:.1f} s ({total / 1e6 / seconds:.1f} MB/s)."
    )
