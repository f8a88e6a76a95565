"""
One ``/metrics`` for all workers of a server, whichever of them answers.

Each worker keeps its figures in a file of its own, and locks another one while it lives. Who answers writes its own
figures first and adds up everybody's, so that no counter ever goes back. What dead workers counted is put together in
one file. docs/formats/workers.md says every file.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from sightline.model.metric import MetricRecord
from sightline.sdk import guard, metrics
from sightline.sdk.background import Task, background
from sightline.sdk.merge_metrics import compact, merge
from sightline.sdk.recorder import recorder
from sightline.sdk.system import system
from sightline.sdk.worker_group import group_of_this_process
from sightline.spool.format import prepare_directory
from sightline.wire import lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DIRECTORY: Final = "workers"
"""Where the files are, below the home directory."""

_WATCHED_S: Final = 300.0
"""How long after a scrape workers keep their files fresh."""

_UNWATCHED_S: Final = 15.0
"""Age of a worker's figures in the first answer after nobody scraped for a while, at most."""

_FRESH_S: Final = 1.0
"""Age of a worker's figures in the answer of another one, at most, while somebody scrapes."""

_MOST_REMEMBERED: Final = 1000
"""Dead workers that are known by their names, so that none is counted twice if compacting is interrupted."""

_NAME: Final = re.compile(r"(?P<group>[0-9a-f]{16})-(?P<instance>[0-9a-f]{16})\.alive")


class _Dead(msgspec.Struct):
    """First line of the file of the dead."""

    counted: list[str]


class _Living(msgspec.Struct):
    """First line of the file of a worker."""

    pid: int


class Workers:
    """This process among the workers of its server."""

    def __init__(self) -> None:
        self._lock_file = -1
        self._directory: Path | None = None
        self._group = self._instance = ""
        self._joined = self._leads = False

    def lead(self) -> None:
        """
        Belong to the processes that this one forks from now on, and not to its own siblings.

        Called in the main process of a pool, which itself works on nothing and answers for all.
        """
        self.leave()
        self._leads = True
        self.join()

    def join(self) -> None:
        """Keep this process's figures for its siblings from now on, whenever recording is on."""
        if not self._joined:
            self._joined = True
            background.add(Task(run=self.write, interval=self._interval_s, first_s=_FRESH_S, at_end=True))

    def _interval_s(self) -> float:
        usual = min(float(recorder.settings["metrics_interval_s"].value), _UNWATCHED_S)
        if self._directory is None:
            return usual
        try:
            scraped = (self._file("scraped")).stat().st_mtime
        except OSError:
            return usual
        return min(_FRESH_S, usual) if time.time() - scraped < _WATCHED_S else usual

    def write(self) -> None:
        """Write this process's figures down."""
        with contextlib.suppress(FileNotFoundError):  # removed just now: the next time it is made anew
            if self._present():
                content = [msgspec.json.encode(_Living(os.getpid())), *map(lines.encode, own_records())]
                self._replace(self._file(f"{self._instance}.metrics"), content)

    def records(self) -> list[MetricRecord] | None:
        """Add up the figures of all workers; None where this process is the only one there ever was."""
        if not self._present():
            return None
        self.write()
        self._file("scraped").touch(mode=0o600)
        with self._locked(self._file("lock")):
            dead, counted = self._read_dead()
            living: list[tuple[str, list[MetricRecord]]] = []
            died = []
            for instance in self._members():
                if instance == self._instance or self._is_alive(instance):
                    living.append(self._read(instance))
                else:
                    died.append(instance)
            if died:
                dead, counted = self._bury(died, dead, counted)
        if len(living) == 1 and not counted:
            return None
        return merge(living, dead)

    # Files.

    def _file(self, name: str) -> Path:
        assert self._directory is not None
        return self._directory / f"{self._group}-{name}"

    def _present(self) -> bool:
        """Be known to the others: there is a file that is locked by this process while it lives."""
        if not recorder.enabled or recorder.writer is None:
            return False
        known = self._lock_file >= 0 and self._instance == recorder.instance
        if known and self._file(f"{self._instance}.alive").exists():
            return True
        self.leave()
        self._directory = Path(recorder.settings["home"].value) / DIRECTORY
        self._instance, self._group = recorder.instance, group_of_this_process(leads=self._leads)
        prepare_directory(self._directory)
        self._sweep()
        self._lock_file = _lock(self._file(f"{self._instance}.alive"))
        return True

    def leave(self) -> None:
        """Let go of the lock; in a forked child that closes its copy, and the parent keeps it."""
        file, self._lock_file = self._lock_file, -1
        if file >= 0:
            with contextlib.suppress(OSError):
                os.close(file)

    def reborn(self) -> None:
        """Be a worker of its parent in a forked child, whatever the parent was."""
        self._leads = False
        self.leave()

    def _members(self) -> list[str]:
        assert self._directory is not None
        found = (_NAME.fullmatch(path.name) for path in self._directory.glob(f"{self._group}-*.alive"))
        return [match["instance"] for match in found if match is not None]

    def _is_alive(self, instance: str) -> bool:
        return _is_locked(self._file(f"{instance}.alive"))

    def _read(self, instance: str) -> tuple[str, list[MetricRecord]]:
        try:
            first, *rest = self._file(f"{instance}.metrics").read_bytes().splitlines()
            return str(msgspec.json.decode(first, type=_Living).pid), _decode(rest)
        except (OSError, ValueError):
            # It has begun to live and has not written yet.
            return instance, []

    def _read_dead(self) -> tuple[list[MetricRecord], list[str]]:
        try:
            first, *rest = self._file("dead").read_bytes().splitlines()
            return _decode(rest), msgspec.json.decode(first, type=_Dead).counted
        except (OSError, ValueError):
            return [], []

    def _bury(
        self, died: list[str], dead: list[MetricRecord], counted: list[str]
    ) -> tuple[list[MetricRecord], list[str]]:
        """Add what the dead had counted to the file of the dead, and take their own files away."""
        fresh = [instance for instance in died if instance not in counted]
        if fresh:
            dead = compact([dead, *(self._read(instance)[1] for instance in fresh)])
            counted = [*counted, *fresh][-_MOST_REMEMBERED:]
            self._replace(self._file("dead"), [msgspec.json.encode(_Dead(counted)), *map(lines.encode, dead)])
        for instance in died:
            for kind in ("metrics", "alive"):
                self._file(f"{instance}.{kind}").unlink(missing_ok=True)
        return dead, counted

    def _sweep(self) -> None:
        """Take away the files of servers of which no worker lives any more."""
        assert self._directory is not None
        groups: dict[str, list[Path]] = {}
        for path in self._directory.iterdir():
            groups.setdefault(path.name[:16], []).append(path)
        for group, paths in groups.items():
            if group != self._group and not any(path.suffix == ".alive" and _is_locked(path) for path in paths):
                for path in paths:
                    path.unlink(missing_ok=True)

    def _replace(self, path: Path, content: Iterable[bytes]) -> None:
        new = path.with_name(f"{path.name}.{self._instance}.new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:  # noqa: PTH123
            file.writelines(line + b"\n" for line in content)
        new.replace(path)

    @contextlib.contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        file = _lock(path)
        try:
            yield
        finally:
            os.close(file)


def own_records() -> list[MetricRecord]:
    """Give all figures of this process as they stand now; a forked child's without what its parent had counted."""
    registry = metrics.loaded_registry()
    own = [] if registry is None else list(metrics.snapshot(registry, exemplars=True))
    return [*own, *metrics.source_records(), *system.latest()]


def _decode(content: Iterable[bytes]) -> list[MetricRecord]:
    records = []
    for line in content:
        record = lines.decode(line)
        if isinstance(record, MetricRecord):
            records.append(record)
    return records


def _lock(path: Path) -> int:
    """Open and lock *path*, which somebody may take away in between."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            if path.stat().st_ino == os.fstat(file).st_ino:
                return file
        except OSError:
            pass
        os.close(file)


def _is_locked(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        guard.failed("workers", error)
    finally:
        os.close(file)
    return False


workers: Final = Workers()
"""This process among its siblings."""

recorder.on_fork(workers.reborn)
recorder.on_stop(workers.leave)
