"""Clocks that are wrong: records keep the times they came with, keep nobody out, and are paged like any other."""

import subprocess
import time
from pathlib import Path

import pytest
from tests.support.jumping_clock import JumpingClock
from tests.support.segments import SegmentFile, log_line
from tests.support.server import ServerProcess, eventually

DAY_NS = 86_400 * 10**9
TIMES = [0, 1, 10**9, 915_148_800 * 10**9, 4_070_908_800 * 10**9, 7_258_118_400 * 10**9, 2**63 - 1]
"""1970, 1999, 2099, 2200 and the last nanosecond that there is."""


def bodies(server: ServerProcess, prefix: str) -> list[str]:
    """Give the bodies that begin so."""
    sql = "SELECT Body FROM otel_logs WHERE startsWith(Body, {p:String}) ORDER BY Body"
    answer = server.http.post("/api/v1/sql", json={"query": sql, "parameters": {"p": prefix}})
    return [row[0] for row in answer.raise_for_status().json()["rows"]]


def ask(server: ServerProcess, sql: str) -> int:
    """Ask for one number."""
    answer = server.http.post("/api/v1/sql", json={"query": sql})
    return int(answer.raise_for_status().json()["rows"][0][0])


def send(server: ServerProcess, body: str, time_ns: int | None = None) -> None:
    """Send a record by OTLP; one without a time gets the server's."""
    record = {"body": {"stringValue": body}} | ({"timeUnixNano": str(time_ns)} if time_ns is not None else {})
    content = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    server.http.post("/v1/logs", json=content).raise_for_status()


def test_records_of_wrong_clocks_keep_nobody_out(server: ServerProcess):
    """Lines from 1970 to 2262 in one range are taken in with those of now, which are found; nothing is set aside."""
    before = server.get("/health")["checks"]["spool"]["quarantined_lines"]
    segment = SegmentFile(server.home / "spool", instance="7" * 16, size=1024 * 1024)
    segment.write(b"".join(log_line("clock-line", time_ns=at or None, instance="7" * 16) for at in TIMES))
    segment.write(log_line("clock-now", instance="7" * 16))
    segment.end()
    for at in TIMES:
        send(server, "clock-otlp", at)

    eventually(lambda: not segment.path.exists())
    assert bodies(server, "clock-now") == ["clock-now"]
    health = server.get("/health")["checks"]["spool"]
    assert (health["status"], health["quarantined_lines"]) == ("ok", before)


def test_pages_go_through_past_and_future_without_repeating(server: ServerProcess):
    """A range that reaches into the future is paged like any other, to both sides."""
    now = time.time_ns()
    moments = [now + days * DAY_NS for days in range(-5, 400, 9)]
    segment = SegmentFile(server.home / "spool", instance="6" * 16, size=1024 * 1024)
    segment.write(b"".join(log_line(f"paged {n:02}", time_ns=at, level="ERROR", severity=17, logger="paged",
                                    instance="6" * 16) for n, at in enumerate(moments)))  # fmt: skip
    segment.end()
    eventually(lambda: not segment.path.exists())

    for order in ("asc", "desc"):
        found, cursor = [], ""
        while cursor is not None:
            page = server.get("/api/v1/logs", query="logger:paged", start="-30d", end="2098-01-01T00:00:00Z", limit=7,
                              order=order, **({"cursor": cursor} if cursor else {}))  # fmt: skip
            found += [record["body"] for record in page["records"]]
            cursor = page["next_cursor"]
        expected = [f"paged {n:02}" for n in range(len(moments))]
        assert found == (expected if order == "asc" else expected[::-1])


def test_a_clock_that_jumps_under_the_server(tmp_path: Path):
    """Hours to and fro, a server that is killed in between: all that came is found once, and ingest goes on."""
    try:
        clock, home = JumpingClock(tmp_path), tmp_path / "home"
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no compiler for the clock: {error}")
    segment, sent = None, []
    for start, jumps in enumerate(((36 * 3600, -36 * 3600), (-90, 90, 0))):
        with ServerProcess(home, environment=clock.environment) as running:
            segment = segment or SegmentFile(home / "spool", size=1024 * 1024)
            for jump_s in jumps:
                clock.jump(jump_s)
                sent.append(f"jump {start} {jump_s:+}")
                send(running, f"{sent[-1]} otlp")
                segment.write(log_line(f"{sent[-1]} line"))
                eventually(lambda: f"{sent[-1]} line" in bodies(running, "jump"))
            told = running.get("/health")["checks"]["spool"]["status"]
            found, days = bodies(running, "jump"), ask(running, "SELECT uniqExact(toDate(Timestamp)) FROM otel_logs")
            running.kill()
    segment.end()

    assert found == sorted(f"{name} {kind}" for name in sent for kind in ("line", "otlp"))
    assert (told, days >= 3) == ("ok", True)
