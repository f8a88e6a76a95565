"""The monitoring pages on an application's own port: passed on to a real server, and only where that is wanted."""

import asyncio
import socket
import time

import pytest
from fastapi import FastAPI
from flask import Flask
from starlette.testclient import TestClient

import sightline
from sightline.health import surfaces
from sightline.integrations.asgi import SightlineMiddleware
from sightline.sdk.passing import LONGEST_WAIT_S, MOST_AT_ONCE, pass_on
from sightline.sdk.surfaces import PASSED_ON, PASSED_PATHS, answer_async
from sightline.server.lock import HomeLock
from sightline.testing import capture


def fastapi_client():
    """Make a client of an instrumented FastAPI application that has one of the paths itself."""
    app = FastAPI()
    app.get("/api/dashboard/health")(lambda: {"of": "the application"})
    return TestClient(sightline.instrument(app))


def flask_client():
    """Make a client of an instrumented Flask application that has one of the paths itself."""
    app = Flask("shop")
    app.get("/api/dashboard/health")(lambda: {"of": "the application"})
    return sightline.instrument(app).test_client()


def asgi_client():
    """Make a client of a wrapped ASGI application that knows one of the paths."""

    async def app(scope, receive, send):
        known = scope["path"] == "/api/dashboard/health"
        await send({"type": "http.response.start", "status": 200 if known else 404, "headers": []})
        await send({"type": "http.response.body", "body": b'{"of": "the application"}'})

    return TestClient(SightlineMiddleware(app))


CLIENTS = pytest.mark.parametrize("make_client", [fastapi_client, flask_client, asgi_client])


@pytest.fixture(autouse=True)
def reset():
    """Leave the surfaces as they were."""
    yield
    surfaces.reset()


def text_of(response):
    """Give the body as text, from either kind of client."""
    return response.text if isinstance(response.text, str) else response.get_data(as_text=True)


@CLIENTS
def test_the_servers_answers_come_from_the_applications_port(server, make_client):
    """Dashboard and monitoring API are the server's; the application's own routes stay its own."""
    with capture(home=str(server.home), monitoring_surfaces=True):
        client = make_client()

        page, rows = client.get("/dashboard"), client.get("/api/v1/monitoring/metrics/api?minutes=7")
        refused = client.get("/api/v1/monitoring/metrics/api?minutes=0")
        own = client.get("/api/dashboard/health")
        unknown = client.post("/api/v1/monitoring/alerts/a1/acknowledge")

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert '"time_range_minutes":7' in text_of(rows)
    assert refused.status_code == 400
    assert text_of(own).replace(" ", "").strip() == '{"of":"theapplication"}'
    assert (unknown.status_code, "There is no alert 'a1'." in text_of(unknown)) == (404, True)


BEACON = b'{"app": "passed-on", "sent": 1, "events": [{"k": "click", "t": 1, "el": "button#pay"}]}'


@CLIENTS
def test_a_beacon_is_passed_on_and_stored(server, make_client):
    """Pages send what browsers recorded to their own site; foreign pages and what is too large are refused."""
    with capture(home=str(server.home), monitoring_surfaces=True):
        client = make_client()
        before = beacons(server)

        codes = [
            client.post("/api/rum", headers=headers, **{name: content}).status_code
            for headers, content in [({}, BEACON), ({"origin": "https://evil.example"}, BEACON), ({}, b"x" * 300_000)]
            for name in ["data" if make_client is flask_client else "content"]
        ]

    assert codes == [204, 403, 413]
    assert beacons(server) == before + 1


def beacons(server):
    """Count what was stored of them."""
    question = {"query": "SELECT count() FROM events WHERE ServiceName = 'passed-on' AND EventName = 'rum.click'"}
    return server.http.post("/api/v1/sql", json=question).json()["rows"][0][0]


@CLIENTS
def test_nothing_is_passed_on_unless_that_is_wanted(server, make_client):
    """Without the setting the application answers, which has no such pages."""
    with capture(home=str(server.home)):
        client = make_client()

        found = [client.get(path).status_code for path in PASSED_PATHS if path != "/api/dashboard/health"]

    assert set(found) == {404}


def test_only_the_monitoring_paths_are_passed_on(server):
    """Logs, SQL and all else of the server cannot be reached through an application."""
    with capture(home=str(server.home), monitoring_surfaces=True):
        client = fastapi_client()

        for path in ("/api/v1/logs", "/api/v1/sql", "/openapi.json/..", "/api/v1/monitoring/../logs", "/dashboard/x"):
            assert surfaces.at("GET", path) is None
            assert client.get(path).status_code == 404
        assert surfaces.at("DELETE", "/dashboard") is None
        assert surfaces.at("POST", "/api/v1/monitoring/alerts/a%2F..%2Fb/acknowledge") is None


@CLIENTS
def test_without_a_server_a_problem_says_so(tmp_path, make_client):
    """The answer is 503 with what to do, and when to ask again."""
    with capture(home=str(tmp_path), monitoring_surfaces=True):
        found = make_client().get("/dashboard")

    assert (found.status_code, found.headers["content-type"]) == (503, "application/problem+json")
    assert found.headers["retry-after"] == "5"
    assert "sightline serve" in text_of(found)


@pytest.mark.parametrize(
    ("method", "query", "headers", "status"),
    [
        ("POST", "", {"host": "shop.example", "origin": "https://evil.example"}, 403),
        ("POST", "", {"sec-fetch-site": "cross-site"}, 403),
        ("POST", "", {"host": "shop.example", "origin": "https://shop.example", "sec-fetch-site": "same-origin"}, 404),
        ("GET", "a=" + "b" * 2000, {}, 400),
        ("GET", "a=b\r\nX: y", {}, 400),
    ],
)
def test_what_a_browser_was_led_to_is_refused(server, method, query, headers, status):
    """Acknowledgements come from the application's own pages; query strings are bounded and of one line."""
    with capture(home=str(server.home), monitoring_surfaces=True):
        found, _, _ = pass_on(method, "/api/v1/monitoring/alerts/a1/acknowledge", query, headers)

    assert found == status


def test_a_server_that_hangs_holds_up_neither_the_loop_nor_the_application(tmp_path):
    """Requests end after the time limit with 503; more than a few at once end at once; the loop goes on meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as silent, HomeLock(tmp_path) as lock:
        lock.announce(f"http://127.0.0.1:{silent.getsockname()[1]}", "0")
        with capture(home=str(tmp_path), monitoring_surfaces=True):
            began = time.monotonic()
            found, longest = asyncio.run(_ask_many(MOST_AT_ONCE + 2))
            took = time.monotonic() - began

    titles = [b"Too many" in body for _, _, body in found]
    assert {status for status, _, _ in found} == {503}
    assert sum(titles) == 2
    assert longest < LONGEST_WAIT_S / 2
    assert took < LONGEST_WAIT_S + 3


async def _ask_many(number: int):
    asked = [asyncio.create_task(answer_async(PASSED_ON, {}, path="/dashboard")) for _ in range(number)]
    longest, last = 0.0, time.monotonic()
    while not all(task.done() for task in asked):
        await asyncio.sleep(0.01)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    return [task.result() for task in asked], longest
