"""A FastAPI application with Sentry's SDK as its documentation has it, whose DSN names a real server."""

import sys

import pytest
from tests.support.program import WebServer
from tests.support.server import ServerProcess, eventually

APPLICATION = """
import contextlib
import os
import sentry_sdk
from fastapi import FastAPI
from sentry_sdk import logger

sentry_sdk.init(
    dsn=os.environ["DSN"], send_default_pii=True, traces_sample_rate=1.0, enable_logs=True, release="shop@1.2",
)
@contextlib.asynccontextmanager
async def lifespan(app):
    yield
    sentry_sdk.get_client().close(timeout=30)  # uvicorn ends by the signal, without what runs at exit


app = FastAPI(lifespan=lifespan)


@app.get("/sentry-debug")
async def trigger_error():
    logger.info("about to divide")
    return 1 / 0


@sentry_sdk.monitor(monitor_slug="nightly")
def tidy():
    return "tidied"


@app.get("/tidy")
def read_tidy():
    return tidy()
"""


@pytest.fixture
def stored(tmp_path):
    """What the server stored of an application that failed once and tidied up once."""
    with ServerProcess(tmp_path / "home") as server:
        dsn = server.url.replace("http://", "http://shop@") + "/1"
        (tmp_path / "application.py").write_text(APPLICATION)
        command = [sys.executable, "-m", "uvicorn", "application:app", "--fd", "{fd}", "--log-level", "warning"]
        with WebServer(command, tmp_path, tmp_path / "recorder", DSN=dsn) as application:
            assert application.http.get("/tidy").text == '"tidied"'
            assert application.http.get("/sentry-debug").status_code == 500

        def ask(columns, table, order):
            sql = f"SELECT {columns} FROM {table} WHERE ServiceName = 'shop' ORDER BY {order}"
            return server.http.post("/api/v1/sql", json={"query": sql}).raise_for_status().json()["rows"]

        yield ask


def test_everything_that_the_sdk_sends_is_stored(stored):
    """The error with its endpoint, the log, both transactions, the check-ins and the sessions are found."""
    assert ["ZeroDivisionError: division by zero", "ERROR"] in eventually(
        lambda: stored("Body, SeverityText", "otel_logs", "Timestamp")
    )
    assert ["about to divide", "INFO"] in stored("Body, SeverityText", "otel_logs", "Timestamp")
    names = {row[0] for row in stored("SpanName", "otel_traces", "Timestamp")}
    assert {"/sentry-debug", "/tidy"} <= names or {"GET /sentry-debug", "GET /tidy"} <= names
    events = [row[0] for row in stored("EventName", "events", "Timestamp")]
    assert events.count("sentry.check_in") == 2
    assert any(name.startswith("sentry.session") for name in events)
