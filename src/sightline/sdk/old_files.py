"""What becomes of rotated log files: compressed after days, thinned out by level, and removed."""

from __future__ import annotations

import fcntl
import gzip
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from sightline.base.retention import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAY_S: Final = 86_400.0
_LINES_A_STEP: Final = 5000
"""Lines copied between two looks at what waits to be written: a few milliseconds."""

_STAMP: Final = "%Y%m%dT%H%M%S.%fZ"
_NAME: Final = re.compile(r"\.(\d{8}T\d{6}\.\d{6}Z)(?:\.(info|warning|error|critical))?(\.gz)?")
_LEVEL: Final = re.compile(
    rb'(?:\{"timestamp":"[^"]{1,40}","level":"|\S+ \S+ - [^\n]{0,200}? - |\S+Z \[)(DEBUG|INFO|WARNING|ERROR|CRITICAL)\b'
)
_RECORD: Final = re.compile(rb"\{|\d{4}-\d\d-\d\d")
"""How a line begins that is no continuation of the one before."""


@dataclass(frozen=True, slots=True)
class Keep:
    """
    How long rotated files are kept.

    Attributes:
        days: by level, never fewer for a higher level.
        compress_after_days: age at which a file is compressed.
    """

    days: dict[str, float]
    compress_after_days: float


@dataclass(frozen=True, slots=True)
class _Old:
    """A rotated file: where, when it was rotated, the lowest level still in it, and whether it is compressed."""

    path: Path
    base: str
    time: float
    lowest: int
    compressed: bool


def rotated_name(path: Path, moment: float) -> Path:
    """Name the file that *path* becomes when it is rotated: ``app.log.20261120T235959.000001Z``."""
    return path.with_name(f"{path.name}.{datetime.fromtimestamp(moment, UTC).strftime(_STAMP)}")


def tidy(path: Path, keep: Keep, now: float) -> Iterator[None]:
    """
    Compress, thin out and remove the rotated files of *path*, in small steps.

    Several processes may do so at once: each file is done by the one that gets its lock. A file that has lost its
    lower levels says so in its name: ``app.log.20261120T235959.000001Z.warning.gz``.
    """
    for old in _find(path):
        age = (now - old.time) / _DAY_S
        kept = [at for at, level in enumerate(LEVELS) if keep.days[level] > age]
        compressed = old.compressed or age >= keep.compress_after_days
        if kept and (max(kept[0], old.lowest), compressed) == (old.lowest, old.compressed):
            continue
        try:
            file = old.path.open("rb")
        except FileNotFoundError:
            continue
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            if not _is_there(old.path, file):
                continue
            if kept:
                yield from _rewrite(old, file, max(kept[0], old.lowest), compressed=compressed)
            else:
                old.path.unlink()
        yield


def _find(path: Path) -> list[_Old]:
    found = []
    for entry in os.scandir(path.parent) if path.parent.is_dir() else ():
        match = _NAME.fullmatch(entry.name.removeprefix(path.name)) if entry.name.startswith(path.name) else None
        if match is None:
            continue
        stamp, lowest, gz = match.groups()
        with suppress(ValueError):
            time = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp()
            level = LEVELS.index(lowest.upper()) if lowest else 0
            found.append(_Old(Path(entry.path), f"{path.name}.{stamp}", time, level, bool(gz)))
    return sorted(found, key=lambda old: old.time)


def _is_there(path: Path, file: IO[bytes]) -> bool:
    try:
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False


def _rewrite(old: _Old, file: IO[bytes], lowest: int, *, compressed: bool) -> Iterator[None]:
    mark = f".{LEVELS[lowest].lower()}" if lowest else ""
    target = old.path.with_name(f"{old.base}{mark}{'.gz' if compressed else ''}")
    hidden = target.with_name(f".{target.name}.part")
    status = os.fstat(file.fileno())
    source = cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if old.compressed else file
    lines = 0
    with hidden.open("wb") as raw:
        os.fchmod(raw.fileno(), status.st_mode & 0o7777)
        out = cast("IO[bytes]", gzip.GzipFile("", "wb", 6, raw)) if compressed else raw
        for part in _parts(source, lowest if lowest > old.lowest else 0):
            lines += len(part)
            out.writelines(part)
            yield
        if out is not raw:
            out.close()
        raw.flush()
        os.fsync(raw.fileno())
    if not lines:
        hidden.unlink()
    else:
        os.utime(hidden, ns=(status.st_atime_ns, status.st_mtime_ns))
        hidden.rename(target)
    # Last: killed before, the next one finds the old file and does the same again.
    old.path.unlink()


def _parts(source: IO[bytes], lowest: int) -> Iterator[list[bytes]]:
    """Give the lines of *lowest* and higher levels; a line that tells none goes with the one before."""
    out = frozenset(level.encode() for level in LEVELS[:lowest])
    keeps = True
    part: list[bytes] = []
    for at, line in enumerate(source, 1):
        if out:
            match = _LEVEL.match(line)
            if match is not None:
                keeps = match[1] not in out
            elif _RECORD.match(line):
                # A record, but of a level that is not ours.
                keeps = True
        if keeps:
            part.append(line)
        if at % _LINES_A_STEP == 0:
            yield part
            part = []
    yield part
