"""Follows log files: new ones, those that are renamed, truncated, compressed or gone, and goes on after a restart."""

from __future__ import annotations

import asyncio
import glob
import logging
import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from sightline.base.errors import SightlineError
from sightline.server.answers import ask
from sightline.server.ingest.logfile_reader import LogFile
from sightline.server.ingest.logfile_take import Range, take

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sightline.server.services import Services
    from sightline.state.log_files import KnownFile, LogFiles
    from sightline.wire.logfile.source import Source

LOOK_S: Final = 0.5
"""Seconds between two looks at the files."""

QUIET_S: Final = 1.5
"""Seconds after which a file's last record is taken for whole."""

MAX_FILES: Final = 512
"""Files that are followed; each takes a handle."""

RETRY_S: Final = 5.0
"""Seconds until a file is tried again after the store or the disk refused."""

_log = logging.getLogger(__name__)

_Inode = tuple[int, int]


class Followed:
    """A file that is followed, and what is known of it."""

    def __init__(self, file: LogFile, known: KnownFile) -> None:
        self.file = file
        self.known = known
        self.grew_at = time.monotonic()
        self.size = 0

    def quiet(self) -> bool:
        """Tell whether it has not grown for a while."""
        size = self.file.stat.st_size
        if size != self.size:
            self.size, self.grew_at = size, time.monotonic()
        return time.monotonic() - self.grew_at >= QUIET_S


class Follower:
    """Follows the files of *patterns* while it is entered."""

    def __init__(self, services: Services, patterns: Sequence[str], source: Callable[..., Source]) -> None:
        self._services = services
        self._patterns = patterns
        self._source = source
        self._open: dict[_Inode, Followed] = {}
        self._done: dict[_Inode, tuple[int, int]] = {}
        self._retry_at: dict[_Inode, float] = {}
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
        while True:
            try:
                await self._look()
            except Exception:
                _log.exception("Following log files failed; it is tried again")
            await asyncio.sleep(LOOK_S)

    async def _look(self) -> None:
        found = await ask(self._found)
        for inode, path in found.items():
            if inode not in self._open and time.monotonic() >= self._retry_at.get(inode, 0.0):
                await self._guarded(inode, self._begin(inode, path))
        for inode, followed in list(self._open.items()):
            if time.monotonic() >= self._retry_at.get(inode, 0.0):
                await self._guarded(inode, self._advance(inode, followed, gone=inode not in found))
        self._retry_at = {inode: at for inode, at in self._retry_at.items() if at > time.monotonic()}

    def _found(self) -> dict[_Inode, Path]:
        """Find the files that match, each once, whatever links lead to it."""
        found: dict[_Inode, Path] = {}
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

    async def _begin(self, inode: _Inode, path: Path) -> None:
        self._open[inode] = await ask(open_known, self._services.offsets.log_files, path)

    async def _advance(self, inode: _Inode, followed: Followed, *, gone: bool) -> None:
        file = followed.file
        if file.behind:
            self._forget(inode)  # truncated: it is opened again as the new file that it is
            return
        ended = bool(file.compressed) or gone
        quiet = followed.quiet()
        while block := await ask(file.read, quiet=quiet, ended=ended):
            path, host = str(file.path), socket.gethostname()
            about = self._source(service="", host=host, path=path)
            form = file.form or "plain"
            await take(self._services, block.content, form, about, Range(followed.known, block.start, block.end))
        if file.compressed:
            stat = file.stat
            self._done[inode] = (stat.st_size, stat.st_mtime_ns)
        if file.broken:
            _log.warning("The rest of %s cannot be read: %s", file.path, file.broken)
        if file.compressed or gone:
            self._forget(inode)

    async def _guarded(self, inode: _Inode, step: object) -> None:
        try:
            await step  # type: ignore[misc]
        except (OSError, SightlineError) as error:
            _log.warning("A log file cannot be taken in now, it is tried again: %s", error)
            self._services.counters.refuse("logfile", str(error))
            self._forget(inode)  # what was read and not stored is read again
            self._retry_at[inode] = time.monotonic() + RETRY_S

    def _forget(self, inode: _Inode) -> None:
        followed = self._open.pop(inode, None)
        if followed is not None:
            followed.file.close()


def open_known(files: LogFiles, path: Path) -> Followed:
    """Open a file where it is stored up to."""
    file = LogFile(path)
    try:
        facts = file.facts()
        known = files.open(facts)
        if known.moved and still_there(known.path, known.device, known.inode, facts.head):
            known = files.open(file.facts(apart=True))
        elif known.moved:
            files.move(known.id, facts)
        file.resume(known)
    except BaseException:
        file.close()
        raise
    return Followed(file, known)


def still_there(path: str, device: int, inode: int, head: bytes) -> bool:
    """Tell whether the file that was seen at *path* is there yet, so that another one that begins so is not it."""
    try:
        with LogFile(Path(path)) as file:
            stat, begin = file.stat, file.facts().head
    except OSError:
        return False
    return (stat.st_dev, stat.st_ino) == (device, inode) and bool(begin) and head.startswith(begin[: len(head)])
