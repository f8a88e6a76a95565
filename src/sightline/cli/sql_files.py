"""Answers to SQL as files: written while they come, whole or not at all, and said to be cut where they are."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec

from sightline.base.errors import SightlineError
from sightline.cli import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sightline.cli.answers import Answers

MOST_ROWS: Final = 1_000_000
"""Rows of a file where nothing is said, as the server has it."""

MARK: Final = b"sightline.truncated_by"
"""Key of the metadata of Arrow and Parquet that say why an answer was cut."""


class FileUnwritable(SightlineError):
    """A file that was named cannot be written."""


def write(answers: Answers, question: dict[str, Any], form: str, output: Path | None) -> None:
    """
    Write an answer as CSV, Arrow or Parquet to *output*, or to standard output.

    Raises:
        FileUnwritable: if the file cannot be written.
        Refused: if the statement is refused, or the answer broke off; no file is left then.
    """
    pieces = answers.stream("/api/v1/sql", {"format": form}, question)
    limit = question.get("limit", MOST_ROWS)
    if form == "csv":
        with _opened(output, sys.stdout.buffer) as file:
            rows = _copy_csv(pieces, file)
        if rows >= limit:
            show.note(f"The answer has as many rows as its limit, {limit:,}: there may be more. Raise --limit.")
        return
    with _readable(output) as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        cut = _cut(file, form)
    if cut:
        more = "Raise --limit." if cut == "rows" and limit < MOST_ROWS else "Ask for less at a time."
        show.note(f"The answer was cut at its limit of {cut}; there are more rows. {more}")


def write_lines(rows: Iterable[dict[str, Any]], output: Path) -> None:
    """Write one JSON object a line."""
    with _opened(output, sys.stdout.buffer) as file:
        for row in rows:
            file.write(msgspec.json.encode(row) + b"\n")


def _copy_csv(pieces: Iterator[bytes], file: IO[bytes]) -> int:
    """Copy whole rows, and count them without the line of names."""
    from sightline.query.sql_text import count_csv

    rows = -1
    for count, text in count_csv(pieces):
        rows += count
        file.write(text)
    return rows


def _cut(file: IO[bytes], form: str) -> str:
    """Read from a file why it was cut; empty where it is whole."""
    import pyarrow as pa
    from pyarrow import parquet

    file.seek(0)
    if form == "parquet":
        found = parquet.read_metadata(pa.PythonFile(file, mode="r")).metadata or {}
        return str(found.get(MARK, b"").decode())
    told = b""
    for _, metadata in pa.ipc.open_stream(file).iter_batches_with_custom_metadata():
        told = (metadata or {}).get(MARK, b"")
    return told.decode()


@contextmanager
def _readable(output: Path | None) -> Iterator[IO[bytes]]:
    """Open a file that can be read back before *output* gets what is in it."""
    if output is not None and not _flows(output):
        with _opened(output, sys.stdout.buffer) as file:
            yield file
        return
    with tempfile.TemporaryFile() as waiting:
        yield waiting
        waiting.seek(0)
        with _opened(output, sys.stdout.buffer) as file:
            shutil.copyfileobj(waiting, file)


@contextmanager
def _opened(output: Path | None, otherwise: IO[bytes]) -> Iterator[IO[bytes]]:
    """Open *output* itself where it is a pipe or a device, else a file that gets its name when it is whole."""
    if output is None:
        yield otherwise
        otherwise.flush()
        return
    try:
        with output.open("wb") if _flows(output) else _part(output) as file:
            yield file
    except OSError as error:
        raise FileUnwritable(f"The file {output} cannot be written: {error.strerror or error}.") from None


@contextmanager
def _part(output: Path) -> Iterator[IO[bytes]]:
    """Open a new file beside *output*, or beside what it links to, that takes its place when it is whole."""
    target = Path(os.path.realpath(output))
    part = target.with_name(f".sightline-{secrets.token_hex(8)}.part")
    with part.open("x+b") as file:
        try:
            yield file
            file.flush()
            with suppress(FileNotFoundError):
                shutil.copymode(target, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def _flows(output: Path) -> bool:
    """Tell whether something is there that cannot be replaced by a file."""
    return output.exists() and not output.is_file()
