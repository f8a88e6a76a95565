"""
Our lines, from disk to queryable, against the engine's own ``INSERT … FORMAT JSONEachRow`` of the same lines.

Both run in turns in one process on one engine. Ours reads segments as the server does: intent, insert through the
entry table and its views into indexed tables, offset; the clock stops when a query counts all records. The engine's own
puts the same bytes, already in memory, into one plain table without any index, with the types of the entry table: the
share is of this. For comparison the engine's own also goes into the entry table, with all views and tables behind it as
ours has, and into the plain table from a file (``FROM INFILE``). After them ingest_otlp.py and
ingest_remote_write.py.

Every insert makes a hundred small files. On ext4 without a journal making one gets dear when many were deleted a moment
ago, which the kernel's own time of the process shows: ``TMPDIR=/dev/shm`` leaves the file system out.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from sightline.server.app import ENGINE_SHARE, INSERT_SHARE
from sightline.server.ingest.lines import LinesIngest
from sightline.server.live import Live
from sightline.server.services import Counters
from sightline.spool.reader import SpoolReader
from sightline.spool.writer import SpoolWriter
from sightline.state.offsets import Offsets
from sightline.store.connect import Store
from sightline.store.embedded import EmbeddedEngine

CHUNK_BYTES: Final = 16 * 1024 * 1024
MEMORY_BYTES: Final = 1024 * 1024 * 1024
REST_S: Final = 0.5
"""Seconds without a merge, and the engine is at rest."""

COLUMNS: Final = (
    "kind, time, instance, trace, span, severity, level, logger, body, parent, name, span_kind, duration, status, "
    "status_message, scope, scope_version, trace_state, type, unit, description, samples, attributes, data, events, "
    "links"
)
INSTANCES: Final = tuple(f"{number:016x}" for number in range(1, 5))


def make_line(number: int, instance: str, chance: random.Random) -> bytes:
    """Make what an application records: one log for every two spans, with the attributes of a web service."""
    record: dict[str, Any] = {
        "time": time.time_ns(),
        "instance": instance,
        "trace": f"{chance.getrandbits(128):032x}",
        "span": f"{chance.getrandbits(64):016x}",
    }
    customer = chance.randrange(10_000)
    if number % 3 == 0:
        record = {"kind": "log", **record, "severity": 9, "level": "INFO", "logger": "shop.orders"}
        record["body"] = f"order {number} of customer {customer} paid in {chance.randrange(500)} ms"
        record["attributes"] = {"order": number, "customer": customer, "cached": number % 2 == 0}
    else:
        record = {"kind": "span", **record, "parent": f"{chance.getrandbits(64):016x}"}
        record |= {"name": f"GET /orders/{number % 20}", "span_kind": "Server", "duration": chance.randrange(10**9)}
        record |= {"status": "Ok", "scope": "shop", "attributes": {
            "http.request.method": "GET", "http.route": f"/orders/{number % 20}", "http.response.status_code": 200,
            "user_id": customer, "amount": chance.random(),
        }}  # fmt: skip
    return json.dumps(record, separators=(",", ":")).encode()


def write_segments(spool: Path, lines: int, seed: int) -> bytes:
    """Write the lines of four processes to *spool*, as they do, and give them all in one piece."""
    chance = random.Random(seed)
    writers = [
        SpoolWriter(
            spool,
            instance=instance,
            resource={"service.name": "shop", "service.version": "1.4.2", "host.name": "web-1", "process.pid": "4711",
                      "service.instance.id": instance, "deployment.environment.name": "production"},
            segment_bytes=4 * 1024 * 1024,
            spool_bytes=1 << 40,
        )
        for instance in INSTANCES
    ]  # fmt: skip
    made = []
    for number in range(lines):
        writer = writers[number % len(writers)]
        made.append(make_line(number, writer.instance, chance))
        writer.append(made[-1])
    for writer in writers:
        writer.close()
    return b"\n".join(made) + b"\n"


def ours(home: Path, store: Store, spool: Path, lines: int) -> float:
    """Take the segments in as the server does, and give the seconds until a query counts all of them."""
    before = _count(store)
    offsets = Offsets.open(home / "state.db")
    started = time.perf_counter()
    reader = SpoolReader(spool, offsets.load())
    counters = Counters()
    ingest = LinesIngest(
        store, offsets, reader, live=Live(), counters=counters, quarantine=home / "quarantine",
        weight_limit=MEMORY_BYTES // INSERT_SHARE,
    )  # fmt: skip
    ingest.start()
    while counters.stored.logs + counters.stored.spans < lines or _count(store) < before + lines:
        if ingest.trouble:
            raise SystemExit(ingest.trouble)
        time.sleep(0.01)
    took = time.perf_counter() - started
    ingest.stop()
    offsets.close()
    if list(spool.iterdir()) or _count(store) != before + lines:
        raise SystemExit("The spool is not empty, or there are more records than were written.")
    return took


def engine(bare: EmbeddedEngine, made: bytes, table: str) -> float:
    """Insert the same lines in chunks of ``CHUNK_BYTES`` into a table, and give the seconds."""
    chunks = []
    start = 0
    while start < len(made):
        end = made.rfind(b"\n", start, start + CHUNK_BYTES) + 1
        chunks.append(memoryview(made)[start:end])
        start = end
    started = time.perf_counter()
    for chunk in chunks:
        bare.insert_bytes(table, COLUMNS, chunk, "JSONEachRow", {"async_insert": 0})
    return time.perf_counter() - started


def engine_file(bare: EmbeddedEngine, made: bytes, path: Path) -> float:
    """Insert the same lines from one file into the plain table, and give the seconds."""
    path.write_bytes(made)
    started = time.perf_counter()
    insert = f"INSERT INTO plain ({COLUMNS}) FROM INFILE '{path}' FORMAT JSONEachRow"
    bare.execute(insert, "Null", {}, {}, readonly=False)
    return time.perf_counter() - started


def wait_for_merges(store: Store, rest_s: float = REST_S) -> None:
    """Wait until nothing has been merged for a while, so that nobody pays for the parts of another."""
    idle = time.monotonic()
    while time.monotonic() - idle < rest_s:
        time.sleep(0.05)
        if store.query("SELECT count() FROM system.merges").scalar():
            idle = time.monotonic()


def _count(store: Store) -> int:
    found = store.query("SELECT (SELECT count() FROM otel_logs) + (SELECT count() FROM otel_traces)").scalar()
    return int(found)


def measure(lines: int, rounds: int) -> dict[str, Any]:
    """Measure all in turns and give lines a second, the best of all rounds: all else the machine does only slows."""
    found: dict[str, list[float]] = {"ours": [], "engine": [], "entry": [], "file": []}
    cpu: dict[str, list[float]] = {name: [] for name in found}
    merged: dict[str, list[float]] = {name: [] for name in found}
    size = 0
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as directory:
        home = Path(directory)
        engine_bytes = int(MEMORY_BYTES * ENGINE_SHARE)
        store = Store.open(f"chdb://{home / 'store'}", memory_bytes=engine_bytes)
        bare = EmbeddedEngine(home / "store", engine_bytes)
        create = "CREATE TABLE plain ENGINE = MergeTree ORDER BY time AS SELECT * EXCEPT resource FROM entry"
        bare.execute(create, "Null", {}, {}, readonly=False)
        for number in range(rounds):
            made = write_segments(home / "spool", lines, number)
            size = len(made) // lines
            for name in found if number % 2 else reversed(found):
                began = time.process_time()
                if name == "ours":
                    took = ours(home, store, home / "spool", lines)
                elif name == "file":
                    took = engine_file(bare, made, home / "lines.jsonl")
                else:
                    took = engine(bare, made, "plain" if name == "engine" else "entry")
                cpu[name].append((time.process_time() - began) / lines * 1e6)
                found[name].append(lines / took)
                wait_for_merges(store)
                merged[name].append((time.process_time() - began) / lines * 1e6)
        bare.close()
        store.close()
    best = {name: round(max(rates)) for name, rates in found.items()}
    return {
        "lines": lines,
        "bytes_per_line": size,
        "lines_per_second": best["ours"],
        "engine_lines_per_second": best["engine"],
        "engine_entry_lines_per_second": best["entry"],
        "engine_file_lines_per_second": best["file"],
        "cpu_us_per_line": {name: round(min(costs), 2) for name, costs in cpu.items()},
        "cpu_us_per_line_with_merges": {name: round(min(costs), 2) for name, costs in merged.items()},
        "share_of_engine": round(best["ours"] / best["engine"], 3),
        "target_share": 0.6,
    }


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=400_000, help="records a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-otlp", action="store_true", help="leave OTLP/HTTP and remote write out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    found: dict[str, Any] = {"lines": measure(arguments.lines, arguments.rounds)}
    if not arguments.no_otlp:
        sys.path.insert(0, str(Path(__file__).parent))
        import ingest_files
        import ingest_otlp
        import ingest_remote_write

        found["otlp"] = ingest_otlp.measure()
        found["remote_write"] = ingest_remote_write.measure()
        found["log_file"] = ingest_files.measure()
    if arguments.json:
        print(json.dumps(found))
        return
    lines = found["lines"]
    print(f"lines  disk to queryable   {lines['lines_per_second']:>10,} a second, {lines['bytes_per_line']} bytes each")
    print(f"lines  the engine's own    {lines['engine_lines_per_second']:>10,} a second, into a plain table")
    print(f"       into entry + views  {lines['engine_entry_lines_per_second']:>10,} a second")
    print(f"       plain, from a file  {lines['engine_file_lines_per_second']:>10,} a second")
    print(f"cpu    µs a line           {lines['cpu_us_per_line']}")
    print(f"share  (target 60 %)       {lines['share_of_engine']:>10.0%}")
    for protocol in ("otlp", "remote_write", "log_file"):
        for name, value in found.get(protocol, {}).items():
            print(f"{protocol:<13}{name:<26}{value:>10,}")


if __name__ == "__main__":
    main()
