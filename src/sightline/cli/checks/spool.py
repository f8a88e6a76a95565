"""The spool: its segments, how old they are, and who writes them."""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING, Any

from sightline.base.errors import SegmentBroken
from sightline.cli.checks.finding import Finding
from sightline.cli.show import human_bytes, human_seconds
from sightline.cli.values import value_or_default
from sightline.sdk.autostart import is_running
from sightline.spool.format import HEADER_LIMIT_BYTES, SegmentName, decode_header

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def check(home: Path) -> Iterator[Finding]:
    """Look at every segment."""
    directory = home / "spool"
    if not directory.is_dir():
        yield Finding(
            "spool", "ok", "nothing was recorded yet", 'Call sightline.configure(service="…") in an application.',
        )  # fmt: skip
        return
    if not os.access(directory, os.W_OK | os.X_OK):
        yield Finding(
            "spool", "fail", f"{directory} cannot be written by user {os.getuid()}",
            "Give the directory to the user that runs the application, or set SIGHTLINE_HOME.",
        )  # fmt: skip
        return
    segments = [_look(path) for path in sorted(directory.iterdir()) if SegmentName.parse(path.name)]
    yield _summary(segments, value_or_default("spool_bytes"), home)
    for segment in segments:
        if "broken" in segment:
            yield Finding(
                "segment", "warn", f"{segment['name']}: {segment['broken']}",
                "The server sets it aside; nothing else is touched by it.", segment,
            )  # fmt: skip


def _look(path: Path) -> dict[str, Any]:
    """Describe a segment; sizes are of blocks on the disk, because a segment is reserved as a whole."""
    found: dict[str, Any] = {"name": path.name}
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        return found | {"bytes": 0, "broken": f"it cannot be read: {error.strerror}"}
    try:
        found |= {"bytes": os.fstat(file).st_size, "final": _is_final(file)}
        header, _ = decode_header(os.pread(file, HEADER_LIMIT_BYTES, 0))
        found |= {"pid": header.pid, "service": header.resource.get("service.name", ""), "time": header.time}
    except SegmentBroken as error:
        found["broken"] = str(error)
    finally:
        os.close(file)
    return found


def _is_final(file: int) -> bool:
    # A shared lock, for an instant: it is refused only where the writer lives.
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return True


def _summary(segments: list[dict[str, Any]], limit: int, home: Path) -> Finding:
    total = sum(segment["bytes"] for segment in segments)
    final = [segment for segment in segments if segment.get("final")]
    writers = sorted({f"{segment['service'] or '?'} (pid {segment['pid']})" for segment in segments
                      if segment.get("final") is False and "pid" in segment})  # fmt: skip
    oldest_s = (time.time_ns() - min((segment["time"] for segment in segments if "time" in segment), default=0)) / 1e9
    told = f"{len(segments)} segments, {human_bytes(total)} of {human_bytes(limit)}"
    if segments and oldest_s < time.time():
        told += f", the oldest {human_seconds(oldest_s)} old"
    if writers:
        told += f"; written by {', '.join(writers)}"
    details = {"bytes": total, "limit_bytes": limit, "segments": segments}
    if total + value_or_default("segment_bytes") > limit:
        return Finding(
            "spool", "fail" if not final else "warn", f"{told}: it is full, and the oldest segments are dropped",
            "Start the server (sightline serve), or raise SIGHTLINE_SPOOL_BYTES.", details,
        )  # fmt: skip
    if final and not is_running(home):
        return Finding(
            "spool", "warn", f"{told}; {len(final)} wait for a server", "Start one: sightline serve", details
        )
    return Finding("spool", "ok", told, details=details)
