"""Finds log files again that were renamed while nobody followed them, with lines in them that nobody has read."""

from __future__ import annotations

import fnmatch
import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sightline.server.ingest.logfile_reader import LogFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sightline.server.ingest.logfile_settle import Inode
    from sightline.state.log_files import KnownFile, LogFiles

LOOKED_BACK_S: Final = 7 * 86_400
"""Files that were not begun with for longer are not looked for."""


def renamed(files: LogFiles, patterns: Sequence[str], *, most: int, renamed_s: float) -> dict[Inode, Path]:
    """
    Find known files of *patterns* that have another name in their directory now, and more than is stored of them.

    One that is read up counts as well while somebody may write to it yet, for *renamed_s* seconds from its last line.
    Compressed ones are left out: under another inode nothing tells where they are.
    """
    expanded = [os.path.expanduser(pattern) for pattern in patterns]  # noqa: PTH111 - of patterns
    missing: dict[Path, dict[Inode, KnownFile]] = {}
    for known in files.begun_since(socket.gethostname(), time.time_ns() - LOOKED_BACK_S * 10**9, most):
        inode, path = (known.device, known.inode), Path(known.path)
        if any(fnmatch.fnmatch(known.path, pattern) for pattern in expanded) and _inode(path) != inode:
            missing.setdefault(path.parent, {})[inode] = known
    return {
        inode: path
        for directory, wanted in missing.items()
        for inode, path in _members(directory)
        if inode in wanted and _has_more(files, wanted[inode], path, renamed_s)
    }


def _inode(path: Path) -> Inode | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _members(directory: Path) -> Iterator[tuple[Inode, Path]]:
    try:
        members = list(directory.iterdir())
    except OSError:
        return
    for path in members:
        if path.is_file() and (inode := _inode(path)):
            yield inode, path


def _has_more(files: LogFiles, known: KnownFile, path: Path, renamed_s: float) -> bool:
    try:
        with LogFile(path) as file:
            stat = file.stat
            more = stat.st_size > known.stored_to or time.time() - stat.st_mtime < renamed_s
            return more and not file.compressed and files.is_same(known.id, file.facts().head)
    except OSError:
        return False
