"""Follows log files for ``sightline ingest --follow``: new ones, renamed, truncated and gone ones."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from sightline.cli.log_files import ArchiveUnfinished, NoFiles, OpenedFile, Sender, find
from sightline.server.ingest.logfile_settle import Settling

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sightline.cli.log_files import FileTaken

QUIET_S: Final = 1.5
"""Seconds after which the last record of a file is taken for whole."""


class Following:
    """The files of some names and patterns, as they come and go."""

    def __init__(self, sender: Sender, names: Sequence[str]) -> None:
        self._sender = sender
        self._names = names
        self._open: dict[tuple[int, int], OpenedFile] = {}
        self._grown: dict[tuple[int, int], tuple[int, float]] = {}
        self._settling = Settling()
        self._states: dict[tuple[int, int], tuple[int, int]] = {}
        self._done: dict[tuple[int, int], tuple[int, int]] = {}

    def look(self) -> Iterator[FileTaken]:
        """Take in what is new, and give what became of each file of which something was."""
        found = self._found()
        self._settling.keep(found)
        for inode, path in found.items():
            state = None if inode in self._open else self._settling.state(inode, path)
            if state is not None:
                self._begin(inode, path, state)
        for inode, opened in list(self._open.items()):
            before = opened.taken.records
            self._advance(inode, opened, gone=inode not in found)
            if opened.taken.records > before:
                yield opened.taken

    def close(self) -> None:
        """Close all files."""
        for opened in self._open.values():
            opened.file.close()

    def _begin(self, inode: tuple[int, int], path: Path, state: tuple[int, int]) -> None:
        try:
            self._open[inode] = self._sender.open(path)
        except ArchiveUnfinished:
            self._done[inode] = state  # until it changes
        else:
            self._states[inode] = state

    def _found(self) -> dict[tuple[int, int], Path]:
        found: dict[tuple[int, int], Path] = {}
        for name in self._names:
            try:
                paths = find([name])
            except NoFiles:  # it may come yet
                continue
            for path in paths:
                stat = os.stat(path)  # noqa: PTH116
                inode = (stat.st_dev, stat.st_ino)
                if stat.st_size and self._done.get(inode) != (stat.st_size, stat.st_mtime_ns):
                    found[inode] = path
        return found

    def _advance(self, inode: tuple[int, int], opened: OpenedFile, *, gone: bool) -> None:
        file = opened.file
        if file.behind:
            self._forget(inode)
            return
        ended = gone or bool(file.compressed)
        self._sender.advance(opened, quiet=self._quiet(inode, file.stat.st_size), ended=ended)
        if file.compressed:
            self._done[inode] = self._states[inode]  # what came since then is read when it has settled
        if ended:
            self._forget(inode)

    def _quiet(self, inode: tuple[int, int], size: int) -> bool:
        held, since = self._grown.get(inode, (-1, 0.0))
        if size != held:
            self._grown[inode] = (size, time.monotonic())
            return False
        return time.monotonic() - since >= QUIET_S

    def _forget(self, inode: tuple[int, int]) -> None:
        self._open.pop(inode).file.close()
        self._grown.pop(inode, None)
        self._states.pop(inode, None)
