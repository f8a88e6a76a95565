"""
Memory of the server at rest and under load, and what Sightline adds to an application.

Private memory is what is dirty and shared with nobody: ``Private_Dirty`` of ``/proc/<pid>/smaps_rollup``. The load is
recorded through the SDK by two applications; the server's memory is looked at ten times a second, the peak counts.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))

from serving import Server

MIB: Final = 1024 * 1024
APPLICATIONS: Final = 2
REST_S: Final = 10.0
"""Seconds until a server that has just started is taken to be at rest."""

LIMITS: Final = {"application_mib": 12.0, "idle_server_mib": 220.0, "loaded_server_mib": 900.0}

BARE: Final = "import sys; sys.stdin.read()"
READY: Final = """
import sys, sightline
sightline.configure(service="memory")
log = sightline.get_logger("memory")
for number in range(20_000):
    with sightline.span("step", number=number):
        log.info("recorded", number=number)
print("ready", flush=True)
sys.stdin.read()
"""


def private_bytes(pid: int) -> int:
    """Tell how much memory is the process's own."""
    found = re.search(r"Private_Dirty:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii"))
    assert found
    return int(found[1]) * 1024


def application_bytes(home: Path) -> tuple[int, int]:
    """Tell what recording adds to a bare interpreter, after 40,000 records, and how much of the segment is mapped."""
    sizes = []
    mapped = 0
    for program in (f"print('ready', flush=True)\n{BARE}", READY):
        environment = {**os.environ, "SIGHTLINE_HOME": str(home), "SIGHTLINE_SYSTEM_INTERVAL": "1"}
        process = subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        assert process.stdout is not None
        process.stdout.readline()
        mapped = _segments(process.pid)
        sizes.append(private_bytes(process.pid) - mapped)
        process.communicate()
    return sizes[1] - sizes[0], mapped


def _segments(pid: int) -> int:
    """Tell how much of it is the mapped segment: pages of a file, which the kernel writes out and takes back."""
    total = 0
    counting = False
    for line in Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8").splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            counting = ".jsonl" in line
        elif counting and line.startswith("Private_Dirty:"):
            total += int(line.split()[1]) * 1024
    return total


def record(rate: int, seconds: float) -> None:
    """Record logs and spans, half and half, at a steady rate."""
    import sightline

    sightline.configure(service="memory")
    log = sightline.get_logger("memory")
    started = time.monotonic()
    done = 0
    while (now := time.monotonic() - started) < seconds:
        while done < now * rate:
            with sightline.span(
                "GET /orders/{id}", method="GET", route="/orders/{id}", status=200, user_id=done % 9973
            ):
                log.info("order was paid", order=done, customer=done % 9973, cached=done % 2 == 0)
            done += 2
        time.sleep(0.002)
    sightline.shutdown()
    print(done)


def measure(rate: int, seconds: float) -> dict[str, Any]:
    """Measure all three."""
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as directory:
        application, mapped = application_bytes(Path(directory) / "application")
        home = Path(directory) / "home"
        with Server(home) as server:
            pid = server.process.pid
            time.sleep(REST_S)
            idle = private_bytes(pid)
            command = [sys.executable, __file__, "--record", str(rate // APPLICATIONS), "--seconds", str(seconds)]
            environment = {**os.environ, "SIGHTLINE_HOME": str(home)}
            running = [
                subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
                for _ in range(APPLICATIONS)
            ]
            peak, cpu = 0, _cpu_seconds(pid)
            while any(process.poll() is None for process in running):
                peak = max(peak, private_bytes(pid))
                time.sleep(0.1)
            cpu = _cpu_seconds(pid) - cpu
            recorded = sum(int(process.communicate()[0]) for process in running)
            _drain(server)
            sql = (
                "SELECT (SELECT count() FROM otel_logs WHERE ScopeName = 'memory') + (SELECT count() FROM otel_traces)"
            )
            stored = server.rows(sql)[0][0]
    return {
        "application_mib": round(application / MIB, 1),
        "application_segment_mib": round(mapped / MIB, 1),
        "idle_server_mib": round(idle / MIB, 1),
        "loaded_server_mib": round(peak / MIB, 1),
        "limits_mib": LIMITS,
        "seconds": seconds,
        "records_per_second": round(recorded / seconds),
        "recorded": recorded,
        "stored": stored,
        "server_cpu_cores": round(cpu / seconds, 2),
    }


def _drain(server: Server) -> None:
    deadline = time.monotonic() + 60
    while server.behind() != (0, 0) and time.monotonic() < deadline:
        time.sleep(0.1)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=20_000, help="records a second, of all applications")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--record", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.record:
        record(arguments.record, arguments.seconds)
        return
    found = measure(arguments.rate, arguments.seconds)
    if arguments.json:
        print(json.dumps(found))
        return
    for name, limit in LIMITS.items():
        print(f"{name.replace('_', ' '):<20}{found[name]:>8} (at most {limit:g})")
    rate = f"{found['records_per_second']:,} records a second"
    print(f"{rate} for {found['seconds']:g} s, the server on {found['server_cpu_cores']} cores")
    print(f"recorded {found['recorded']:,}, stored {found['stored']:,}")


if __name__ == "__main__":
    main()
