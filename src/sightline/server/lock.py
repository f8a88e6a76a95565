"""One server for each home directory: a lock while it runs, and a file that says where it answers."""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING, Final, Self

import msgspec

from sightline.base.errors import StoreLocked, StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

LOCK_FILE: Final = "server.lock"
ADDRESS_FILE: Final = "server.json"


class Address(msgspec.Struct, frozen=True):
    """
    Where a server answers.

    Attributes:
        pid: its process.
        url: such as ``http://127.0.0.1:4318``.
        version: of Sightline.
        started: when it began to answer, nanoseconds since the epoch.
    """

    pid: int
    url: str
    version: str
    started: int


class HomeLock:
    """Holds *home* for this process, until it is closed or the process ends, however it ends."""

    def __init__(self, home: Path) -> None:
        """
        Take the lock.

        Raises:
            StoreLocked: if another server has it; the message says where it answers.
            StoreUnavailable: if the directory cannot be made or written.
        """
        self._home = home
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(home / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnavailable(
                f"The home directory {home} cannot be used: {error.strerror}. Set SIGHTLINE_HOME to a directory that "
                "this user may write."
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            other = read_address(home)
            where = f" (process {other.pid}, {other.url})" if other else ""
            raise StoreLocked(
                f"Another server already runs on {home}{where}. Use that one, stop it, or set SIGHTLINE_HOME to "
                "another directory."
            ) from None
        (home / ADDRESS_FILE).unlink(missing_ok=True)

    def announce(self, url: str, version: str) -> None:
        """Write down where the server answers; the file appears whole."""
        address = Address(os.getpid(), url, version, time.time_ns())
        hidden = self._home / f".{ADDRESS_FILE}"
        hidden.write_bytes(msgspec.json.encode(address) + b"\n")
        hidden.chmod(0o600)
        hidden.rename(self._home / ADDRESS_FILE)

    def close(self) -> None:
        """Take the address away and let go of the lock. Closing twice is harmless."""
        if self._file >= 0:
            (self._home / ADDRESS_FILE).unlink(missing_ok=True)
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_address(home: Path) -> Address | None:
    """Tell where the server of *home* answers; None where none runs or it is not ready yet."""
    try:
        return msgspec.json.decode((home / ADDRESS_FILE).read_bytes(), type=Address)
    except (OSError, msgspec.MsgspecError):
        return None


def wait_ready(home: Path, timeout_s: float) -> Address | None:
    """Wait until a server of *home* answers; None where none did in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        address = read_address(home)
        if address is not None or time.monotonic() > deadline:
            return address
        time.sleep(0.02)
