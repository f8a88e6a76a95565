"""
What every way out of the spool has in common: one process elected by a lock, offsets that survive, and back-off.

A batch of ranges is written down before it is sent and sent again as it was until it is taken, so that a receiver who
knows such batches by their ranges takes each once.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import random
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

import msgspec

from sightline.sdk import guard
from sightline.sdk.presence import presence
from sightline.sdk.quiet_thread import QuietThread
from sightline.spool.format import encode_header, prepare_directory
from sightline.spool.reader import SpoolReader

if TYPE_CHECKING:
    from pathlib import Path

    from sightline.spool.reader import Chunk

LOOK_EVERY_S: Final = 0.3
_ELECT_EVERY_S: Final = 2.0
_RETRY_FIRST_S: Final = 0.5
_RETRY_MOST_S: Final = 15.0
"""Seconds between attempts: doubled each time up to the second figure, of which up to half is left out at random."""

_STOP_S: Final = 0.4
"""Longest that the end of the process waits; what is not sent by then, the next process sends."""

_MOST_RANGES: Final = 256
"""Ranges in one batch. The batch is written down before it is sent, and that has to stay cheap."""

_REFUSED_BYTES: Final = 64 * 1024 * 1024
"""Most bytes of what a receiver will never take; further ones are dropped, and told."""


class Refused(Exception):
    """A receiver will never take these ranges, however often they are sent."""


class Later(Exception):
    """A receiver takes nothing now. *retry_s* is how long it asks to be left alone, 0 where it does not say."""

    def __init__(self, reason: str, retry_s: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_s = retry_s


class _Range(msgspec.Struct, frozen=True):
    segment: str
    start: int
    end: int


class _State(msgspec.Struct):
    """What survives a restart: how far each segment is taken over there, and the ranges that may be."""

    offsets: dict[str, int] = {}
    intents: list[_Range] = []


class Sender(ABC):
    """
    A thread that reads segments and delivers them, if this process is the one.

    Attributes:
        trouble: why nothing can be sent at the moment; empty when all is well. ``sightline doctor`` shows it.
        refused: records that the receiver will never take; they are in the directory ``refused`` of the home.
    """

    name = "ship"
    """Names the thread, the lock and the file with the offsets."""

    range_bytes = 1024 * 1024
    """Bytes of lines in one batch, about; also what bounds the memory of a sender."""

    def __init__(self, home: Path, directory: Path, to: str) -> None:
        self.trouble = ""
        self.refused = 0
        self._home = home
        self._spool = directory
        self._to = to
        self._stop = threading.Event()
        self._lock = -1
        self._reader: SpoolReader | None = None
        self._state = _State()
        self._retry_s = _RETRY_FIRST_S
        self._thread = QuietThread(target=self._run, name=f"sightline-{self.name}", daemon=True)

    @abstractmethod
    def deliver(self, chunks: list[Chunk]) -> None:
        """
        Send a batch and return when it is taken.

        Raises:
            Refused: if it will never be taken.
            Later: if it is not taken now; so too OSError and HTTPException.
        """

    def disconnect(self) -> None:  # noqa: B027 - one without connections has nothing to do
        """Let go of connections."""

    def may_send(self) -> bool:
        """Tell whether any process may send now."""
        return True

    def tidy(self) -> None:  # noqa: B027 - as above
        """Do what is to be done beside, every now and then, in the process that sends."""

    def note(self, error: Exception) -> None:
        """Have the guard tell of *error*, once, and go on."""
        with contextlib.suppress(Exception):
            guard.failed(self.name, error)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Send what is there already, for a bounded time, and let another process take over."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def abandon(self) -> None:
        """Let go, in a forked child, of what the parent's thread holds; the parent keeps it."""
        self._retire()

    def _run(self) -> None:
        while True:
            stopping = self._stop.is_set()
            wait_s = self._round()
            if stopping and wait_s > 0:
                break
            self._stop.wait(wait_s)
        self._retire()

    def _round(self) -> float:
        """Do one thing, and tell for how many seconds nothing else is to be done."""
        try:
            if not self._elected():
                if self.trouble:
                    self._tell("")
                return _ELECT_EVERY_S
            self.tidy()
            more = self._send()
        except (OSError, http.client.HTTPException, Later) as error:
            self.disconnect()
            self._tell(str(error) or type(error).__name__)
            wait_s, self._retry_s = self._retry_s, min(self._retry_s * 2, _RETRY_MOST_S)
            # Many hosts whose server was away must not come back in step.
            return max(wait_s * random.uniform(0.5, 1.0), getattr(error, "retry_s", 0.0))  # noqa: S311 - no secret
        except Exception as error:
            self._tell(f"{type(error).__name__}: {error}")
            self.note(error)
            return _RETRY_MOST_S
        self._retry_s = _RETRY_FIRST_S
        self._tell("")
        return 0.0 if more else LOOK_EVERY_S

    def _tell(self, trouble: str) -> None:
        if trouble != self.trouble or not presence.tells(self.name):
            self.trouble = trouble
            presence.tell(self.name, self._to, trouble)

    def _elected(self) -> bool:
        """Tell whether this process is the one that sends."""
        if not self.may_send():
            self._retire()
            return False
        if self._lock >= 0:
            return True
        if not self._spool.is_dir():
            return False
        lock = os.open(self._spool / f"{self.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        self._lock = lock
        self._state = self._load()
        self._reader = SpoolReader(self._spool, self._state.offsets)
        return True

    def _retire(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        self.disconnect()

    def _send(self) -> bool:
        """Send what is new; tell whether there may be much more."""
        reader = self._reader
        assert reader is not None
        again = bool(self._state.intents)
        if again:
            found = (reader.range(intent.segment, intent.start, intent.end) for intent in self._state.intents)
            chunks = [chunk for chunk in found if chunk is not None]
        else:
            chunks = reader.read(self.range_bytes)
        size_bytes = sum(len(chunk.lines) for chunk in chunks)
        try:
            for at in range(0, len(chunks), _MOST_RANGES):
                self._send_batch(reader, chunks[at : at + _MOST_RANGES], written_down=again)
        except BaseException:
            # A new reader comes back to this batch, and to those behind it, from what is taken.
            reader.close()
            self._reader = SpoolReader(self._spool, self._state.offsets)
            raise
        gone = [*reader.finished(), *reader.forgotten()]
        if chunks or again or gone:
            self._state.intents = []
            for name in gone:
                self._state.offsets.pop(name, None)
            self._save()
        return again or size_bytes >= self.range_bytes // 2

    def _send_batch(self, reader: SpoolReader, batch: list[Chunk], *, written_down: bool) -> None:
        if not written_down:
            self._state.intents = [_Range(chunk.segment, chunk.start, chunk.end) for chunk in batch]
            self._save()
        try:
            self.deliver(batch)
        except Refused as refusal:
            if len(batch) > 1:
                for chunk in batch:
                    self._send_batch(reader, [chunk], written_down=False)
                return
            self._set_aside(batch[0], str(refusal))
        for chunk in batch:
            reader.stored(chunk.segment, chunk.end)
            self._state.offsets[chunk.segment] = chunk.end

    def _set_aside(self, chunk: Chunk, reason: str) -> None:
        """Keep what will never be taken where a person can look at it, and go on."""
        records = chunk.lines.count(b"\n")
        self.refused += records
        directory = self._home / "refused"
        prepare_directory(directory)
        with os.scandir(directory) as entries:
            used = sum(entry.stat().st_size for entry in entries)
        kept = "dropped"
        if used + len(chunk.lines) <= _REFUSED_BYTES:
            path = directory / f"{self.name}-{chunk.start:010d}-{chunk.segment}"
            path.write_bytes(encode_header(chunk.header) + chunk.lines)
            path.chmod(0o600)
            kept = f"kept in {path}"
        self.note(Refused(f"{records} records will never be taken, {kept}: {reason}"))

    def _load(self) -> _State:
        try:
            return msgspec.json.decode((self._spool / f"{self.name}.json").read_bytes(), type=_State)
        except (FileNotFoundError, msgspec.MsgspecError):
            return _State()

    def _save(self) -> None:
        written = self._spool / f".{self.name}.json"
        written.write_bytes(msgspec.json.encode(self._state))
        written.replace(self._spool / f"{self.name}.json")
