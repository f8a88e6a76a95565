"""The home directory: whether it can be written, who may read it, and how much room there is."""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING, Final

from sightline.cli.checks.finding import Finding
from sightline.cli.show import human_bytes
from sightline.cli.values import value_or_default

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LITTLE_ROOM: Final = 1024**3
"""Free bytes below which the doctor warns: the engine's merges need room beside what they merge."""


def check(home: Path) -> Iterator[Finding]:
    """Look at the home directory and its disk."""
    if not home.exists():
        yield Finding(
            "home", "ok", f"{home} does not exist yet; the first process that records makes it",
            details={"path": str(home), "exists": False},
        )  # fmt: skip
    elif not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(
            "home", "fail", f"{home} cannot be written by user {os.getuid()}",
            "Set SIGHTLINE_HOME to a directory that this user may write.", {"path": str(home)},
        )  # fmt: skip
    else:
        yield Finding("home", "ok", f"{home} can be written", details={"path": str(home), "exists": True})
        yield from _permissions(home)
    yield _room(home)


def _permissions(home: Path) -> Iterator[Finding]:
    for path in (home / "spool", home / "processes", home / "store"):
        if path.is_dir() and stat.S_IMODE(path.stat().st_mode) & 0o077 and stat.S_IMODE(home.stat().st_mode) & 0o077:
            yield Finding(
                "permissions", "warn", f"{path} can be read by other users of this machine", f"chmod 700 {path}",
            )  # fmt: skip


def _room(home: Path) -> Finding:
    place = home
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    details = {"free_bytes": free}
    told = f"{human_bytes(free)} free for {home}"
    if free < value_or_default("segment_bytes"):
        return Finding("disk", "fail", told, "Free some space: nothing can be recorded any more.", details)
    if free < _LITTLE_ROOM:
        return Finding("disk", "warn", told, "Free some space, or move SIGHTLINE_HOME to a larger disk.", details)
    return Finding("disk", "ok", told, details=details)
