"""Log files that several processes write and rotate at the same time without losing a line."""

from __future__ import annotations

import fcntl
import logging
import os
import stat
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sightline.base import retention
from sightline.sdk import guard, old_files
from sightline.sdk.json_format import JSONFormatter
from sightline.sdk.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MAX_BYTES: Final = 100 * 1024 * 1024
"""Size at which a file is rotated."""

COMPRESS_AFTER_DAYS: Final = 7.0
"""Days after which a rotated file is compressed."""

BUFFER: Final = 1000
"""Lines that wait for the disk before further ones are shed."""

_MODE: Final = 0o640
"""Owner and group may read: shippers of logs run in a group, and secrets were taken out before."""

_HOUR_S: Final = 3600.0


class SharedFile:
    """
    Appends to a file that other processes append to and rotate as well.

    Whoever writes holds the lock of the file itself, and looks whether it is still the one at the path. So nobody
    writes to a file that has been rotated away, no two rotate the same one, and lines are never mixed. A batch that the
    disk has no room for is taken back as a whole.
    """

    def __init__(self, path: str | Path, *, max_bytes: int = MAX_BYTES, clock: Callable[[], float] = time.time) -> None:
        """
        Name a file; it is opened by the first write.

        Args:
            path: of the file. Its directory is made. A device, such as ``/dev/stdout``, is never rotated.
            max_bytes: size at which it is rotated; 0 for never.
            clock: tells the time, in seconds since the epoch. The file is rotated at midnight of the local time, too.
        """
        given = Path(path).expanduser().absolute()
        # A link to a file keeps pointing at the newest; a device's link must not be followed into /proc.
        self.path = given if given.exists() and not given.is_file() else given.resolve()
        self._max_bytes = max_bytes
        self._clock = clock
        self._descriptor = -1
        self._pid = 0
        self._day = ""

    def append(self, lines: list[bytes]) -> None:
        """
        Write whole lines, all or none.

        Raises:
            OSError: if the file cannot be opened or written.
        """
        self._locked(b"".join(lines))

    def rotate_if_due(self) -> None:
        """Rotate at midnight though nothing is written."""
        if self.path.exists():
            self._locked(b"")

    def close(self) -> None:
        """Close the file. A later write opens it again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _locked(self, data: bytes) -> None:
        while True:
            descriptor = self._open()
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                _write(descriptor, data)
                return
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            try:
                size = self._current_size(descriptor)
                if size is not None and not (self._is_due(size, len(data)) and self._rotate()):
                    self._write_all(descriptor, data, size)
                    return
            finally:
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            self.close()

    def _open(self) -> int:
        if self._descriptor >= 0 and self._pid != os.getpid():
            # Shared with the parent, and so is its lock.
            self.close()
        if self._descriptor < 0:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY
            self._descriptor = os.open(self.path, flags, _MODE)
            self._pid = os.getpid()
            status = os.fstat(self._descriptor)
            self._day = _day(status.st_mtime if status.st_size else self._clock())
        return self._descriptor

    def _current_size(self, descriptor: int) -> int | None:
        """Give the file's size; None where another one is at its path by now."""
        mine = os.fstat(descriptor)
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return None
        return mine.st_size if (mine.st_ino, mine.st_dev) == (there.st_ino, there.st_dev) else None

    def _is_due(self, size: int, more: int) -> bool:
        if size == 0:
            self._day = _day(self._clock())
            return False
        return bool(self._max_bytes and size + more > self._max_bytes) or self._day != _day(self._clock())

    def _rotate(self) -> bool:
        """Move the file aside; where that fails, lines go on being written to it."""
        moment = self._clock()
        while (target := old_files.rotated_name(self.path, moment)).exists():
            moment += 0.000_001
        try:
            self.path.rename(target)
        except OSError as error:
            guard.failed(f"rotating {self.path}", error)
            self._day = _day(self._clock())
            return False
        return True

    def _write_all(self, descriptor: int, data: bytes, size: int) -> None:
        try:
            _write(descriptor, data)
        except OSError:
            # Half a line would be glued to the next one.
            os.ftruncate(descriptor, size)
            raise


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _day(moment: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(moment))


def _seconds_to_midnight(now: float) -> float:
    local = datetime.fromtimestamp(now, UTC).astimezone()
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(1.0, midnight.timestamp() - now)


class LogFileHandler(logging.Handler):
    """
    Writes records to a file: without waiting for the disk, from any number of processes, rotated and tidied up.

    In ``dictConfig``: ``{"class": "sightline.logging.LogFileHandler", "filename": "/var/log/shop/app.log"}``.
    """

    def __init__(
        self,
        filename: str | Path,
        *,
        level: int | str = logging.NOTSET,
        kind: str = "application",
        environment: str = "production",
        max_bytes: int = MAX_BYTES,
        compress_after_days: float = COMPRESS_AFTER_DAYS,
        retention_days: Mapping[str, Any] | None = None,
        buffer: int = BUFFER,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Make a handler; the file is opened when the first record comes.

        Args:
            filename: path of the file.
            level: lowest level that is written.
            kind: ``application``, ``audit`` or ``security``; tells how long rotated files are kept.
            environment: likewise.
            max_bytes: size at which the file is rotated; 0 for never.
            compress_after_days: age at which a rotated file is compressed.
            retention_days: days by level, and for ``audit`` and ``security``, where they differ from base/retention.py.
            buffer: lines that may wait for the disk; further ones are shed, counted, and told in the file.
            clock: tells the time, for tests.

        Raises:
            SettingInvalid: if *retention_days* is not what it should be.
        """
        super().__init__(level)
        table = retention.days(environment, retention_days)
        by_level = {name: table[name] for name in retention.LEVELS}
        if kind in table:
            by_level = dict.fromkeys(retention.LEVELS, table[kind])
        self._keep = old_files.Keep(by_level, compress_after_days)
        self._clock = clock
        self.file = SharedFile(filename, max_bytes=max_bytes, clock=clock)
        self.outbox = Outbox(
            self.file.path.name,
            self.file.append,
            most=buffer,
            report=self._tell_shed,
            chores=self._tidy,
            chores_in_s=lambda: min(_HOUR_S, _seconds_to_midnight(clock())),
        )
        self.formatter = JSONFormatter()

    def emit(self, record: logging.LogRecord) -> None:
        """Format the record and put it into the buffer; never raises."""
        try:
            self.outbox.put(self._line(record))
        except Exception as error:
            guard.failed("log file", error)

    def flush(self) -> None:
        """Wait until the disk has what was logged so far, for two seconds at most."""
        self.outbox.flush()

    def close(self) -> None:
        """Write what waits, and close the file."""
        if self.outbox.close():  # else its thread has the file yet, whose number may soon be another one's
            self.file.close()
        super().close()

    @property
    def shed(self) -> int:
        """Lines that found the buffer full, in this process."""
        return self.outbox.shed

    def _line(self, record: logging.LogRecord) -> bytes:
        return self.format(record).encode("utf-8", "backslashreplace") + b"\n"

    def _tell_shed(self, count: int) -> bytes:
        message = "%d log lines were shed: the buffer for %s was full"
        return self._line(
            logging.LogRecord("sightline.files", logging.WARNING, __file__, 0, message, (count, self.file.path), None)
        )

    def _tidy(self) -> Iterator[None]:
        self.file.rotate_if_due()
        yield
        yield from old_files.tidy(self.file.path, self._keep, self._clock())
