"""
Whether the server keeps to its memory while records come by every door and heavy questions are asked at once.

Lines, large requests of logs and of spans, samples, and questions that group and sort more than fits into memory run
side by side. What matters is the peak of the process's private memory, that what was acknowledged is stored, and that
what was refused was told why. Exit code 1 where the budget is exceeded or a record is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx
from tests.support.remote_write import SNAPPY, series_1
from tests.support.segments import SegmentFile, log_line
from tests.support.server import ServerProcess, eventually

HEAVY: Final = {
    "groups": "SELECT toString(cityHash64(number)) AS k, count() FROM numbers(20000000) GROUP BY k ORDER BY k LIMIT 1",
    "sort": "SELECT cityHash64(number) AS k, number FROM numbers(15000000) ORDER BY k LIMIT 1 OFFSET 14000000",
    "records": "SELECT Body, LogAttributes FROM otel_logs ORDER BY cityHash64(Body) LIMIT 10 OFFSET 100000",
    "array": "SELECT length(groupArray(toString(number))) FROM numbers(100000000)",
}
RECORDS: Final = {"large": 100_000, "spans": 50_000}
SPILLED: Final = "SELECT event, value FROM system.events WHERE event LIKE 'External%WritePart'"
STORED: Final = (
    "SELECT countIf(startsWith(Body, 'large')), countIf(startsWith(Body, 'line')),"
    " (SELECT count() FROM otel_traces) FROM otel_logs"
)


def private_mib(pid: int) -> float:
    """Tell a process's private memory."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(text.partition("RssAnon:")[2].split()[0]) / 1024


def logs(count: int) -> bytes:
    """Encode a request of so many logs."""
    now = str(time.time_ns())
    records = [{"timeUnixNano": now, "body": {"stringValue": f"large {n} " * 8}} for n in range(count)]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()


def spans(count: int) -> bytes:
    """Encode a request of so many spans."""
    now = time.time_ns()
    attributes = [{"key": f"key.{n}", "value": {"stringValue": f"value {n}"}} for n in range(8)]
    records = [
        {"traceId": f"{n:032x}", "spanId": f"{n:016x}", "name": f"step {n % 50}", "kind": 2,
         "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + n), "attributes": attributes}
        for n in range(1, count + 1)
    ]  # fmt: skip
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": records}]}]}).encode()


def samples(series: int) -> bytes:
    """Encode a request of remote write with one sample of each series."""
    now = time.time_ns() // 10**6
    found = (series_1({"__name__": "load", "n": str(n)}, (now, 1.0)) for n in range(series))
    return bytes(SNAPPY.compress(b"".join(found), asbytes=True))


class Load:
    """What is done to the server until it is stopped, and what it answers."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.answers: Counter[str] = Counter()
        self.reasons: dict[str, str] = {}
        self.stop = threading.Event()

    def ask(self, kind: str, path: str, content: bytes, headers: dict[str, str]) -> None:
        """Send the same again and again."""
        with httpx.Client(base_url=self.server.url, timeout=120, trust_env=False) as client:
            while not self.stop.is_set():
                answer = client.post(path, content=content, headers=headers)
                self.answers[f"{kind} {answer.status_code}"] += 1
                if not answer.is_success:
                    self.reasons.setdefault(f"{kind} {answer.status_code}", answer.text[:300])
                    time.sleep(0.2)

    def record(self) -> None:
        """Write 20,000 lines a second."""
        lines = b"".join(log_line(f"line {n}") for n in range(2000))
        segment, sequence = None, 0
        while not self.stop.wait(0.1):
            if segment is None:
                sequence += 1
                segment = SegmentFile(self.server.home / "spool", sequence=sequence, size=8 * 1024 * 1024)
            segment.write(lines)
            self.answers["lines"] += 2000
            if segment.position > 7 * 1024 * 1024:
                segment.end()
                segment = None
        if segment is not None:
            segment.end()

    def threads(self) -> list[threading.Thread]:
        """Make all that runs side by side."""
        as_json = {"Content-Type": "application/json"}
        snappy = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
        asked = [("large", "/v1/logs", logs(RECORDS["large"]), as_json)] * 3
        asked += [("spans", "/v1/traces", spans(RECORDS["spans"]), as_json)] * 2
        asked += [("samples", "/api/v1/write", samples(20_000), snappy)]
        asked += [
            (f"question {name}", "/api/v1/sql", json.dumps({"query": sql}).encode(), as_json)
            for name, sql in HEAVY.items()
        ]
        return [threading.Thread(target=self.record), *(threading.Thread(target=self.ask, args=one) for one in asked)]


def measure(server: ServerProcess, seconds: float) -> dict[str, Any]:
    """Load the server, and watch its memory."""
    load, peak = Load(server), 0.0
    threads = load.threads()
    for thread in threads:
        thread.start()
    ends = time.monotonic() + seconds
    while any(thread.is_alive() for thread in threads):
        peak = max(peak, private_mib(server.process.pid))
        if time.monotonic() > ends:
            load.stop.set()
        time.sleep(0.05)
    eventually(lambda: server.get("/health")["checks"]["spool"]["behind_bytes"] == 0, timeout_s=120)

    after = private_mib(server.process.pid)
    eventually(lambda: server.http.post("/v1/logs", json={}).is_success, timeout_s=60)

    def asked(sql: str) -> list[Any]:
        return list(server.http.post("/api/v1/sql", json={"query": sql}).raise_for_status().json()["rows"])

    sent = [load.answers["large 200"] * RECORDS["large"], load.answers["lines"]]
    sent.append(load.answers["spans 200"] * RECORDS["spans"])
    return {
        "peak_private_mib": round(peak), "after_private_mib": round(after),
        "answers": dict(sorted(load.answers.items())), "reasons": load.reasons,
        "acknowledged": sent, "stored": asked(STORED)[0], "spilled": dict(asked(SPILLED)),
    }  # fmt: skip


def main() -> None:
    """Run, and print the peak and what was answered."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--memory", type=int, default=1024, help="MiB of the server")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as directory:
        settings = {"SIGHTLINE_MEMORY_BYTES": str(given.memory * 1024 * 1024)}
        with ServerProcess(Path(directory) / "home", environment=settings) as server:
            found = {"memory_mib": given.memory, **measure(server, given.seconds)}
    print(json.dumps(found))
    kept = found["peak_private_mib"] <= given.memory
    whole = all(had >= sent for had, sent in zip(found["stored"], found["acknowledged"], strict=True))
    raise SystemExit(os.EX_OK if kept and whole else 1)


if __name__ == "__main__":
    main()
