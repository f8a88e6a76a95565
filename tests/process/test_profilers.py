"""Real profilers send to a real server, which draws what they saw."""

from __future__ import annotations

import shutil
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.support.program import run_python
from tests.support.server import ServerProcess, eventually

PYROSCOPE = """
import time
import pyroscope

pyroscope.configure(application_name="pushed", server_address={url!r}, upload_interval=1, report_thread_name=True)
def crunch():
    until = time.process_time() + 1.5
    while time.process_time() < until:
        pass
crunch()
pyroscope.shutdown()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server for these tests."""
    with ServerProcess(tmp_path_factory.mktemp("profilers") / "home") as running:
        yield running


@pytest.fixture
def go_program(tmp_path):
    """A program written in Go that serves its own profiles: Prometheus."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("Prometheus is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = tmp_path / "prometheus.yml"
    config.write_text("global: {scrape_interval: 1h}\n")
    command = [program, f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/data",
               f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]  # fmt: skip
    with subprocess.Popen(command) as process:
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def profiled(address, kind, **parameters):
    """Take a profile of a program in Go, which may still be starting."""

    def ask():
        try:
            return httpx.get(f"{address}/debug/pprof/{kind}", params=parameters, trust_env=False, timeout=30)
        except httpx.TransportError:
            return None

    return eventually(ask, timeout_s=30).raise_for_status().content


def frames(server, service, weight="cpu"):
    """Names of the flame graph of a service."""
    graph = server.get("/api/v1/profiles", service=service, weight=weight, start="-1h")
    return {node["name"]: node["total"] for node in graph["nodes"]}


def test_pyroscope(server, tmp_path):
    """Pyroscope's client for Python pushes what it saw; who burned the processor is in the flame graph."""
    run_python(PYROSCOPE.format(url=server.url), tmp_path / "home")

    found = eventually(lambda: frames(server, "pushed"))

    assert found["<string>:crunch"] > 0.5e9
    [[thread]] = server.http.post(
        "/api/v1/sql", json={"query": "SELECT DISTINCT ThreadName FROM profiles WHERE ServiceName = 'pushed'"}
    ).json()["rows"]
    assert thread == "MainThread"


def test_go(server, go_program):
    """Go's profile of CPU time is stored once however often it comes; one of memory is refused with the reason."""
    with ThreadPoolExecutor() as pool, httpx.Client(trust_env=False) as client:
        heap = profiled(go_program, "heap")
        profile = pool.submit(profiled, go_program, "profile", seconds=1)
        while not profile.done():
            client.get(f"{go_program}/metrics")
    answers = [
        server.http.post("/api/v1/profiles/pprof", params={"service": "go"}, content=content)
        for content in (heap, profile.result(), profile.result())
    ]

    assert [answer.status_code for answer in answers] == [400, 204, 204]
    assert "only those of time are kept" in answers[0].json()["detail"]
    assert any("net/http/server.go:net/http.(*conn).serve" in name for name in frames(server, "go"))
    [[rows, stacks]] = server.http.post(
        "/api/v1/sql", json={"query": "SELECT count(), uniqExact(Stack) FROM profiles WHERE ServiceName = 'go'"}
    ).json()["rows"]
    assert rows == stacks
