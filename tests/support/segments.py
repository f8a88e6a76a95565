"""Writers of segments, whole and broken, without the SDK."""

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

from sightline.spool.format import FORMAT, Header, SegmentName, encode_header


def log_line(body: str, *, time_ns: int | None = None, instance: str = "a" * 16, **fields: Any) -> bytes:
    """Encode one log line, newline included."""
    record = {"kind": "log", "time": time_ns or time.time_ns(), "instance": instance, "severity": 9, "level": "INFO"}
    return json.dumps({**record, "logger": "test", "body": body, **fields}, separators=(",", ":")).encode() + b"\n"


class SegmentFile:
    """A segment under a test's control: open and locked like a process's own, until ``end``."""

    def __init__(
        self,
        spool: Path,
        *,
        instance: str = "a" * 16,
        sequence: int = 0,
        resource: dict[str, str] | None = None,
        size: int = 64 * 1024,
        header: bytes | None = None,
    ) -> None:
        spool.mkdir(parents=True, exist_ok=True)
        now = time.time_ns()
        self.name = str(SegmentName(now // 1_000_000, instance, sequence))
        self.path = spool / self.name
        found = {"service.name": "test", "service.instance.id": instance} if resource is None else resource
        start = encode_header(Header(FORMAT, now, instance, os.getpid(), found)) if header is None else header
        hidden = spool / f".{self.name}"
        self._file = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        os.ftruncate(self._file, size)
        os.pwrite(self._file, start, 0)
        hidden.rename(self.path)
        self.data_start = self.position = len(start)

    def write(self, content: bytes) -> None:
        """Append bytes, whatever they are."""
        os.pwrite(self._file, content, self.position)
        self.position += len(content)

    def skip(self, count: int) -> None:
        """Leave a hole."""
        self.position += count

    def end(self, *, truncate: bool = True) -> None:
        """End it as a clean shutdown does, or as a kill does."""
        if self._file >= 0:
            if truncate:
                os.ftruncate(self._file, self.position)
            os.close(self._file)
            self._file = -1
