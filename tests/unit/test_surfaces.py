"""What is answered on the application's own port."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from fastapi import FastAPI
from flask import Flask
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from starlette.testclient import TestClient

import sightline
from sightline.base.errors import SettingInvalid
from sightline.health import HealthChecker, answer, checker, surfaces
from sightline.integrations.asgi import SightlineMiddleware
from sightline.integrations.wsgi import SightlineWSGI
from sightline.testing import capture

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@pytest.fixture(autouse=True)
def recording():
    """Record into memory, with every surface at its own path."""
    with capture(version="1.2.3") as captured:
        yield captured
    surfaces.reset()


@pytest.fixture
def database():
    """Have a check in the process's own checker, whose result can be changed."""
    state = {"it": True}
    checker.add("database", lambda: state["it"], cache_s=0)
    yield state
    checker.remove("database")


def fastapi_client(app=None):
    """Make an instrumented FastAPI application and a client of it."""
    return TestClient(sightline.instrument(FastAPI() if app is None else app))


def flask_client():
    """Make an instrumented Flask application and a client of it."""
    return sightline.instrument(Flask("shop")).test_client()


def asgi_client():
    """Make a client of a wrapped ASGI application that knows no page."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b"no such page"})

    return TestClient(SightlineMiddleware(app))


def wsgi_client():
    """Make a client of a wrapped WSGI application that knows no page."""
    from werkzeug.test import Client

    def app(environ, start_response):
        start_response("404 NOT FOUND", [("Content-Type", "text/plain")])
        return [b"no such page"]

    return Client(SightlineWSGI(app))


CLIENTS = [fastapi_client, flask_client, asgi_client, wsgi_client]


@pytest.mark.parametrize("make", CLIENTS)
def test_the_shapes_are_as_promised(make, database):
    """Every endpoint answers with exactly its fields."""
    client = make()

    health = json.loads(client.get("/health").text)
    assert health.keys() == {"status", "timestamp", "version", "uptime"}
    assert (health["status"], health["version"]) == ("healthy", "1.2.3")
    detailed = json.loads(client.get("/health/detailed").text)
    assert detailed.keys() == {
        "timestamp", "overall_status", "checks", "unhealthy_services", "check_duration_seconds",
    }  # fmt: skip
    assert detailed["checks"]["database"]["status"] == "healthy"
    healthz = client.get("/healthz")
    assert healthz.status_code == 200
    assert json.loads(healthz.text).keys() == {"status", "timestamp", "checks"}
    assert json.loads(client.get("/healthz/live").text) == {"status": "alive"}
    assert json.loads(client.get("/healthz/ready").text) == {"status": "ready"}


@pytest.mark.parametrize("make", CLIENTS)
def test_what_is_not_well_is_told_by_the_status(make, database):
    """``/healthz`` and ``/healthz/ready`` answer 503 and say what it is; the process is alive all the same."""
    client = make()
    database["it"] = False

    assert client.get("/healthz").status_code == 503
    ready = client.get("/healthz/ready")
    assert (ready.status_code, json.loads(ready.text)) == (
        503,
        {"status": "not_ready", "error": "database: unhealthy"},
    )
    assert json.loads(client.get("/health/detailed").text)["unhealthy_services"] == ["database"]
    assert client.get("/healthz/live").status_code == 200


@pytest.mark.parametrize("make", CLIENTS)
def test_other_paths_and_methods_are_the_applications(make):
    """Only GET and HEAD of the paths themselves are answered."""
    client = make()

    assert client.get("/healthz/other").status_code == 404
    assert client.post("/health").status_code in {404, 405}
    assert client.head("/health").text == ""


def test_a_route_of_the_application_wins():
    """Where FastAPI, Flask and a mounted application have such a route themselves, theirs answers."""
    app = FastAPI()
    app.get("/health")(lambda: "own")
    mounted = FastAPI()
    mounted.get("/detailed")(lambda: "mounted")
    outer = FastAPI()
    outer.mount("/health", mounted)
    flask = Flask("shop")
    flask.add_url_rule("/health", view_func=lambda: "own")

    assert fastapi_client(app).get("/health").json() == "own"
    assert fastapi_client(outer).get("/health/detailed").json() == "mounted"
    assert sightline.instrument(flask).test_client().get("/health").text == "own"


def test_a_page_for_everything_does_not_hide_the_surfaces():
    """An application that answers any path has no route for these, and they are answered."""
    app = FastAPI()
    app.get("/{path:path}")(lambda path: path)

    assert fastapi_client(app).get("/healthz/live").json() == {"status": "alive"}


def test_surfaces_can_be_moved_and_taken_out():
    """Each path can be another one or none."""
    surfaces.move(health="/status", metrics=None)
    client = fastapi_client()

    assert client.get("/status").json()["status"] == "healthy"
    assert client.get("/health").status_code == client.get("/metrics").status_code == 404
    with pytest.raises(SettingInvalid, match="no surface 'heath'; expected one of health, detailed"):
        surfaces.move(heath="/x")
    with pytest.raises(SettingInvalid, match="is 'status'; expected one that begins with /"):
        surfaces.move(health="status")


def test_all_surfaces_can_be_turned_off():
    """With ``surfaces=False`` nothing is answered in the application's place."""
    with capture(surfaces=False):
        assert fastapi_client().get("/health").status_code == 404


def test_questions_about_health_are_not_recorded_as_requests(recording):
    """Polls every few seconds make neither spans nor counts."""
    fastapi_client().get("/healthz")

    assert recording.spans == []


def test_metrics_hold_everything_that_is_counted():
    """Own counters, requests and errors are there, in both formats, and parse."""
    app = FastAPI()
    app.get("/orders/{number}")(lambda number: number)
    client = TestClient(sightline.instrument(app, namespace="surfaced"))
    client.get("/orders/7")
    sightline.counter("orders_paid", "Orders that were paid.").inc(exemplar={"trace_id": "abc"})

    plain = client.get("/metrics")
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'surfaced_requests_total{endpoint="/orders/{number}",method="GET",status="200"} 1.0' in plain.text
    open_metrics = client.get("/metrics", headers={"accept": OPENMETRICS})
    assert open_metrics.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    families = {family.name: family for family in text_string_to_metric_families(open_metrics.text)}
    assert families["orders_paid"].samples[0].exemplar.labels == {"trace_id": "abc"}
    assert families["surfaced_request_duration_seconds"].type == "histogram"


def test_promtool_accepts_the_metrics(database):
    """Prometheus's own checker has nothing to say against the text."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed")
    client = fastapi_client()
    client.get("/healthz")
    client.get("/missing")

    checked = subprocess.run([program, "check", "metrics", "--extended"], input=client.get("/metrics").text, text=True,
                             capture_output=True, check=False)  # fmt: skip
    assert "error" not in checked.stderr.lower(), checked.stderr
    assert checked.returncode in {0, 3}, checked.stderr


def test_an_answer_that_cannot_be_made_is_told_as_such(monkeypatch):
    """A checker that breaks is answered with 500, and never raises into the application."""

    class Broken(HealthChecker):
        def run(self):
            raise RuntimeError("postgresql://shop:hunter2@db is broken")

    monkeypatch.delenv("SIGHTLINE_RAISE")
    status, _, body = answer("healthz", of=Broken())

    assert status == 500
    assert b"hunter2" not in body
