"""Hours in minutes: whether memory, the time of questions and the number of records stay what they should be."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.segments import SegmentFile, log_line
from tests.support.server import ServerProcess, eventually

EVERY_S = 0.25
"""Seconds between two writes."""

WARM_MINUTES = 5.0
"""Until then memory grows: caches fill, and the engine keeps parts that were merged for some minutes."""

QUESTION = {"query": "SELECT SeverityText, count() FROM otel_logs WHERE Timestamp > now() - 60 GROUP BY 1"}


def private_mib(pid: int) -> float:
    """Tell a process's private memory."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(text.partition("RssAnon:")[2].split()[0]) / 1024


def slope(points: list[tuple[float, float]]) -> float:
    """Fit a line through the points and give how steep it is."""
    return statistics.linear_regression(*zip(*points, strict=True)).slope if len(points) > 1 else 0.0


def main() -> None:
    """Run, and print what was seen; exit code 1 where memory grows or a record is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--rate", type=int, default=2000, help="records a second")
    parser.add_argument("--json", action="store_true", help="as the other scripts; one JSON object is printed anyway")
    given = parser.parse_args()
    ends = time.monotonic() + given.minutes * 60
    memory, asked = [], []
    with tempfile.TemporaryDirectory() as directory, ServerProcess(Path(directory) / "home") as server:
        written, sequence, segment = 0, 0, None
        began = time.monotonic()
        while time.monotonic() < ends:
            turn = time.monotonic()
            if segment is None:
                sequence += 1
                segment = SegmentFile(server.home / "spool", sequence=sequence, size=8 * 1024 * 1024)
            count = int(given.rate * EVERY_S)
            segment.write(b"".join(log_line(f"soak {written + n}", order=n) for n in range(count)))
            written += count
            if segment.position > 7 * 1024 * 1024:
                segment.end()
                segment = None
            started = time.monotonic()
            server.http.post("/api/v1/sql", json=QUESTION).raise_for_status()
            at = (time.monotonic() - began) / 60
            if at > min(WARM_MINUTES, given.minutes / 2):
                asked.append((at, (time.monotonic() - started) * 1000))
                memory.append((at, private_mib(server.process.pid)))
            time.sleep(max(0.0, EVERY_S - (time.monotonic() - turn)))
        if segment is not None:
            segment.end()
        ask = {"query": "SELECT count() FROM otel_logs WHERE startsWith(Body, 'soak')"}

        def stored() -> int:
            return int(server.http.post("/api/v1/sql", json=ask).json()["rows"][0][0])

        with suppress(AssertionError):
            eventually(lambda: stored() >= written, timeout_s=60)
        found, spool = stored(), server.get("/health")["checks"]["spool"]
    grows = slope(memory)
    told = {
        "written": written,
        "stored": found,
        "memory_mib": round(memory[-1][1]),
        "memory_mib_a_minute": round(grows, 2),
        "question_ms": round(statistics.median(took for _, took in asked), 1),
        "question_ms_a_minute": round(slope(asked), 3),
        "spool": spool,
    }
    print(json.dumps(told))
    raise SystemExit(os.EX_OK if grows < 1 and found == written else 1)


if __name__ == "__main__":
    main()
