"""
The server is killed in the middle of what it does with files: at the Nth rename, write, unlink, … of a thread.

A kill at random meets a moment of a few microseconds once in a hundred rounds or never; with ``strace``, which makes
the call fail or lets it pass and then kills, it is met. The same with names that the disk refuses, and no kill.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING, Any, Final

from durability_protocols import Fleet, directory

if TYPE_CHECKING:
    from serving import Server

CALLS: Final = {"rename": 25, "write": 1500, "pwrite64": 200, "openat": 1500, "unlink": 60, "mkdir": 20}
"""The calls at which it is killed, and the last one of each: a thread makes about so many in some seconds."""

LONGEST_S: Final = 12.0
"""A server that makes fewer calls in so many seconds is killed wherever it is."""

REFUSED: Final = "ENOSPC"


def measure(rounds: int, seed: int) -> dict[str, dict[str, Any]]:
    """Try both for some rounds, and give what was found; without strace it is told that nothing was tried."""
    if shutil.which("strace") is None:
        skipped = {"skipped": "strace is not installed"}
        return {"killed_in_calls": skipped, "names_refused": skipped}
    chance = random.Random(seed)
    return {"killed_in_calls": _killed(rounds, chance), "names_refused": _refused(rounds, chance)}


def _killed(rounds: int, chance: random.Random) -> dict[str, Any]:
    with directory() as place, Fleet(place / "home") as fleet:
        fleet.progress()
        for _ in range(rounds):
            call = chance.choice(list(CALLS))
            instead = "error=EIO:" if chance.random() < 0.7 else ""
            _strike(fleet.server, call, f"{instead}signal=KILL:when={chance.randint(1, CALLS[call])}")
            fleet.start()
            fleet.progress()
        return {"kills": rounds, "protocols": fleet.finish()}


def _refused(rounds: int, chance: random.Random) -> dict[str, Any]:
    with directory() as place, Fleet(place / "home") as fleet:
        fleet.progress()
        for _ in range(rounds):
            first = chance.randint(1, CALLS["rename"])
            tracer = _trace(fleet.server, "rename", f"error={REFUSED}:when={first}..{first + chance.randint(0, 3)}")
            fleet.progress()
            fleet.progress()
            tracer.terminate()
            tracer.wait()
        return {"rounds": rounds, "protocols": fleet.finish()}


def _strike(server: Server, call: str, injected: str) -> None:
    """Kill the server at a call."""
    tracer = _trace(server, call, injected)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(LONGEST_S)
    server.end(signal.SIGKILL)
    tracer.wait()


def _trace(server: Server, call: str, injected: str) -> subprocess.Popen[bytes]:
    who = ["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(server.process.pid)]
    return subprocess.Popen([*who, "-e", f"trace={call}", "-e", f"inject={call}:{injected}"])
