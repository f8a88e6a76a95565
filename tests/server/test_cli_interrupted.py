"""Ctrl-C while a command starts: nothing is said, the exit code is 130, and the home is as good as before."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.support.segments import SegmentFile, log_line
from tests.support.server import ServerProcess, eventually

MOMENTS_S = (0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2)
"""From the middle of the first imports until after the store is opened, on machines slow and fast."""


def interrupt(home: Path, after_s: float, *arguments: str) -> tuple[int, str, str]:
    """Start a command, interrupt it some time after its first imports, and give exit code and what it said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sightline", *arguments, "--home", str(home)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
        env={**os.environ, "SIGHTLINE_GRPC_PORT": "off", "PYDANTIC_DISABLE_PLUGINS": "__all__"},
    )  # fmt: skip
    maps = Path(f"/proc/{process.pid}/maps")
    eventually(lambda: "msgspec" in maps.read_text())
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    printed, said = process.communicate(timeout=60)
    return process.returncode, printed, said


def test_a_server_that_starts_ends_quietly(tmp_path: Path):
    """At whatever moment it comes, a server that does not answer yet says nothing, and the next one starts."""
    home = tmp_path / "home"
    segment = SegmentFile(home / "spool")
    segment.write(log_line("before", logger="interrupted"))
    segment.end()
    for moment in MOMENTS_S:
        code, printed, said = interrupt(home, moment, "serve", "--port", "0", "--json")
        assert (code, said) == ((0 if printed else 130), ""), moment

    with ServerProcess(home) as server:
        eventually(lambda: not segment.path.exists())
        query = "SELECT count() FROM otel_logs WHERE ScopeName = 'interrupted'"
        assert server.http.post("/api/v1/sql", json={"query": query}).json()["rows"] == [[1]]


@pytest.mark.parametrize("moment", [0.1, 0.7])
def test_a_command_that_opens_the_store_ends_quietly(tmp_path: Path, moment: float):
    """A search without a server tells no traceback, and lets go of the home's lock."""
    home = tmp_path / "home"
    (home / "spool").mkdir(parents=True)

    code, _, said = interrupt(home, moment, "search", "nothing")

    assert code == 130
    assert "Traceback" not in said
    with ServerProcess(home) as server:
        assert server.get("/health")["status"] == "ok"


def test_a_demo_that_starts_ends_quietly(tmp_path: Path):
    """A demo whose programs do not answer yet stops them, and says no more."""
    code, _, said = interrupt(tmp_path / "home", 1.0, "demo", "--port", "0")

    assert (code, said) == (130, "")
