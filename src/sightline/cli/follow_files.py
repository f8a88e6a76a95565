"""Follows log files for ``sightline ingest --follow``: new ones, renamed, truncated and gone ones."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from sightline.base.errors import SightlineError
from sightline.cli.log_files import ArchiveUnfinished, NoFiles, OpenedFile, Sender, find
from sightline.server.ingest.logfile_retry import RETRY_S, Retries
from sightline.server.ingest.logfile_settle import Settling
from sightline.server.ingest.logfile_watch import RENAMED_S, Watch, end_oldest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sightline.cli.log_files import FileTaken
    from sightline.server.ingest.logfile_settle import Inode, State

BLOCKS_A_LOOK: Final = 8
"""Blocks that are sent of a file before the next one has its turn."""

MAX_TOLD: Final = 100
"""Different failures that are told before one file is taken in again."""


class _Followed:
    """A file that is followed, and what is known of it."""

    def __init__(self, opened: OpenedFile, state: State, renamed_s: float) -> None:
        self.opened = opened
        self.state = state
        self.watch = Watch(opened.file, renamed_s)
        self.failed = False


class Following:
    """
    The files of some names and patterns, as they come and go.

    Args:
        sender: sends them.
        names: names and patterns.
        told: is called with what goes wrong, once until something works again.
        retry_s: seconds until a file is tried again after the first failure.
        renamed_s: seconds for which a renamed file is followed that nobody writes to.

    Attributes:
        more: whether there was more to send when the last look ended.
    """

    def __init__(
        self,
        sender: Sender,
        names: Sequence[str],
        told: Callable[[str], None],
        *,
        retry_s: float = RETRY_S,
        renamed_s: float = RENAMED_S,
    ) -> None:
        self.more = False
        self._sender = sender
        self._names = names
        self._told = told
        self._renamed_s = renamed_s
        self._open: dict[Inode, _Followed] = {}
        self._settling = Settling()
        self._retries = Retries(retry_s)
        self._failures: set[str] = set()
        self._done: dict[Inode, State] = {}

    def look(self) -> Iterator[FileTaken]:
        """Take in what is new, and give what became of each file of which something was."""
        self.more = False
        found = self._found()
        self._settling.keep(found)
        self._retries.keep(found.keys() | self._open.keys())
        for inode, path in found.items():
            if inode not in self._open and self._retries.may_try(inode):
                self._guarded(inode, path, lambda inode=inode, path=path: self._begin(inode, path))  # type: ignore[misc]
        for inode, followed in list(self._open.items()):
            if not self._retries.may_try(inode):
                continue
            before, path, gone = followed.opened.taken.records, followed.opened.file.path, inode not in found
            self._guarded(inode, path, lambda inode=inode, gone=gone: self._advance(inode, gone=gone))  # type: ignore[misc]
            if followed.opened.taken.records > before:
                yield followed.opened.taken
        end_oldest(followed.watch for followed in self._open.values())

    def close(self) -> None:
        """Close all files."""
        for followed in self._open.values():
            followed.opened.file.close()

    def _begin(self, inode: Inode, path: Path) -> None:
        state = self._settling.state(inode, path)
        if state is None:
            return
        try:
            self._open[inode] = _Followed(self._sender.open(path), state, self._renamed_s)
        except ArchiveUnfinished:
            self._done[inode] = state  # until it changes

    def _found(self) -> dict[Inode, Path]:
        found: dict[Inode, Path] = {}
        for name in self._names:
            try:
                paths = find([name])
            except NoFiles:  # it may come yet
                continue
            for path in paths:
                try:
                    stat = os.stat(path)  # noqa: PTH116
                except OSError:  # it went meanwhile
                    continue
                inode = (stat.st_dev, stat.st_ino)
                if stat.st_size and self._done.get(inode) != (stat.st_size, stat.st_mtime_ns):
                    found[inode] = path
        return found

    def _advance(self, inode: Inode, *, gone: bool) -> None:
        followed = self._open[inode]
        opened, file, watch = followed.opened, followed.opened.file, followed.watch
        if watch.look(gone=gone) and file.replaced():
            self._forget(inode)
            self.more = True
            return
        if followed.failed:
            opened.again()
            followed.failed = False
        ended = watch.ended
        if not self._sender.advance(opened, quiet=watch.quiet, ended=ended, most=BLOCKS_A_LOOK):
            self.more = True
            return
        if file.compressed:
            self._done[inode] = followed.state  # what came since then is read when it has settled
        if ended:
            self._forget(inode)

    def _guarded(self, inode: Inode, path: Path, step: Callable[[], None]) -> None:
        """Take a step with one file; what goes wrong is told, and tried again after a while."""
        try:
            step()
        except (OSError, SightlineError) as error:
            self._retries.failed(inode)
            followed = self._open.get(inode)
            if followed is not None and followed.watch.gone_at is not None and not followed.opened.file.compressed:
                followed.failed = True  # under no name would it be found again
            else:
                self._forget(inode)  # what was read and not stored is read again
            if str(error) not in self._failures and len(self._failures) < MAX_TOLD:
                self._failures.add(str(error))
                self._told(f"{path} cannot be taken in now, it is tried again: {error}")
        else:
            if inode in self._open:
                self._retries.worked(inode)
                self._failures.clear()

    def _forget(self, inode: Inode) -> None:
        followed = self._open.pop(inode, None)
        if followed is not None:
            followed.opened.file.close()
