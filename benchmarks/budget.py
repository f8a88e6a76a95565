"""Whether the server keeps to its memory while records, large requests and heavy questions come at once."""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from tests.support.segments import SegmentFile, log_line
from tests.support.server import ServerProcess

HEAVY = "SELECT toString(cityHash64(number)) AS k, count() FROM numbers(20000000) GROUP BY k ORDER BY k LIMIT 1"


def private_mib(pid: int) -> float:
    """Tell a process's private memory."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(text.partition("RssAnon:")[2].split()[0]) / 1024


def body(records: int) -> bytes:
    """Encode a request of so many logs."""
    logs = [{"timeUnixNano": str(time.time_ns()), "body": {"stringValue": f"record {n} " * 8}} for n in range(records)]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": logs}]}]}).encode()


def main() -> None:
    """Run, and print the peak and what was answered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--memory", type=int, default=1024, help="MiB of the server")
    given = parser.parse_args()
    answers: Counter[str] = Counter()
    stop = threading.Event()
    with tempfile.TemporaryDirectory() as directory:
        settings = {"SIGHTLINE_MEMORY_BYTES": str(given.memory * 1024 * 1024)}
        with ServerProcess(Path(directory) / "home", environment=settings) as server:
            large = body(100_000)

            def ask(kind: str, path: str, content: bytes) -> None:
                while not stop.is_set():
                    headers = {"Content-Type": "application/json"}
                    answers[f"{kind} {server.http.post(path, content=content, headers=headers).status_code}"] += 1

            def record() -> None:
                lines = b"".join(log_line(f"record {n}") for n in range(2000))
                segment, sequence = None, 0
                while not stop.wait(0.1):  # 20,000 records a second
                    if segment is None:
                        sequence += 1
                        segment = SegmentFile(server.home / "spool", sequence=sequence, size=8 * 1024 * 1024)
                    segment.write(lines)
                    answers["lines"] += 2000
                    if segment.position > 7 * 1024 * 1024:
                        segment.end()
                        segment = None

            heavy = json.dumps({"query": HEAVY}).encode()
            threads = [threading.Thread(target=record)]
            threads += [threading.Thread(target=ask, args=("large", "/v1/logs", large)) for _ in range(3)]
            threads += [threading.Thread(target=ask, args=("heavy", "/api/v1/sql", heavy)) for _ in range(3)]
            for thread in threads:
                thread.start()
            peak, ends = 0.0, time.monotonic() + given.seconds
            while time.monotonic() < ends:
                peak = max(peak, private_mib(server.process.pid))
                time.sleep(0.1)
            stop.set()
            for thread in threads:
                thread.join()
            print(json.dumps({"memory_mib": given.memory, "peak_private_mib": round(peak), "answers": answers}))


if __name__ == "__main__":
    main()
