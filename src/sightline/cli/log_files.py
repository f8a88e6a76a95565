"""Sends log files to whoever answers, each range once, and tells how far it got."""

from __future__ import annotations

import base64
import glob
import os
import socket
import sys
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Self

import msgspec

from sightline.base.errors import SightlineError
from sightline.server.ingest.logfile_follow import is_whole, still_there
from sightline.server.ingest.logfile_reader import BLOCK_BYTES, Block, LogFile
from sightline.state.log_files import HEAD_BYTES, KnownFile
from sightline.wire.logfile.formats import cut, recognise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sightline.cli.answers import Answers

AT_ONCE: Final = 4
"""Blocks that are under way side by side: the server decodes two while it stores two."""


class NoFiles(SightlineError):
    """No file is called so."""


class ArchiveUnfinished(SightlineError):
    """A compressed file is cut, and the file that it begins as is where it was: it may be under way."""


class FileTaken(msgspec.Struct):
    """
    What became of a file.

    Attributes:
        path: the file.
        format: the format that it was read in; empty if nothing was read.
        bytes: bytes that were sent, decompressed.
        records: records that are stored of them.
        unread: lines that were not of the format; they are stored as they are.
        known_bytes: bytes from its begin that had been stored before.
        trouble: why its rest was not read; empty if all was.
    """

    path: str
    format: str = ""
    bytes: int = 0
    records: int = 0
    unread: int = 0
    known_bytes: int = 0
    trouble: str = ""


class Sender:
    """
    Sends files, block by block.

    Args:
        answers: where to.
        form: name of the format; recognised for each file where empty.
        service: name of the service; a file's own name where empty.
        again: send what is stored already once more.
        told: is called with the compressed or plain bytes that were read, after each block.
    """

    def __init__(
        self,
        answers: Answers,
        *,
        form: str = "",
        service: str = "",
        again: bool = False,
        told: Callable[[FileTaken, int], None] = lambda _taken, _bytes: None,
    ) -> None:
        self._answers = answers
        self._form = form
        self._service = service
        self._again = again
        self._told = told

    def file(self, path: Path) -> FileTaken:
        """
        Send one file up to its end.

        Raises:
            SightlineError: if the server refuses it, or none answers.
            OSError: if it cannot be read.
        """
        with self.open(path) as opened:
            self.advance(opened, ended=True)
            return opened.taken

    def open(self, path: Path) -> OpenedFile:
        """Open a file where it is stored up to."""
        return OpenedFile(self._answers, path, self._form, again=self._again)

    def advance(self, opened: OpenedFile, *, quiet: bool = False, ended: bool = False, most: int = 0) -> bool:
        """Send what there is of a file that is open, *most* blocks where it is not 0; tell whether that was all."""
        at_once, blocks, block = AT_ONCE if getattr(self._answers, "url", None) else 1, 0, None
        with ThreadPoolExecutor(at_once) as pool:
            under_way: deque[Future[int]] = deque()
            while (blocks < most or not most) and (block := opened.file.read(quiet=quiet, ended=ended)):
                blocks += 1
                while len(under_way) >= at_once:
                    self._told(opened.taken, under_way.popleft().result())
                under_way.append(pool.submit(self._block, opened, block))
                if at_once == 1:
                    self._told(opened.taken, under_way.popleft().result())
            for sent in under_way:
                self._told(opened.taken, sent.result())
        opened.taken.trouble = opened.file.broken
        if blocks:
            opened.learn()
        return block is None

    def stream(self, content: IO[bytes]) -> FileTaken:
        """Send what comes on standard input; it is no file, so nothing of it is known again."""
        taken, held, form = FileTaken("-", self._form), b"", self._form
        while found := content.read1(BLOCK_BYTES) if hasattr(content, "read1") else content.read(BLOCK_BYTES):
            held += found
            form = form or recognise(held)
            size = cut(held, form) or (len(held) if len(held) >= BLOCK_BYTES else 0)
            if len(held) < BLOCK_BYTES and content is not sys.stdin.buffer:
                continue
            if size:
                self._lines(taken, held[:size], form, {})
                held = held[size:]
        if held:
            self._lines(taken, held, form or recognise(held), {})
        return taken

    def _block(self, opened: OpenedFile, block: Block) -> int:
        about: dict[str, Any] = {"file": opened.known.id, "start": block.start, "end": block.end}
        about |= {"path": str(opened.file.path.absolute()), "time_ns": opened.file.stat.st_mtime_ns}
        return self._lines(opened.taken, block.content, opened.file.form or "plain", about)

    def _lines(self, taken: FileTaken, content: bytes, form: str, about: dict[str, Any]) -> int:
        parameters = {"format": form, "service": self._service, "host": socket.gethostname(), **about}
        found = self._answers.send("/api/v1/logs/file", parameters, content)
        taken.format = form
        taken.bytes += len(content)
        taken.records += found["stored"]
        taken.unread += found["unread"]
        return len(content)


class OpenedFile:
    """
    A file that is open, where what is stored of it ends. A context manager.

    Attributes:
        file: the file.
        known: what the server knows of it.
        taken: what became of it so far.
    """

    def __init__(self, answers: Answers, path: Path, form: str, *, again: bool = False) -> None:
        self.file = LogFile(path, form)
        self._answers = answers
        self._head_bytes = 0
        try:
            self.known = self._open(apart=again)
            self.file.resume(self.known)
        except BaseException:
            self.file.close()
            raise
        self.taken = FileTaken(str(path), self.file.form, known_bytes=self.known.stored_to)

    def learn(self) -> None:
        """Have it known by more of its begin than it had when it was opened."""
        if self._head_bytes < HEAD_BYTES and not self.file.compressed:
            self._open()

    def again(self) -> None:
        """Go back to where it is stored up to, without opening it: its name may be gone."""
        self.known = self._open()
        self.file.resume(self.known)

    def _open(self, *, apart: bool = False) -> KnownFile:
        facts, answers = self.file.facts(), self._answers
        self._head_bytes = len(facts.head)
        told = {
            "host": facts.host, "path": facts.path, "device": facts.device, "inode": facts.inode,
            "head": base64.b64encode(facts.head).decode(), "apart": apart, "size": facts.size_bytes,
        }  # fmt: skip
        found = answers.post("/api/v1/logs/files", told)
        if found["moved"]:
            other = still_there(found["path"], found["device"], found["inode"], facts.head)
            if other and not is_whole(self.file):
                raise ArchiveUnfinished(
                    f"{self.file.path} is cut, and begins as {found['path']}, from which its lines are stored. "
                    "Take it in when it is whole."
                )
            found = answers.post("/api/v1/logs/files", {**told, "apart": other, "moved": not other})
        pending = tuple((start, end) for start, end in found["pending"])
        return KnownFile(
            found["file"], facts.host, found["path"], found["device"], found["inode"], 0, found["stored_to"], pending
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def find(patterns: Iterable[str]) -> list[Path]:
    """
    Find the files of names and patterns, each once, in their order.

    Raises:
        NoFiles: if there is none for one of them, or it is a directory.
    """
    found: dict[tuple[int, int], Path] = {}
    for pattern in patterns:
        plain = Path(pattern).expanduser()
        names = [plain] if plain.is_file() else [Path(name) for name in sorted(_glob(str(plain)))]
        if plain.is_dir():
            raise NoFiles(f"{pattern} is a directory. Name its files, such as '{pattern.rstrip('/')}/*.log'.")
        names = [name for name in names if name.is_file()]
        if not names:
            raise NoFiles(f"There is no file {pattern}. Give names or patterns of files, or - for standard input.")
        for name in names:
            with suppress(FileNotFoundError):  # it went meanwhile
                stat = os.stat(name)  # noqa: PTH116
                found.setdefault((stat.st_dev, stat.st_ino), name)
    return list(found.values())


def _glob(pattern: str) -> list[str]:
    return glob.glob(pattern, recursive=True)  # noqa: PTH207 - patterns may be absolute
