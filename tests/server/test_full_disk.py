"""A disk that fills up: ingest stops with a reason, the server goes on, and so does ingest when there is room."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.segments import SegmentFile, log_line
from tests.support.server import ServerProcess, eventually
from tests.support.small_disk import MIB, fill, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 96 MiB."""
    with small_disk(tmp_path / "disk", 96) as place:
        yield place


def send(server: ServerProcess, body: str) -> tuple[int, str]:
    """Send one record by OTLP; gives status and body of the answer."""
    record = {"timeUnixNano": str(time.time_ns()), "body": {"stringValue": body}}
    content = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    answer = server.http.post("/v1/logs", json=content)
    return answer.status_code, answer.text


def count(server: ServerProcess) -> dict[str, int]:
    """Count the records of the test by body."""
    sql = "SELECT Body, count() FROM otel_logs WHERE Body LIKE 'disk%' GROUP BY Body"
    answer = server.http.post("/api/v1/sql", json={"query": sql})
    return dict(answer.raise_for_status().json()["rows"])


def test_a_full_disk_stops_ingest_and_nothing_else(disk: Path):
    """What was acknowledged is found once, what was refused got the reason, and all goes on when there is room."""
    reserve = {"SIGHTLINE_DISK_RESERVE_BYTES": str(24 * MIB), "SIGHTLINE_MEMORY_BYTES": str(512 * MIB)}
    with ServerProcess(disk / "home", environment=reserve) as server:
        segment = SegmentFile(server.home / "spool")
        segment.write(log_line("disk-line-1"))
        assert send(server, "disk-1")[0] == 200
        eventually(lambda: count(server).get("disk-line-1") == 1)

        ballast = fill(disk)
        segment.write(log_line("disk-line-2"))

        status, reason = send(server, "disk-2")
        assert (status, "The disk of" in reason) == (503, True)
        spool = eventually(lambda: (c := server.get("/health")["checks"]["spool"]).get("reason") and c)
        assert "The disk of" in spool["reason"]
        assert count(server) == {"disk-1": 1, "disk-line-1": 1}

        ballast.unlink()
        assert send(server, "disk-3")[0] == 200
        eventually(lambda: count(server).get("disk-line-2") == 1, timeout_s=40)
        assert count(server) == {"disk-1": 1, "disk-3": 1, "disk-line-1": 1, "disk-line-2": 1}
        segment.end()


def test_the_disk_of_a_store_elsewhere_is_watched(disk: Path, tmp_path: Path):
    """A store on a disk of its own that is full takes nothing, however much room the home has; health says which."""
    fill(disk, 60 * MIB)
    environment = {"SIGHTLINE_STORE": f"chdb://{disk / 'store'}", "SIGHTLINE_DISK_RESERVE_BYTES": str(24 * MIB)}
    with ServerProcess(tmp_path / "home", environment=environment) as server:
        assert send(server, "disk-1")[0] == 200
        (disk / "more").write_bytes(bytes(45 * MIB))

        status, reason = send(server, "disk-2")
        told = server.get("/health")["checks"]["disk"]["reason"]

    assert (status, f"The disk of {disk / 'store'} is full" in reason) == (503, True)
    assert f"The disk of {disk / 'store'} is" in told


WIDER = """
import sys
from sightline.store.connect import Store

store = Store.open(sys.argv[1])
for number in range(6):
    store.query(f"ALTER TABLE otel_logs ADD INDEX wide{number} Body TYPE set(0)", readonly=False)
store.close()
"""
"""Makes records take more of the disk than the engine makes sure of before it writes them."""

WIDE_ROWS = 1000


def wide(prefix: str) -> list[str]:
    """Give 4 MiB of records that nothing compresses well."""
    return [f"{prefix}-{os.urandom(2048).hex()}" for _ in range(WIDE_ROWS)]


def test_a_disk_that_becomes_full_within_an_insert(disk: Path, tmp_path: Path):
    """What the disk did not take is not acknowledged, and its lines stay in the spool; with room all is found once."""
    store = f"chdb://{disk / 'store'}"
    subprocess.run([sys.executable, "-c", WIDER, store], check=True)
    content = [{"timeUnixNano": str(time.time_ns()), "body": {"stringValue": body}} for body in wide("otlp")]
    request = {"resourceLogs": [{"scopeLogs": [{"logRecords": content}]}]}
    asked = (
        "SELECT substring(Body, 1, 4), count() FROM otel_logs WHERE Body LIKE 'otlp%' OR Body LIKE 'line%' GROUP BY 1"
    )
    environment = {"SIGHTLINE_STORE": store, "SIGHTLINE_DISK_RESERVE_BYTES": str(MIB)}
    with ServerProcess(tmp_path / "home", environment=environment) as server:
        segment = SegmentFile(server.home / "spool", size=12 * MIB)
        ballast = fill(disk, 14 * MIB)

        answer = server.http.post("/v1/logs", json=request)
        assert (answer.status_code, "became full during an insert" in answer.text) == (503, True), answer.text
        segment.write(b"".join(log_line(body) for body in wide("line")))
        eventually(lambda: server.get("/health")["checks"]["spool"]["status"] == "degraded")

        ballast.unlink()
        eventually(lambda: server.http.post("/v1/logs", json=request).status_code == 200)
        rows = eventually(lambda: len(found := ask(server, asked)) == 2 and found, timeout_s=60)
    assert sorted(map(tuple, rows)) == [("line", WIDE_ROWS), ("otlp", WIDE_ROWS)]


def ask(server: ServerProcess, sql: str) -> list[list[object]]:
    """Ask for rows."""
    answer = server.http.post("/api/v1/sql", json={"query": sql})
    return list(answer.raise_for_status().json()["rows"])
