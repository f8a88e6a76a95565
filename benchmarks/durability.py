"""
Application and server are killed with SIGKILL at random under load; every record whose call returned is found once.

Then the same for every protocol that acknowledges (durability_protocols.py), and for a disk that fills up, a clock that
jumps and a store that is half-written (durability_trouble.py). Asked for by itself: kills in the middle of the server's
work with files (``--only calls``, durability_calls.py), which takes ten seconds a round.

Each application notes in a mapped file, after every call, how many have returned: the note survives the kill as the
record does. The record whose call was cut off may be found or not, but not twice.
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))

import durability_calls
import durability_protocols
import durability_trouble
from serving import Server

APPLICATIONS: Final = 2
BURST: Final = 100
PAUSE_S: Final = 0.004
"""Together about 20,000 records a second from each application on an idle machine: load, but no full spool."""

FOUND: Final = """
SELECT
    count() AS found,
    uniqExact(number) AS different,
    uniqExactIf(number, number < {returned:UInt64}) AS promised,
    countIf(number > {returned:UInt64}) AS impossible
FROM
(
    SELECT toUInt64OrZero(LogAttributes['number']) AS number FROM otel_logs WHERE LogAttributes['run'] = {run:String}
    UNION ALL
    SELECT toUInt64OrZero(SpanAttributes['number']) FROM otel_traces WHERE SpanAttributes['run'] = {run:String}
    UNION ALL
    SELECT toUInt64OrZero(Data['number']) FROM events WHERE Data['run'] = {run:String}
)
"""


def application(run: str, note: str) -> None:
    """Record logs, spans and events without end, and note how many calls have returned."""
    import sightline

    sightline.configure(service="durability")
    log = sightline.get_logger("durability")
    with open(note, "r+b") as file, mmap.mmap(file.fileno(), 8) as returned:  # noqa: PTH123
        number = 0
        while True:
            for _ in range(BURST):
                if number % 3 == 0:
                    log.info("recorded", run=run, number=number)
                elif number % 3 == 1:
                    with sightline.span("recorded", run=run, number=number):
                        pass
                else:
                    sightline.event("recorded", run=run, number=number)
                number += 1
                returned[:] = struct.pack("<q", number)
            time.sleep(PAUSE_S)


class Application:
    """One application's process and its note."""

    def __init__(self, home: Path, run: str) -> None:
        self.run = run
        self._note = home.parent / f"{run}.returned"
        self._note.write_bytes(bytes(8))
        command = [sys.executable, __file__, "--application", run, "--note", str(self._note)]
        self._process = subprocess.Popen(command, env={**os.environ, "SIGHTLINE_HOME": str(home)})

    def wait_recording(self) -> None:
        """Wait until its first call has returned."""
        while self.returned() == 0:
            if self._process.poll() is not None:
                raise SystemExit(f"The application ended by itself (exit {self._process.returncode}).")
            time.sleep(0.01)

    def returned(self) -> int:
        """Tell how many calls have returned."""
        (count,) = struct.unpack("<q", self._note.read_bytes())
        return int(count)

    def kill(self) -> None:
        """Kill it."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


def measure(rounds: int, seconds: float, seed: int) -> dict[str, Any]:
    """Kill and start again for some rounds, then count what is found of each application's records."""
    chance = random.Random(seed)
    directory = Path(tempfile.mkdtemp(prefix="sightline-bench-"))
    home = directory / "home"
    applications: list[Application] = []
    server = Server(home)
    server_kills = 0
    try:
        for number in range(rounds):
            current = [Application(home, f"run-{number}-{index}") for index in range(APPLICATIONS)]
            applications += current
            for each in current:
                each.wait_recording()
            victims: list[Application | None] = [*current, None]
            started = time.monotonic()
            for at, victim in sorted(
                ((chance.uniform(0, seconds), one) for one in victims), key=lambda death: death[0]
            ):
                time.sleep(max(0.0, started + at - time.monotonic()))
                if victim is not None:
                    victim.kill()
                    continue
                server.end(signal.SIGKILL)
                server_kills += 1
                server = Server(home)
        _drain(server)
        return _count(server, applications, home) | {
            "rounds": rounds, "server_kills": server_kills, "application_kills": len(applications),
        }  # fmt: skip
    finally:
        server.end()
        shutil.rmtree(directory)


def _drain(server: Server) -> None:
    deadline = time.monotonic() + 300
    while server.behind() != (0, 0):
        if time.monotonic() > deadline:
            raise SystemExit(f"The spool is not empty after 300 s: {server.http.get('/health').text}")
        time.sleep(0.1)


def _count(server: Server, applications: list[Application], home: Path) -> dict[str, Any]:
    lost = duplicated = recorded = 0
    for each in applications:
        returned = each.returned()
        found, different, promised, impossible = server.rows(FOUND, run=each.run, returned=returned)[0]
        if impossible:
            raise SystemExit(f"{impossible} records of {each.run} were never made.")
        recorded += returned
        lost += returned - promised
        duplicated += found - different
    quarantined = sum(file.read_bytes().count(b"\n") for file in home.glob("quarantine/*.jsonl"))
    return {"recorded": recorded, "lost": lost, "duplicated": duplicated, "quarantined": quarantined}


def _report(found: dict[str, Any]) -> None:
    """Print a line for each way in, and for each trouble."""
    if "recorded" in found:
        print(
            f"{found['recorded']:,} records, {found['application_kills']} applications and {found['server_kills']} "
            f"servers killed (seed {found['seed']}): lost {found['lost']} duplicated {found['duplicated']}"
        )
    for name, one in found.get("protocols", {}).items():
        print(f"{name:16} {_figures(one)}")
    for trouble, told in {**found.get("trouble", {}), **found.get("calls", {})}.items():
        print(f"{trouble}: " + ", ".join(f"{key} {value}" for key, value in told.items() if key != "protocols"))
        for name, one in told.get("protocols", {}).items():
            print(f"  {name:14} {_figures(one)}")


def _figures(one: dict[str, Any]) -> str:
    allowed = "" if one["once"] else " (nothing in the protocol tells them apart)"
    return (
        f"{one['acknowledged']:>8,} acknowledged, {one['sent_again']:>5,} sent again: lost {one['lost']} "
        f"duplicated {one['duplicated']}{allowed}"
    )


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=1.5, help="longest life in a round")
    parser.add_argument("--seed", type=int, default=None)
    parts = ("lines", "protocols", "trouble", "calls")
    parser.add_argument("--only", choices=parts, help="leave the others out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--application", help=argparse.SUPPRESS)
    parser.add_argument("--note", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.application:
        application(arguments.application, arguments.note)
    seed = random.randrange(10**6) if arguments.seed is None else arguments.seed
    wanted = {arguments.only} if arguments.only else {"lines", "protocols", "trouble"}
    found: dict[str, Any] = {"seed": seed}
    wrong: list[str] = []
    if "lines" in wanted:
        found |= measure(arguments.rounds, arguments.seconds, seed)
        wrong += ["lines"] if found["lost"] or found["duplicated"] else []
    if "protocols" in wanted:
        found["protocols"] = durability_protocols.measure(arguments.rounds, arguments.seconds, seed)
        wrong += durability_protocols.failed(found["protocols"])
    if "trouble" in wanted:
        found["trouble"] = durability_trouble.measure()
        wrong += durability_trouble.failed(found["trouble"])
    if "calls" in wanted:
        found["calls"] = durability_calls.measure(arguments.rounds, seed)
        wrong += durability_trouble.failed(found["calls"])
    print(json.dumps(found | {"failed": wrong}) if arguments.json else f"failed: {', '.join(wrong) or 'nothing'}")
    if not arguments.json:
        _report(found)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
