"""
Sends what is in the spool to a server on another machine, or with another home: ranges of segments over HTTP.

One process a spool does it, elected by a lock; when it ends, another takes over. A range is written down before it is
sent and sent again with the same offsets until the server says that it is stored, so the server can tell it apart.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import threading
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlencode, urlsplit

import msgspec

from sightline.base.errors import SettingInvalid
from sightline.sdk import guard
from sightline.sdk.autostart import is_running
from sightline.sdk.recorder import recorder
from sightline.spool.format import encode_header
from sightline.spool.reader import SpoolReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sightline.spool.reader import Chunk

PATH: Final = "/api/v1/lines"
RANGE_BYTES: Final = 1024 * 1024
"""Bytes of lines in one request: enough that its cost does not matter, little enough to be sent in a second."""

_LOOK_EVERY_S: Final = 0.3
_ELECT_EVERY_S: Final = 2.0
_RETRY_FIRST_S: Final = 0.5
_RETRY_MOST_S: Final = 30.0
_TIMEOUT_S: Final = 10.0
_STOP_S: Final = 0.4
"""Longest that the end of the process waits; what is not sent by then, the next process sends."""


def check(url: str) -> SplitResult:
    """
    Take a server's address apart.

    Raises:
        SettingInvalid: if *url* is no address of an HTTP server.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingInvalid(f"server is {url!r}; expected auto or an address such as http://host:4318.")
    return parts


class _Range(msgspec.Struct, frozen=True):
    segment: str
    start: int
    end: int


class _State(msgspec.Struct):
    """What survives a restart: how far each segment is stored over there, and the range that may be."""

    offsets: dict[str, int] = {}
    intent: _Range | None = None


class Shipper:
    """
    The thread that sends, if this process is the one.

    Attributes:
        trouble: why nothing can be sent at the moment; empty when all is well.
    """

    def __init__(self, url: str, home: Path) -> None:
        self.trouble = ""
        self._home = home
        self._spool = home / "spool"
        self._parts = check(url)
        self._stop = threading.Event()
        self._lock = -1
        self._reader: SpoolReader | None = None
        self._state = _State()
        self._connection: http.client.HTTPConnection | None = None
        self._thread = threading.Thread(target=self._run, name="sightline-ship", daemon=True)

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
        retry_s = _RETRY_FIRST_S
        while True:
            stopping = self._stop.is_set()
            wait_s = _LOOK_EVERY_S
            try:
                if not self._elected():
                    wait_s = _ELECT_EVERY_S
                elif self._ship():
                    wait_s = 0.0
                retry_s = _RETRY_FIRST_S
                self.trouble = ""
            except (OSError, http.client.HTTPException) as error:
                self._disconnect()
                self.trouble = str(error) or type(error).__name__
                wait_s, retry_s = retry_s, min(retry_s * 2, _RETRY_MOST_S)
                stopping = self._stop.is_set()
            except Exception as error:
                guard.failed("ship", error)
                wait_s = _RETRY_MOST_S
            if stopping and wait_s > 0:
                break
            self._stop.wait(wait_s)
        self._retire()

    def _elected(self) -> bool:
        """Tell whether this process is the one that sends. A server on this home reads the spool itself."""
        if is_running(self._home):
            self._retire()
            return False
        if self._lock >= 0:
            return True
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(self._spool / "ship.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                return False
            self._lock = lock
            self._state = self._load()
            self._reader = SpoolReader(self._spool, self._state.offsets)
        return self._lock >= 0

    def _retire(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        self._disconnect()

    def _ship(self) -> bool:
        """Send what is new; tell whether there may be more."""
        reader = self._reader
        assert reader is not None
        intent = self._state.intent
        if intent is not None:
            again = reader.range(intent.segment, intent.start, intent.end)
            chunks = [again] if again is not None else []
            self._state.intent = None
        else:
            chunks = reader.read(RANGE_BYTES)
        for at, chunk in enumerate(chunks):
            try:
                self._send(chunk)
            except BaseException:
                # A new reader comes back to this chunk, and to those behind it, from what is stored.
                self._forget_reads()
                raise
            reader.stored(chunk.segment, chunk.end)
            self._state.offsets[chunk.segment] = chunk.end
            self._state.intent = None
            if at == len(chunks) - 1:
                self._save()
        for name in [*reader.finished(), *reader.forgotten()]:
            self._state.offsets.pop(name, None)
        return bool(chunks)

    def _forget_reads(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._reader = SpoolReader(self._spool, self._state.offsets)

    def _send(self, chunk: Chunk) -> None:
        self._state.intent = _Range(chunk.segment, chunk.start, chunk.end)
        self._save()
        query = urlencode({"segment": chunk.segment, "start": chunk.start, "end": chunk.end})
        body = zlib.compress(encode_header(chunk.header) + chunk.lines, 1)
        headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "deflate"}
        answer, detail = self._post(f"{self._parts.path.rstrip('/')}{PATH}?{query}", body, headers)
        if answer != http.client.OK:
            raise http.client.HTTPException(f"{self._parts.netloc} answered {answer}: {detail[:300]}")

    def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        if self._connection is None:
            secure = self._parts.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            self._connection = kind(self._parts.hostname or "", self._parts.port, timeout=_TIMEOUT_S)
        self._connection.request("POST", path, body, dict(headers))
        answer = self._connection.getresponse()
        return answer.status, answer.read(4096).decode("utf-8", "replace")

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _load(self) -> _State:
        try:
            return msgspec.json.decode((self._spool / "ship.json").read_bytes(), type=_State)
        except (FileNotFoundError, msgspec.MsgspecError):
            return _State()

    def _save(self) -> None:
        written = self._spool / ".ship.json"
        written.write_bytes(msgspec.json.encode(self._state))
        written.replace(self._spool / "ship.json")


class _Shipping:
    """The shipper of this process, if it has one."""

    shipper: Shipper | None = None

    def start(self) -> None:
        """Begin to ship where the ``server`` setting is an address; called whenever recording starts."""
        self.stop()
        url = recorder.settings["server"].value if recorder.settings else ""
        if url and url != "auto":
            self.shipper = Shipper(url, Path(recorder.settings["home"].value))
            self.shipper.start()

    def stop(self) -> None:
        """End."""
        if self.shipper is not None:
            self.shipper.stop()
            self.shipper = None

    def reborn(self) -> None:
        """Start anew in a forked child."""
        if self.shipper is not None:
            self.shipper.abandon()
            self.shipper = None
            self.start()

    installed = False


shipping: Final = _Shipping()


def install() -> None:
    """Ship from now on, whenever recording is on and the ``server`` setting is an address."""
    if shipping.installed:
        return
    shipping.installed = True
    recorder.on_start(shipping.start)
    recorder.on_stop(shipping.stop)
    recorder.on_fork(shipping.reborn)
