"""Follows log files: new ones, those that are renamed, truncated, compressed or gone, and goes on after a restart."""

from __future__ import annotations

import asyncio
import glob
import logging
import os
import socket
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

from sightline.base.errors import SightlineError
from sightline.server.answers import ask
from sightline.server.ingest.logfile_reader import LogFile
from sightline.server.ingest.logfile_renamed import renamed
from sightline.server.ingest.logfile_retry import RETRY_S, Retries
from sightline.server.ingest.logfile_settle import Settling
from sightline.server.ingest.logfile_take import Range, take
from sightline.server.ingest.logfile_watch import RENAMED_S, Watch, end_oldest
from sightline.state.log_files import HEAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sightline.server.ingest.logfile_settle import Inode, State
    from sightline.server.services import Services
    from sightline.state.log_files import FileFacts, KnownFile, LogFiles
    from sightline.wire.logfile.source import Source

T = TypeVar("T")

LOOK_S: Final = 0.5
"""Seconds between two looks at the files."""

BLOCKS_A_LOOK: Final = 2
"""Blocks that are taken of a file before the next one has its turn: a large one must not hold up the others."""

MAX_FILES: Final = 512
"""Files that are followed; each takes a handle."""

_log = logging.getLogger(__name__)


class Followed:
    """A file that is followed, and what is known of it."""

    def __init__(self, file: LogFile, known: KnownFile, head_bytes: int, renamed_s: float) -> None:
        self.file = file
        self.known = known
        self.watch = Watch(file, renamed_s)
        self.head_bytes = head_bytes
        self.state: State = (0, 0)
        self.failed = False

    def learn(self, files: LogFiles) -> None:
        """Have it known by more of its begin than it had when it was opened."""
        if self.head_bytes < HEAD_BYTES and not self.file.compressed:
            head = self.file.facts().head
            files.grown(self.known.id, head)
            self.head_bytes = len(head)

    def again(self, files: LogFiles) -> None:
        """Go back to where it is stored up to, without opening it: its name may be gone."""
        self.known = files.get(self.known.id) or self.known
        self.file.resume(self.known)
        self.failed = False


class Follower:
    """
    Follows the files of *patterns* while it is entered.

    Args:
        services: where to.
        patterns: names of files, with ``*``, ``**`` and ``~``.
        source: makes what the records of a file say of where they come from.
        retry_s: seconds until a file is tried again after the first failure.
        renamed_s: seconds for which a renamed file is followed that nobody writes to.
    """

    def __init__(
        self,
        services: Services,
        patterns: Sequence[str],
        source: Callable[..., Source],
        *,
        retry_s: float = RETRY_S,
        renamed_s: float = RENAMED_S,
    ) -> None:
        self._services = services
        self._patterns = patterns
        self._source = source
        self._renamed_s = renamed_s
        self._open: dict[Inode, Followed] = {}
        self._settling = Settling()
        self._done: dict[Inode, State] = {}
        self._retries = Retries(retry_s)
        self._full_told = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="log files")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        for followed in self._open.values():
            followed.file.close()

    async def _run(self) -> None:
        await self._go_on()
        while True:
            more = False
            try:
                more = await self._look()
            except Exception:
                _log.exception("Following log files failed; it is tried again")
            if not more:
                await asyncio.sleep(LOOK_S)

    async def _go_on(self) -> None:
        """Open what was renamed while nobody looked; it ends as what is renamed meanwhile does."""
        try:
            files = self._services.offsets.log_files
            left = await ask(partial(renamed, files, self._patterns, most=MAX_FILES, renamed_s=self._renamed_s))
            for inode, path in left.items():
                await self._guarded(inode, path, self._begin(inode, path))
        except Exception:
            _log.exception("Looking for renamed log files failed; they are left out")

    async def _look(self) -> bool:
        """Take a few blocks of each file; tell whether one has more."""
        found = await ask(self._found)
        self._settling.keep(found)
        self._retries.keep(found.keys() | self._open.keys())
        for inode, path in found.items():
            if inode not in self._open and self._retries.may_try(inode):
                await self._guarded(inode, path, self._begin(inode, path))
        more = False
        for inode, followed in list(self._open.items()):
            if self._retries.may_try(inode):
                step = self._advance(inode, followed, gone=inode not in found)
                more |= bool(await self._guarded(inode, followed.file.path, step))
        end_oldest(followed.watch for followed in self._open.values())
        return more

    def _found(self) -> dict[Inode, Path]:
        """Find the files that match, each once, whatever links lead to it."""
        found: dict[Inode, Path] = {}
        for pattern in self._patterns:
            for name in sorted(glob.glob(os.path.expanduser(pattern), recursive=True)):  # noqa: PTH111, PTH207 - of patterns
                try:
                    stat = os.stat(name)  # noqa: PTH116
                except OSError:
                    continue
                inode = (stat.st_dev, stat.st_ino)
                if not os.path.isfile(name) or not stat.st_size:  # noqa: PTH113
                    continue
                if self._done.get(inode) == (stat.st_size, stat.st_mtime_ns):
                    continue
                if inode not in self._open and len(found) >= MAX_FILES:
                    self._tell_full()
                    continue
                found.setdefault(inode, Path(name))
        return found

    def _tell_full(self) -> None:
        if not self._full_told:
            _log.warning("More than %d log files match SIGHTLINE_LOG_FILES; the others are not followed.", MAX_FILES)
        self._full_told = True

    async def _begin(self, inode: Inode, path: Path) -> None:
        state = await ask(self._settling.state, inode, path)
        if state is None:
            return
        followed = await ask(open_known, self._services.offsets.log_files, path, self._renamed_s)
        if followed is None:
            self._done[inode] = state  # until it changes
        else:
            followed.state = state
            self._open[inode] = followed

    async def _advance(self, inode: Inode, followed: Followed, *, gone: bool) -> bool:
        """Take a few blocks of a file; tell whether it has more."""
        file, watch = followed.file, followed.watch
        if watch.look(gone=gone) and await ask(file.replaced):
            self._forget(inode)  # it is opened again as the new file that it is
            return True
        if followed.failed:
            await ask(followed.again, self._services.offsets.log_files)
        quiet, ended = watch.quiet, watch.ended
        for _ in range(BLOCKS_A_LOOK):
            block = await ask(file.read, quiet=quiet, ended=ended)
            if block is None:
                self._read_up(inode, followed, ended=ended)
                return False
            about = self._source(service="", host=socket.gethostname(), path=str(file.path))
            range_ = Range(followed.known, block.start, block.end)
            await take(self._services, block.content, file.form or "plain", about, range_)
            await ask(followed.learn, self._services.offsets.log_files)
            self._retries.worked(inode)
        return True

    def _read_up(self, inode: Inode, followed: Followed, *, ended: bool) -> None:
        """Note that there is nothing more in a file for now, or for ever."""
        file = followed.file
        self._retries.worked(inode)
        if file.compressed:
            self._done[inode] = followed.state  # what came since then is read when it has settled
        if file.broken:
            _log.warning("The rest of %s cannot be read: %s", file.path, file.broken)
        if ended:
            self._forget(inode)

    async def _guarded(self, inode: Inode, path: Path, step: Awaitable[T]) -> T | None:
        """Take a step with one file; whatever goes wrong with it, the others are followed."""
        try:
            return await step
        except Exception as error:
            foreseen = isinstance(error, OSError | SightlineError)
            wait_s = self._retries.failed(inode)
            followed = self._open.get(inode)
            if followed is not None and followed.watch.gone_at is not None and not followed.file.compressed:
                followed.failed = True  # under no name would it be found again
            else:
                self._forget(inode)  # what was read and not stored is read again
            told = "The log file %r cannot be taken in now, it is tried again in %g s: %s"
            _log.warning(told, str(path), wait_s, error, exc_info=not foreseen)
            self._services.counters.refuse("logfile", str(error) if foreseen else type(error).__name__)
            return None

    def _forget(self, inode: Inode) -> None:
        followed = self._open.pop(inode, None)
        if followed is not None:
            followed.file.close()


def open_known(files: LogFiles, path: Path, renamed_s: float = RENAMED_S) -> Followed | None:
    """Open a file where it is stored up to; None where it is cut and of another one that is followed already."""
    file = LogFile(path)
    try:
        facts = file.facts()
        known = find_known(files, file, facts)
        if known is None:
            file.close()
            return None
        file.resume(known)
    except BaseException:
        file.close()
        raise
    return Followed(file, known, len(facts.head), renamed_s)


def find_known(files: LogFiles, file: LogFile, facts: FileFacts) -> KnownFile | None:
    """Tell which file it is; None where it is cut, so that it may be one that is being compressed."""
    if file.broken and len(facts.head) < HEAD_BYTES:
        return None  # too little to tell it from others
    known = files.open(facts)
    if not known.moved:
        return known
    if still_there(known.path, known.device, known.inode, facts.head):
        return files.open(file.facts(apart=True)) if is_whole(file) else None
    files.move(known.id, facts)
    return known


def is_whole(file: LogFile) -> bool:
    """Tell whether a file is not compressed, or can be read to its end; it is opened a second time for that."""
    if not file.compressed:
        return True
    with LogFile(file.path) as again:
        return again.is_whole()


def still_there(path: str, device: int, inode: int, head: bytes) -> bool:
    """Tell whether the file that was seen at *path* is there yet, so that another one that begins so is not it."""
    try:
        with LogFile(Path(path)) as file:
            stat, begin = file.stat, file.facts().head
    except OSError:
        return False
    return (stat.st_dev, stat.st_ino) == (device, inode) and bool(begin) and head.startswith(begin[: len(head)])
