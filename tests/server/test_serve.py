"""Starting and stopping the server: one for each home, and clear words when it cannot be."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.segments import SegmentFile, log_line
from tests.support.server import ServerProcess, eventually

from sightline.server.lock import ADDRESS_FILE, read_address


def serve(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a server that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "sightline", "serve", "--port", "0", "--home", str(home), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYDANTIC_DISABLE_PLUGINS": "__all__", "SIGHTLINE_GRPC_PORT": "off", **environment},
    )


def test_health_says_what_is_checked(server: ServerProcess):
    """A server in order answers ``ok`` with its version, uptime and checks."""
    found = server.get("/health")

    assert found["status"] == "ok", found
    assert found["uptime_seconds"] > 0
    assert found["checks"].keys() == {"store", "spool", "disk", "ports"}
    assert found["checks"]["spool"].keys() >= {"segments", "bytes", "behind_bytes", "lost_records"}


def test_what_nothing_uses_is_not_in_memory(server: ServerProcess):
    """pandas, which chDB brings along, is not loaded: a start takes half the time without it."""
    server.get("/api/v1/overview")

    loaded = Path(f"/proc/{server.process.pid}/maps").read_text(encoding="ascii")

    assert "pyarrow" in loaded
    assert "pandas" not in loaded


def test_the_address_is_written_down_while_it_runs(tmp_path: Path):
    """``server.json`` gives process and address, for the owner alone, and is gone afterwards."""
    with ServerProcess(tmp_path / "home") as server:
        file = tmp_path / "home" / ADDRESS_FILE
        address = read_address(tmp_path / "home")
        assert address is not None
        assert (address.pid, address.url) == (server.process.pid, server.url)
        assert file.stat().st_mode & 0o077 == 0
        assert server.stop() == 0

    assert not file.exists()


def test_a_second_server_on_the_same_home_is_refused(server: ServerProcess):
    """It says which process has the home and where that answers, and ends with 1; the first goes on."""
    second = serve(server.home)

    assert second.returncode == 1
    assert f"Another server already runs on {server.home} (process {server.process.pid}, {server.url})" in second.stderr
    assert "Traceback" not in second.stderr
    assert server.get("/health")["status"] == "ok"


def test_a_port_in_use_is_refused(tmp_path: Path):
    """The message names the port and how to choose another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = serve(tmp_path / "home", "--port", str(port))

    assert found.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be taken: Address already in use." in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_an_address_that_others_reach_is_refused(tmp_path: Path, host: str):
    """Without authentication only loopback is served."""
    found = serve(tmp_path / "home", "--host", host)

    assert found.returncode == 2
    assert f"host is '{host}'; this version has no authentication and serves loopback only." in found.stderr


def test_a_home_that_cannot_be_made_is_refused(tmp_path: Path):
    """A file in the way is named, with the setting to change."""
    (tmp_path / "file").write_text("x")

    found = serve(tmp_path / "file" / "home")

    assert found.returncode == 1
    assert f"The home directory {tmp_path / 'file' / 'home'} cannot be used" in found.stderr
    assert "Set SIGHTLINE_HOME" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_home_that_may_not_be_written_is_refused():
    """A directory of the kernel's takes no files, not even root's."""
    found = serve(Path("/proc/sightline"))

    assert found.returncode == 1
    assert "The home directory /proc/sightline cannot be used" in found.stderr


def test_a_wrong_setting_is_refused(tmp_path: Path):
    """The message names the variable, its value and what is expected."""
    found = serve(tmp_path / "home", SIGHTLINE_MEMORY_BYTES="lots")

    assert found.returncode == 2
    assert "memory_bytes (from SIGHTLINE_MEMORY_BYTES) is 'lots'" in found.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_stores_what_is_written_first(tmp_path: Path, number: int):
    """Lines that were in the spool when the signal came are in the store afterwards."""
    home = tmp_path / "home"
    segment = SegmentFile(home / "spool", size=1024 * 1024)
    with ServerProcess(home) as server:
        segment.write(b"".join(log_line(f"{n}", logger="drained") for n in range(2000)))
        segment.end()
        server.process.send_signal(number)
        assert server.process.wait(30) == 0
        assert server.log() == ""

    assert not segment.path.exists()
    with ServerProcess(home) as server:
        query = "SELECT uniqExact(Body), count() FROM otel_logs WHERE ScopeName = 'drained'"
        answer = server.http.post("/api/v1/sql", json={"query": query})
        assert answer.json()["rows"] == [[2000, 2000]]


def test_a_stop_ends_streams(tmp_path: Path):
    """A client that tails does not hold the server up."""
    with ServerProcess(tmp_path / "home") as server:
        with server.http.stream("GET", "/api/v1/logs/tail") as stream:
            assert stream.status_code == 200
            server.process.send_signal(signal.SIGTERM)
            for _ in stream.iter_raw():
                pass
        assert server.process.wait(10) == 0


def test_a_killed_server_leaves_a_home_that_starts_again(tmp_path: Path):
    """After SIGKILL neither lock nor address file stand in the way, and records are still there."""
    home = tmp_path / "home"
    segment = SegmentFile(home / "spool")
    segment.write(log_line("before", logger="killed"))
    segment.end()
    with ServerProcess(home) as server:
        eventually(lambda: not segment.path.exists())
        server.kill()

    with ServerProcess(home) as server:
        query = "SELECT Body FROM otel_logs WHERE ScopeName = 'killed'"
        assert server.http.post("/api/v1/sql", json={"query": query}).json()["rows"] == [["before"]]


def test_the_first_line_on_stdout_is_json_when_asked(tmp_path: Path):
    """Programs that start a server read where it answers."""
    with ServerProcess(tmp_path / "home") as server:
        assert json.dumps(server.url)
        assert server.url.startswith("http://127.0.0.1:")


def test_what_a_start_makes_is_left_out_of_garbage_collections(tmp_path: Path):
    """A collection looks through what came after the start alone; to look through all would stop every thread."""
    watch = tmp_path / "watch"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print('objects', len(gc.get_objects()), gc.get_freeze_count(), file=sys.stderr))\n",
        encoding="utf-8",
    )
    with ServerProcess(tmp_path / "home", environment={"PYTHONPATH": str(watch)}) as server:
        server.get("/api/v1/services")

    looked_through, left_out = map(int, server.log().rpartition("objects ")[2].split())
    assert left_out > 50_000
    assert looked_through < left_out / 5
