"""Workers of real web servers share their log files: each request is logged once, whichever worker answers."""

from __future__ import annotations

import json
import sys
from collections import Counter

import pytest
from tests.support.program import WebServer
from tests.support.spool import read_spool

SETUP = """
import logging, os
import sightline
from sightline.logging import setup_logging

sightline.configure(service="shop", metrics_interval_s=3600, system_interval_s=3600)
setup_logging("INFO", environment="production", log_file=os.environ["LOGS"], max_bytes=10_000, console=False)
log = logging.getLogger("shop")
"""

FLASK = (
    SETUP
    + """
import flask

app = sightline.instrument(flask.Flask(__name__))

@app.get("/items/<int:item>")
def read(item):
    log.info("item %d", item)
    return {"pid": os.getpid()}
"""
)

FASTAPI = (
    SETUP
    + """
import fastapi

app = sightline.instrument(fastapi.FastAPI())

@app.get("/items/{item}")
def read(item: int):
    log.info("item %d", item)
    return {"pid": os.getpid()}
"""
)

GUNICORN = [sys.executable, "-m", "gunicorn", "--bind", "fd://{fd}", "--workers", "2", "--no-control-socket"]
CASES = {
    "gunicorn": (FLASK, [*GUNICORN, "shop:app"]),
    "gunicorn --preload": (FLASK, [*GUNICORN, "--preload", "shop:app"]),
    "gunicorn gthread": (FLASK, [*GUNICORN, "--worker-class", "gthread", "--threads", "3", "shop:app"]),
    "uvicorn --workers": (FASTAPI, [sys.executable, "-m", "uvicorn", "--fd", "{fd}", "--workers", "2", "shop:app"]),
}


@pytest.mark.parametrize("case", CASES)
def test_workers_share_their_log_files(case, tmp_path):
    """The application's line and the request's are in the files, across rotations, and in the spool: each once."""
    source, command = CASES[case]
    home, logs = tmp_path / "home", tmp_path / "logs"
    (tmp_path / "shop.py").write_text(source)
    with WebServer(command, tmp_path, home, LOGS=str(logs / "app.log")) as server:
        for item in range(60):
            assert server.http.get(f"/items/{item}").status_code == 200
        server.stop()
        printed = server.log()

    lines = [json.loads(line) for file in logs.glob("app.log*") for line in file.read_text().splitlines()]
    items = Counter(line["message"] for line in lines if line["logger"] == "shop")
    paths = Counter(line["path"] for line in lines if line["logger"] == "sightline.request")
    assert items == Counter(f"item {item}" for item in range(60)), printed
    assert paths == Counter(f"/items/{item}" for item in range(60))
    assert len(list(logs.glob("app.log.*"))) > 2
    recorded = Counter(log["attributes"].get("path") for log in read_spool(home).logs("HTTP_REQUEST_COMPLETE"))
    assert recorded == paths
    by_trace = Counter(line["trace_id"] for line in lines if line["logger"] in {"shop", "sightline.request"})
    assert set(by_trace.values()) == {2}
