"""
What else goes wrong where a server runs: the disk fills up, the clock jumps, a store is left half-written.

Clients of several protocols send all the while, as in durability_protocols.py, and what was acknowledged is to be
found. A part of the store that is damaged costs its own rows, is told, and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.jumping_clock import JumpingClock

from durability_protocols import Fleet, directory

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES: Final = ("otlp_http", "otlp_grpc", "remote_write", "elasticsearch", "ndjson", "fluentd", "sentry", "shipped")

MIB: Final = 1024 * 1024
DISK_BYTES: Final = 192 * MIB
RESERVE_BYTES: Final = 64 * MIB

FILL_S: Final = 0.01
"""Between two MiB that fill the disk: as fast as a disk writes, which memory is not."""

JUMPS_S: Final = (36 * 3600, -36 * 3600, 90, -90, 0)
"""How far the clock is ahead of the true time, one after the other."""

_DAYS: Final = 3


def measure() -> dict[str, dict[str, Any]]:
    """Try each, and give what was found; what this machine does not let us try is told with the reason."""
    return {"disk_full": disk_full(), "clock_jumps": clock_jumps(), "half_written": half_written()}


def disk_full() -> dict[str, Any]:
    """Fill the disk to its last byte while clients send, then make room; kill the server while it is full, too."""
    with directory() as place, small_disk(place / "disk") as reason:
        if reason:
            return {"skipped": reason}
        limits = {"SIGHTLINE_DISK_RESERVE_BYTES": str(RESERVE_BYTES), "SIGHTLINE_MEMORY_BYTES": str(512 * MIB)}
        with Fleet(place / "disk" / "home", NAMES, limits) as fleet:
            fleet.progress()
            ballast = place / "disk" / "ballast"
            with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(bytes(MIB)):
                    time.sleep(FILL_S)
            fleet.progress(refused=True)
            fleet.kill()
            fleet.start()
            fleet.progress(refused=True)
            told = fleet.server.http.get("/health").json()["checks"]["disk"]["status"]
            ballast.unlink()
            fleet.progress()
            return {"told": told == "degraded", "protocols": fleet.finish()}


def clock_jumps() -> dict[str, Any]:
    """Let the server's clock jump forwards and back while clients send, and kill it in between."""
    with directory() as place:
        try:
            clock = JumpingClock(place)
        except (OSError, subprocess.CalledProcessError) as error:
            return {"skipped": f"no compiler for the clock: {error}"}
        with Fleet(place / "home", NAMES, clock.environment) as fleet:
            for number, jump_s in enumerate(JUMPS_S):
                clock.jump(jump_s)
                fleet.progress()
                fleet.progress()  # the first answer may be to what came before the jump
                if number % 2:
                    fleet.kill()
                    fleet.start()
            # A log that tells no time has the server's, so that there are records of each day.
            days = int(fleet.server.rows("SELECT uniqExact(toDate(Timestamp)) FROM otel_logs")[0][0])
            return {"days": days, "told": days >= _DAYS, "protocols": fleet.finish()}


def half_written() -> dict[str, Any]:
    """Leave what a power cut leaves: half an insert, half a transaction; then damage one part, which is to be told."""
    with directory() as place, Fleet(place / "home", NAMES) as fleet:
        fleet.progress()
        fleet.kill()
        _leave_halves(place / "home")
        fleet.start()
        fleet.progress()
        whole = fleet.finish()
        fleet.kill()
        rows = _damage(place / "home", "otel_traces")
        fleet.start()
        reason = fleet.server.http.get("/health").json()["checks"]["store"].get("reason", "")
        found = int(fleet.server.rows("SELECT count() FROM otel_traces")[0][0])
        left = whole["otlp_http"]["acknowledged"] + whole["otlp_http"]["duplicated"] - rows
        return {
            "protocols": whole,
            "damaged_rows": rows,
            "lost_beside": left - found,
            "told": "Damaged parts" in reason and "otel_traces" in reason,
        }


@contextlib.contextmanager
def small_disk(place: Path) -> Iterator[str]:
    """Mount a disk of ``DISK_BYTES``; gives why it cannot, or nothing."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        yield f"no disk can be mounted: {error}"
        return
    if mounted.returncode:
        yield f"no disk can be mounted: {mounted.stderr.strip()}"
        return
    try:
        yield ""
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _parts(home: Path, table: str = "") -> list[Path]:
    """Find the directories of a table's parts, or of all tables', the largest first."""
    tables = [
        re.search(r"UUID '([0-9a-f-]{36})'", file.read_text())
        for file in (home / "store" / "metadata").glob(f"*/{table or '*'}.sql")
    ]
    names = {found[1] for found in tables if found}
    parts = [
        part
        for directory_ in (home / "store" / "store").glob("*/*")
        if directory_.name in names
        for part in directory_.iterdir()
        if re.fullmatch(r"\d+_\d+_\d+_\d+", part.name) and (part / "count.txt").exists()
    ]
    return sorted(parts, key=lambda part: int((part / "count.txt").read_text()), reverse=True)


def _leave_halves(home: Path) -> None:
    """Copy the largest part as an insert that was cut off, and write the half of a page behind the state's log."""
    for part in _parts(home)[:1]:
        half = part.with_name(f"tmp_insert_{part.name}")
        shutil.copytree(part, half)
        for file in sorted(half.iterdir())[::2]:
            os.truncate(file, file.stat().st_size // 2)
    log = home / "state.db-wal"
    if log.exists() and log.stat().st_size:
        with log.open("ab") as behind:
            behind.write(os.urandom(2048))


def _damage(home: Path, table: str) -> int:
    """Cut every file of data of a table's largest part in half; gives how many rows it had."""
    part = _parts(home, table)[0]
    rows = int((part / "count.txt").read_text())
    for file in part.glob("*.bin"):
        os.truncate(file, file.stat().st_size // 2)
    return rows


def failed(found: dict[str, dict[str, Any]]) -> list[str]:
    """Name what lost or doubled something, or was not told."""
    wrong = []
    for name, one in found.items():
        for protocol, figures in one.get("protocols", {}).items():
            if figures["lost"] or (figures["once"] and figures["duplicated"]):
                wrong.append(f"{name}: {protocol}")
        if one.get("told") is False or one.get("lost_beside"):
            wrong.append(name)
    return wrong
