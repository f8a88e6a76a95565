"""Real web servers with several workers: everything that was recorded is in the spool, once."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import httpx
import pytest
from tests.support.program import PATIENCE_S, WebServer
from tests.support.server import eventually
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

DJANGO = """
import logging, os
import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path
import sightline

log = logging.getLogger("shop")

def read(request, item):
    log.warning("item %d", item)
    with sightline.span("load", item=item):
        sightline.counter("loads").inc()
    return JsonResponse({"pid": os.getpid()})

settings.configure(
    ROOT_URLCONF=(path("items/<int:item>", read),), ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None,
    MIDDLEWARE=["sightline.integrations.django.Sightline"],
    SIGHTLINE={"service": "shop", "metrics_interval_s": 3600},
)
wsgi, asgi = get_wsgi_application(), get_asgi_application()
"""

STREAMS = """
import asyncio, logging, os
import fastapi
from fastapi.responses import StreamingResponse
import sightline

sightline.configure(service="shop", metrics_interval_s=3600)
app = sightline.instrument(fastapi.FastAPI())

@app.get("/items/{item}")
async def read(item: int):
    async def parts():
        with sightline.span("load", item=item):
            logging.getLogger("shop").warning("item %d", item)
            yield f"data: {os.getpid()}\\n\\n"
            await asyncio.sleep(0)
            sightline.counter("loads").inc()
            yield "data: end\\n\\n"

    return StreamingResponse(parts(), media_type="text/event-stream")

@app.get("/endless")
async def endless():
    async def parts():
        with sightline.span("endless"):
            while True:
                yield "data: more\\n\\n"
                await asyncio.sleep(0.01)

    return StreamingResponse(parts(), media_type="text/event-stream")
"""

GUNICORN = [sys.executable, "-m", "gunicorn", "--bind", "fd://{fd}", "--workers", "2", "--no-control-socket"]
UVICORN = [sys.executable, "-m", "uvicorn", "--fd", "{fd}"]
UWSGI = [
    str(Path(sys.executable).with_name("uwsgi")), "--http-socket", "fd://{fd}", "--master", "--processes", "2",
    "--die-on-term", "--need-app", "--add-header", "Connection: close", "--module",
]  # fmt: skip
FORK_HOOKS = ["--enable-threads", "--py-call-uwsgi-fork-hooks"]
RUN = [sys.executable, "-m", "sightline", "run"]

CASES = {
    "gunicorn": (FLASK, [*GUNICORN, "web:app"], "/items/<int:item>"),
    "gunicorn gthread": (FLASK, [*GUNICORN, "--threads", "4", "web:app"], "/items/<int:item>"),
    "gunicorn --preload": (FLASK, [*GUNICORN, "--preload", "web:app"], "/items/<int:item>"),
    "gunicorn --preload gthread": (FLASK, [*GUNICORN, "--preload", "--threads", "4", "web:app"], "/items/<int:item>"),
    "gunicorn django": (DJANGO, [*GUNICORN, "web:wsgi"], "/items/<int:item>"),
    "gunicorn --preload django": (DJANGO, [*GUNICORN, "--preload", "web:wsgi"], "/items/<int:item>"),
    "uwsgi": (FLASK, [*UWSGI, "web:app"], "/items/<int:item>"),
    "uwsgi fork hooks": (FLASK, [*UWSGI, "web:app", *FORK_HOOKS], "/items/<int:item>"),
    "uwsgi --lazy-apps": (FLASK, [*UWSGI, "web:app", "--lazy-apps", "--enable-threads"], "/items/<int:item>"),
    "uwsgi --threads django": (DJANGO, [*UWSGI, "web:wsgi", "--threads", "4"], "/items/<int:item>"),
    "uvicorn --workers django": (DJANGO, [*UVICORN, "--workers", "2", "web:asgi"], "/items/<int:item>"),
    "uvicorn --reload": (FASTAPI, [*UVICORN, "--reload", "web:app"], "/items/{item}"),
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
        # A server may end a request after the client has all of it; some are then stopped at once.
        eventually(lambda: len(read_spool(place[1]).spans(f"GET {route}")) >= COUNT)

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


def test_spans_of_streams_last_until_their_ends(place):
    """What an async generator records belongs to its request, whole or left by the client, without an error."""
    with serve(place, STREAMS, [*UVICORN, "--workers", "2", "web:app"]) as server:
        for item in range(10):
            assert "end" in server.http.get(f"/items/{item}").text
        with httpx.Client(base_url=server.http.base_url, trust_env=False) as client, client.stream("GET", "/endless"):
            pass
        deadline = time.monotonic() + PATIENCE_S
        while not read_spool(place[1]).spans("endless") and time.monotonic() < deadline:
            server.http.get("/items/10")

    found = read_spool(place[1])
    ids = {span["span"]: span["trace"] for span in found.spans("GET /items/{item}")}
    assert {span["parent"] for span in found.spans("load")} == {*ids}
    assert [span["parent"] for span in found.spans("endless")] == [span["span"] for span in found.spans("GET /endless")]
    assert [log["body"] for log in found.logs() if log["severity"] >= 17] == []
    assert "Traceback" not in server.log()


FAILING = {
    "flask": (FLASK + """
@app.get("/boom")
def boom():
    raise LookupError("boom")
""", [*GUNICORN, "web:app"], "web"),
    "fastapi": (FASTAPI + """
@app.get("/boom")
async def boom():
    raise LookupError("boom")
""", [*UVICORN, "web:app"], "uvicorn.error"),
    "django": (DJANGO.replace("def read(", """def boom(request):
    raise LookupError("boom")

def read(""").replace("(path(", '(path("boom", boom), path('), [*UVICORN, "web:asgi"], "django.request"),
    "wsgi": ("""
import sightline
from sightline.integrations.wsgi import SightlineWSGI
sightline.configure(service="shop")

def fail(environ, start_response):
    raise LookupError("boom")

app = SightlineWSGI(fail)
""", [*GUNICORN, "web:app"], "gunicorn.error"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILING)
def test_an_error_is_told_once(place, name):
    """The line of the error has the traceback; what framework or server log of it says which error it was."""
    source, command, logger = FAILING[name]
    with serve(place, source, command) as server:
        assert server.http.get("/boom").status_code == 500

    logs = [log for log in read_spool(place[1]).logs() if "exception.type" in log["attributes"]]
    [error] = [log for log in logs if log["logger"] == "sightline.errors"]
    assert {log["logger"] for log in logs} == {"sightline.errors", "sightline.request", logger}
    assert len(logs) == 3
    assert {log["attributes"]["error.fingerprint"] for log in logs} == {error["attributes"]["error.fingerprint"]}
    assert [log["logger"] for log in logs if "exception.stacktrace" in log["attributes"]] == ["sightline.errors"]
    assert all(log["attributes"].get("error.recorded") for log in logs if log is not error)
