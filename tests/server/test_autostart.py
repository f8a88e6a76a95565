"""``server="auto"``: one line in an application, and a server is there."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.support.server import eventually

from sightline.sdk.autostart import is_running

PROGRAM = """
import sightline
sightline.configure(service="auto", server="auto")
sightline.get_logger("auto").info("started by itself")
"""


@pytest.fixture
def home(tmp_path: Path):
    """A home directory, and an end for the server that was started on it."""
    home = tmp_path / "home"
    yield home
    address = home / "server.json"
    if address.exists():
        os.kill(json.loads(address.read_text())["pid"], signal.SIGTERM)
        eventually(lambda: not is_running(home), timeout_s=30)


def environment(home: Path) -> dict[str, str]:
    """Give what a program needs to know."""
    return {**os.environ, "SIGHTLINE_HOME": str(home), "SIGHTLINE_PORT": "0", "SIGHTLINE_GRPC_PORT": "0"}


def test_several_programs_start_one_server_which_outlives_them(home):
    """Three programs at once start one server; it stores what they recorded after they have ended."""
    programs = [subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment(home)) for _ in range(3)]
    assert [program.wait(30) for program in programs] == [0, 0, 0]

    eventually((home / "server.json").exists, timeout_s=30)
    url = json.loads((home / "server.json").read_text())["url"]

    def found() -> bool:
        answer = httpx.get(f"{url}/api/v1/logs", params={"query": '"started by itself"'}, trust_env=False)
        return len(answer.json()["records"]) == 3

    eventually(found, timeout_s=30)
    assert is_running(home)


def test_a_server_that_runs_is_left_alone(home):
    """A program that comes later starts no second one."""
    subprocess.run([sys.executable, "-c", PROGRAM], env=environment(home), check=True)
    eventually((home / "server.json").exists, timeout_s=30)
    before = (home / "server.json").read_text()

    subprocess.run([sys.executable, "-c", PROGRAM], env=environment(home), check=True)

    assert (home / "server.json").read_text() == before
    assert (home / "server.log").read_text().count("Sightline serves") == 1


def test_ports_that_others_use(home):
    """Beside another Collector a server starts all the same, on a free port and without gRPC, and says so."""
    with socket.create_server(("127.0.0.1", 4317)) as grpc, socket.create_server(("127.0.0.1", 4318)) as http:
        assert (grpc.getsockname()[1], http.getsockname()[1]) == (4317, 4318)
        free = {name: value for name, value in environment(home).items() if not name.endswith("_PORT")}
        subprocess.run([sys.executable, "-c", PROGRAM], env=free, check=True)
        eventually((home / "server.json").exists, timeout_s=30)
    found = httpx.get(f"{json.loads((home / 'server.json').read_text())['url']}/health", trust_env=False).json()

    assert found["checks"]["ports"]["status"] == "degraded"
    assert found["checks"]["ports"]["reason"].startswith("OTLP over gRPC is not taken here. Port 4317 on 127.0.0.1")
    assert "SIGHTLINE_GRPC_PORT" in found["checks"]["ports"]["reason"]
