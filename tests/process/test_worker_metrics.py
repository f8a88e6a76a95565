"""One ``/metrics`` for all workers of a real server."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from tests.process.test_web_servers import DJANGO, FASTAPI, FLASK, GUNICORN, UVICORN, UWSGI
from tests.support.program import PATIENCE_S, WebServer
from tests.support.spool import read_spool

COUNT = 40
CASES = {
    "gunicorn": (FLASK, [*GUNICORN, "web:app"]),
    "gunicorn gthread": (FLASK, [*GUNICORN, "--threads", "4", "web:app"]),
    "gunicorn --preload": (FLASK, [*GUNICORN, "--preload", "web:app"]),
    "gunicorn --preload gthread": (FLASK, [*GUNICORN, "--preload", "--threads", "4", "web:app"]),
    "gunicorn django": (DJANGO, [*GUNICORN, "web:wsgi"]),
    "uwsgi": (FLASK, [*UWSGI, "web:app"]),
    "uwsgi threads": (FLASK, [*UWSGI, "web:app", "--threads", "4", "--py-call-uwsgi-fork-hooks"]),
    "uvicorn --workers django": (DJANGO, [*UVICORN, "--workers", "2", "web:asgi"]),
    "uvicorn --workers": (FASTAPI, [*UVICORN, "--workers", "2", "web:app"]),
}


def serve(tmp_path, name):
    """Start a web server whose workers keep their figures fresh."""
    source, command = CASES[name]
    directory = tmp_path / "program"
    directory.mkdir()
    (directory / "web.py").write_text(
        source.replace("metrics_interval_s=3600", "metrics_interval_s=0.2").replace(": 3600", ": 0.2")
    )
    return WebServer(command, directory, tmp_path / "home")


def ask(server, path):
    """Ask until somebody answers: a connection to a worker that was killed ends without one."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return server.http.get(path)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise


def total(server):
    """Ask any worker how many requests all of them have answered."""
    text = ask(server, "/metrics").raise_for_status().text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    # A worker that has answered nothing yet tells of none, until another one's figures are there.
    counted = sum(
        sample.value for sample in samples if sample.name == "http_requests_total" and sample.labels["status"] == "200"
    )
    assert sum(sample.value for sample in samples if sample.name == "loads_total") == counted
    return counted, text


def wait_for(server, count):
    """Ask until all workers have told; the total never goes back on the way."""
    before, deadline = 0, time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        now, text = total(server)
        assert now >= before
        before = now
        if now == count:
            return text
    raise AssertionError(f"{before} of {count} requests are told.\n{server.log()}")


@pytest.mark.parametrize("name", CASES)
def test_every_worker_tells_of_all(tmp_path, name):
    """Whichever worker answers, the counts are those of all, through deaths and successors."""
    with serve(tmp_path, name) as server:
        pids = {server.http.get(f"/items/{item}").json()["pid"] for item in range(COUNT)}
        wait_for(server, COUNT)
        os.kill(pids.pop(), signal.SIGKILL)
        answered = 0
        while answered < COUNT:
            answered += ask(server, f"/items/{answered}").status_code == 200
        text = wait_for(server, 2 * COUNT)

        assert len(set(re.findall(r'process_threads\{pid="(\d+)"\}', text))) in {0, 1, 2}
        assert text.count("# TYPE http_requests_total counter") == 1


def test_promtool_accepts_what_all_workers_tell(tmp_path):
    """The merged text is as Prometheus wants it."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed")
    with serve(tmp_path, "uvicorn --workers") as server:
        for item in range(COUNT):
            server.http.get(f"/items/{item}")
        text = wait_for(server, COUNT)

    done = subprocess.run([program, "check", "metrics"], input=text, text=True, capture_output=True, check=False)
    assert done.returncode in {0, 3}, done.stderr


def test_what_all_workers_tell_leads_to_traces(tmp_path):
    """Durations of requests, and what is counted within them, have exemplars in OpenMetrics, whoever answers."""
    with serve(tmp_path, "uvicorn --workers") as server:
        for item in range(COUNT):
            server.http.get(f"/items/{item}")
        wait_for(server, COUNT)
        told = server.http.get("/metrics", headers={"accept": "application/openmetrics-text"}).text
    families = {family.name: family.samples for family in openmetrics(told)}
    seen = {
        name: {sample.exemplar.labels["trace_id"] for sample in families[name] if sample.exemplar}
        for name in ("loads", "http_request_duration_seconds")
    }

    recorded = {span["trace"] for span in read_spool(tmp_path / "home").spans()}
    assert all(traces and traces <= recorded for traces in seen.values())


def test_files_of_servers_that_are_gone_are_taken_away(tmp_path):
    """The next server on the same data sweeps what the last one left, and begins at zero."""
    with serve(tmp_path, "gunicorn") as server:
        server.http.get("/items/1")
        wait_for(server, 1)
    left = {path.name[:16] for path in (tmp_path / "home" / "workers").iterdir()}

    with WebServer(CASES["gunicorn"][1], tmp_path / "program", tmp_path / "home") as server:
        server.http.get("/items/1")
        wait_for(server, 1)
        here = {path.name[:16] for path in (tmp_path / "home" / "workers").iterdir()}

    assert not left & here
