"""Real web servers with several workers: everything that was recorded is in the spool, once."""

from __future__ import annotations

import os
import signal
import sys

import pytest
from tests.support.program import WebServer
from tests.support.spool import read_spool

from sightline.sdk.presence import is_alive

FLASK = """
import logging, os
import flask
import sightline

sightline.configure(service="shop", metrics_interval_s=3600)
app = sightline.instrument(flask.Flask(__name__))
log = logging.getLogger("shop")

@app.get("/items/<int:item>")
def read(item):
    log.warning("item %d", item)
    with sightline.span("load", item=item):
        sightline.counter("loads").inc()
    return {"pid": os.getpid()}
"""

FASTAPI = """
import logging, os
import fastapi
import sightline

sightline.configure(service="shop", metrics_interval_s=3600)
app = sightline.instrument(fastapi.FastAPI())
log = logging.getLogger("shop")

@app.get("/items/{item}")
async def read(item: int):
    log.warning("item %d", item)
    with sightline.span("load", item=item):
        sightline.counter("loads").inc()
    return {"pid": os.getpid()}
"""

PLAIN_FASTAPI = FASTAPI.replace("sightline.instrument(fastapi.FastAPI())", "fastapi.FastAPI()").replace(
    'sightline.configure(service="shop", metrics_interval_s=3600)', ""
)
PLAIN_FLASK = FLASK.replace("sightline.instrument(flask.Flask(__name__))", "flask.Flask(__name__)").replace(
    'sightline.configure(service="shop", metrics_interval_s=3600)', ""
)

GUNICORN = [sys.executable, "-m", "gunicorn", "--bind", "fd://{fd}", "--workers", "2", "--no-control-socket"]
UVICORN = [sys.executable, "-m", "uvicorn", "--fd", "{fd}"]
RUN = [sys.executable, "-m", "sightline", "run"]

CASES = {
    "gunicorn": (FLASK, [*GUNICORN, "web:app"], "/items/<int:item>"),
    "gunicorn --preload": (FLASK, [*GUNICORN, "--preload", "web:app"], "/items/<int:item>"),
    "uvicorn": (FASTAPI, [*UVICORN, "web:app"], "/items/{item}"),
    "uvicorn --workers": (FASTAPI, [*UVICORN, "--workers", "2", "web:app"], "/items/{item}"),
    "run gunicorn": (PLAIN_FLASK, [*RUN, *GUNICORN, "web:app"], "/items/<int:item>"),
    "run gunicorn --preload": (PLAIN_FLASK, [*RUN, *GUNICORN, "--preload", "web:app"], "/items/<int:item>"),
    "run uvicorn --workers": (PLAIN_FASTAPI, [*RUN, *UVICORN, "--workers", "2", "web:app"], "/items/{item}"),
    "run uvicorn --reload": (PLAIN_FASTAPI, [*RUN, *UVICORN, "--reload", "web:app"], "/items/{item}"),
}
COUNT = 60


@pytest.fixture
def place(tmp_path):
    """Make the directory of the program and that of the data."""
    (tmp_path / "program").mkdir()
    return tmp_path / "program", tmp_path / "home"


def serve(place, source, command):
    """Start a web server on *source*."""
    directory, home = place
    (directory / "web.py").write_text(source)
    return WebServer(command, directory, home, SIGHTLINE_METRICS_INTERVAL="3600")


@pytest.mark.parametrize("name", CASES)
def test_every_request_is_recorded_once(place, name):
    """Each request has one log, one span of its own below one server span, and counts once over all workers."""
    source, command, route = CASES[name]
    with serve(place, source, command) as server:
        pids = {server.http.get(f"/items/{item}").raise_for_status().json()["pid"] for item in range(COUNT)}

    found = read_spool(place[1])
    assert pids <= found.pids(), server.log()
    assert sorted(log["body"] for log in found.logs("item ")) == sorted(f"item {item}" for item in range(COUNT))
    servers, loads = found.spans(f"GET {route}"), found.spans("load")
    assert len(servers) == len(loads) == COUNT
    assert {span["span"]: span["trace"] for span in servers} == {span["parent"]: span["trace"] for span in loads}
    assert {log["span"] for log in found.logs("item ")} == {span["span"] for span in servers}
    assert found.total("http_requests_total", endpoint=route, status="200") == COUNT
    assert found.total("loads_total") == COUNT
    assert not any(is_alive(path) for path in (place[1] / "processes").iterdir()), "a process holds its file still"


def test_a_killed_worker_loses_nothing_that_was_recorded(place):
    """What a worker recorded before SIGKILL is in the spool, and its successor goes on under its own name."""
    with serve(place, *CASES["gunicorn"][:2]) as server:
        first = server.http.get("/items/0").json()["pid"]
        pids = {server.http.get(f"/items/{item}").json()["pid"] for item in range(1, 20)}
        os.kill(first, signal.SIGKILL)
        item = 20
        while len(pids | {server.http.get(f"/items/{item}").json()["pid"]}) < 3 and item < 2000:
            pids.add(server.http.get(f"/items/{item}").json()["pid"])
            item += 1

    found = read_spool(place[1])
    bodies = [log["body"] for log in found.logs("item ")]
    assert {f"item {at}" for at in range(20)} <= set(bodies)
    assert bodies.count("item 0") == 1
    killed = [header["instance"] for header in found.headers if header["pid"] == first]
    assert len(set(killed)) == 1


def test_the_machine_is_measured_by_one_worker(place):
    """With several processes on a spool, one records what the machine does, and each what it does itself."""
    source = FASTAPI.replace("metrics_interval_s=3600", "metrics_interval_s=3600, system_interval_s=0.2")
    with serve(place, source, [*UVICORN, "--workers", "2", "web:app"]) as server:
        measured: set[str] = set()
        while len(measured) < 2:
            server.http.get("/items/1").raise_for_status()
            found = read_spool(place[1])
            measured = {instance for instance, _, _ in found.samples("process_threads")}

    assert len({instance for instance, _, _ in found.samples("system_memory_percent")}) == 1
