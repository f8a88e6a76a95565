"""The file in which a process says what it is and what is instrumented in it; see docs/formats/process.md."""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import sys
import threading
import time
from pathlib import Path
from typing import Final

import msgspec

from sightline.sdk import guard
from sightline.sdk.recorder import recorder
from sightline.spool.format import prepare_directory

FORMAT: Final = 1
"""Version of the format. A reader leaves files of a higher one alone."""

DIRECTORY: Final = "processes"
"""Where the files are, below the home directory."""

_MOST_INSTRUMENTED: Final = 200
"""Entries kept. A program that makes applications without end must not make the file grow."""

_MOST_SWEPT: Final = 1000
"""Files of dead processes looked at when a process starts."""


class Instrumented(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    One thing that is instrumented in a process, or is not although it could be.

    Attributes:
        name: of the library or framework.
        by: ``sightline`` or ``opentelemetry``; empty where it is not instrumented.
        version: of the instrumented library, as far as it is known.
        reason: why it is not instrumented, or what may be amiss where it is.
    """

    name: str
    by: str = ""
    version: str = ""
    reason: str = ""


class Sending(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    What a process sends away, if it is the one of its spool that does.

    Attributes:
        name: ``ship`` to a Sightline server, or ``otlp``.
        to: host and port.
        trouble: why nothing can be sent now, in a sentence; empty when all is well.
        since: when it became so, nanoseconds since the epoch.
    """

    name: str
    to: str
    trouble: str = ""
    since: int = 0


class Presence(msgspec.Struct, tag_field="kind", tag="process"):
    """What a process says of itself."""

    format: int
    pid: int
    parent_pid: int
    instance: str
    service: str
    started: int
    updated: int
    program: str
    python: str
    started_by: str
    instrumented: list[Instrumented]
    sending: list[Sending] = []


class _File:
    """
    This process's file.

    It is locked while the process lives: whoever can lock it may delete it.
    """

    def __init__(self) -> None:
        # Guards the fields below and the writing of the file.
        self._lock = threading.Lock()
        self._known: dict[str, Instrumented] = {}
        self._sending: dict[str, Sending] = {}
        self._file = -1
        self._path: Path | None = None
        self._started = time.time_ns()

    def note(self, entry: Instrumented) -> None:
        """Say that something is instrumented, or why it is not. Said again, the later counts."""
        with self._lock:
            if self._known.get(entry.name) == entry:
                return
            if entry.name in self._known or len(self._known) < _MOST_INSTRUMENTED:
                self._known[entry.name] = entry
        if recorder.enabled:
            self.write()

    def tell(self, name: str, to: str, trouble: str) -> None:
        """Say what is sent where, and why it is not; called when that changes."""
        with self._lock:
            self._sending[name] = Sending(name, to, trouble[:500], time.time_ns())
        if recorder.enabled:
            self.write()

    def tells(self, name: str) -> bool:
        """Tell whether *name* was said to send."""
        return name in self._sending

    def known(self) -> list[Instrumented]:
        """Give what was noted so far."""
        return list(self._known.values())

    def start(self) -> None:
        """Write the file for the first time, and delete those that dead processes left."""
        self.write()
        with contextlib.suppress(OSError):
            sweep(Path(recorder.settings["home"].value) / DIRECTORY)

    def write(self) -> None:
        """Write the file as things stand."""
        try:
            with self._lock:
                self._write()
        except Exception as error:
            guard.failed("presence", error)

    def _write(self) -> None:
        directory = Path(recorder.settings["home"].value) / DIRECTORY
        path = directory / f"{os.getpid()}-{recorder.instance}.json"
        if self._path is None:
            prepare_directory(directory)
        hidden = directory / f".{path.name}"
        file = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            # Locked before it is seen: a file without a lock is a dead process's.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(file, msgspec.json.encode(self._describe()) + b"\n")
            hidden.rename(path)
        except BaseException:
            os.close(file)
            hidden.unlink(missing_ok=True)
            raise
        if self._file >= 0:
            os.close(self._file)
        self._file, self._path = file, path

    def _describe(self) -> Presence:
        return Presence(
            format=FORMAT,
            pid=os.getpid(),
            parent_pid=os.getppid(),
            instance=recorder.instance,
            service=recorder.resource.get("service.name", ""),
            started=self._started,
            updated=time.time_ns(),
            # The program's name alone: arguments may hold secrets.
            program=Path(sys.argv[0]).name if getattr(sys, "argv", None) else "",
            python=platform.python_version(),
            started_by="sightline run" if os.environ.get("SIGHTLINE_RUN") else "configure",
            instrumented=self.known(),
            sending=list(self._sending.values()),
        )

    def remove(self) -> None:
        """Delete the file: this process ends, or records no more."""
        with self._lock:
            if self._path is not None:
                self._path.unlink(missing_ok=True)
            self._sending = {}
            self._let_go()

    def reborn(self) -> None:
        """Say in a forked child what it is; its parent's file and lock stay the parent's."""
        self._lock = threading.Lock()
        self._started = time.time_ns()
        self._sending = {}
        self._let_go()
        if recorder.enabled:
            self.write()

    def _let_go(self) -> None:
        file, self._file, self._path = self._file, -1, None
        if file >= 0:
            with contextlib.suppress(OSError):
                os.close(file)


def sweep(directory: Path) -> None:
    """Delete the files of processes that are gone."""
    with os.scandir(directory) as entries:
        names = [entry.name for entry, _ in zip(entries, range(_MOST_SWEPT), strict=False)]
    for name in names:
        # A hidden one is being written, and not locked yet.
        if not name.startswith(".") and not is_alive(directory / name):
            (directory / name).unlink(missing_ok=True)


def is_alive(path: Path) -> bool:
    """Tell whether the process that wrote the file at *path* lives; so too where it cannot be told."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


presence: Final = _File()
"""What this process says of itself."""

recorder.on_start(presence.start)
recorder.on_fork(presence.reborn)
recorder.on_stop(presence.remove)
