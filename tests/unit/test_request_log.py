"""Logs of requests: which, when, and what they say."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging

import pytest
from flask import Flask, request
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import sightline
from sightline.integrations.asgi import SightlineMiddleware
from sightline.logging import reset_logging, setup_logging
from sightline.model.redacted import REDACTED
from sightline.testing import capture


async def answer(request):
    """Answer with the status that the query asks for, or fail."""
    await request.body()
    sightline.bind(user_id="u1")
    if "fail" in request.query_params:
        raise ValueError("bad")
    return PlainTextResponse("hello", int(request.query_params.get("status", 200)))


def call(method="GET", path="/orders/7", query="", headers=(), body=b"", app=None):
    """Send one request to an instrumented Starlette application."""
    given = [(name.encode(), value.encode()) for name, value in (("host", "shop.example:8000"), *headers)]
    scope = {
        "type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": given,
        "scheme": "http", "http_version": "1.1", "client": ("10.0.0.7", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    parts = [body[at : at + 10] for at in range(0, len(body), 10)] or [b""]

    async def receive():
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message):
        pass

    if app is None:
        app = sightline.instrument(Starlette(routes=[Route("/orders/{id}", answer, methods=["GET", "POST"])]))
    with contextlib.suppress(ValueError):
        asyncio.run(app(scope, receive, send))


def request_logs(captured):
    """The logs of requests."""
    return [log for log in captured.logs if log.logger == "sightline.request"]


def test_a_request_is_logged_with_all_that_is_known_of_it():
    """One line when it is complete, within its span."""
    with capture(request_log="all") as captured:
        call(
            "POST", query="page=2&token=abc", body=b"x" * 25,
            headers=[("user-agent", "curl/8"), ("x-request-id", "req-7"), ("content-length", "25")],
        )  # fmt: skip

    [log], [span] = request_logs(captured), captured.spans
    told = log.attributes
    assert (log.body, log.level, log.trace, log.span) == ("HTTP_REQUEST_COMPLETE", "INFO", span.trace, span.span)
    assert told["duration_ms"] >= 0
    assert told | {
        "request_id": "req-7", "method": "POST", "path": "/orders/7", "route": "/orders/{id}",
        "url": f"http://shop.example:8000/orders/7?page=2&token={REDACTED}",
        "query_params": {"page": "2", "token": REDACTED}, "client_ip": "10.0.0.7", "user_agent": "curl/8",
        "content_length": 25, "status_code": 200, "response_size": 5, "user_id": "u1",
    } == told  # fmt: skip
    assert not {"headers", "body", "slow"} & told.keys()


@pytest.mark.parametrize(
    ("query", "message", "level"),
    [("status=399", "COMPLETE", "INFO"), ("status=400", "COMPLETE", "WARNING"), ("status=499", "COMPLETE", "WARNING"),
     ("status=500", "COMPLETE", "ERROR"), ("fail=1", "ERROR", "ERROR")],
)  # fmt: skip
def test_the_level_is_that_of_the_status(query, message, level):
    """WARNING from 400 on, ERROR from 500 on, and an exception is an error by its own message."""
    with capture(request_log="all") as captured:
        call(query=query)

    [log] = request_logs(captured)
    assert (log.body, log.level) == (f"HTTP_REQUEST_{message}", level)
    assert ("exception.type" in log.attributes) == (message == "ERROR")
    assert log.attributes["status_code"] == (500 if message == "ERROR" else int(query[7:]))


def test_the_beginning_is_logged_at_debug():
    """With the headers, secrets taken out."""
    with capture(request_log="all", level="DEBUG") as captured:
        call(headers=[("authorization", "Bearer abc"), ("accept", "*/*")])

    start, complete = request_logs(captured)
    assert (start.body, start.level, complete.body) == ("HTTP_REQUEST_START", "DEBUG", "HTTP_REQUEST_COMPLETE")
    assert start.attributes["headers"] == {"host": "shop.example:8000", "authorization": REDACTED, "accept": "*/*"}
    assert (start.trace, start.span) == (complete.trace, complete.span)


def test_by_default_only_problems_are_logged():
    """A request that went well has its span; one that did not has a log with its headers, too."""
    with capture() as captured:
        call()
        call(query="status=404", headers=[("cookie", "a=b")])

    [log] = request_logs(captured)
    assert log.attributes["status_code"] == 404
    assert log.attributes["headers"]["cookie"] == REDACTED
    assert len(captured.spans) == 2


def test_where_logs_are_shown_all_requests_are():
    """``setup_logging`` turns them on, on the console and in what is recorded."""
    stream = io.StringIO()
    with capture() as captured:
        setup_logging("INFO", json_format=True, stream=stream)
        call()
        reset_logging()

    [log], shown = request_logs(captured), json.loads(stream.getvalue())
    assert (shown["message"], shown["status_code"], shown["user_id"]) == ("HTTP_REQUEST_COMPLETE", 200, "u1")
    assert (shown["trace_id"], shown["span_id"]) == (log.trace, log.span)


@pytest.mark.parametrize(("which", "count"), [("off", 0), ("problems", 1), ("all", 1)])
def test_slow_requests_are_marked(which, count):
    """From the seconds of the setting on; they are problems."""
    with capture(request_log=which, slow_request_s=0) as captured:
        call()

    assert [log.attributes["slow"] for log in request_logs(captured)] == [True] * count


@pytest.mark.parametrize(
    ("kind", "body", "logged"),
    [
        ("application/json", b'{"user": "u1", "password": "x"}', {"user": "u1", "password": REDACTED}),
        ("application/json", b'{"broken": ', '{"broken": '),
        ("application/x-www-form-urlencoded", b"user=u1&password=x", "user=u1&password=%5BREDACTED%5D"),
        ("text/plain; charset=utf-8", b"password=hunter22", f"password={REDACTED}"),
        ("text/plain", b"y" * 150, "y" * 100 + "… (50 bytes more)"),
        ("image/png", b"\x89PNG", "4 bytes of image/png"),
        ("text/plain", b"", None),
    ],
)
def test_a_body_is_logged_where_it_is_asked_for(kind, body, logged):
    """Bounded, secrets taken out, and only of types that people read."""
    with capture(request_log="all", request_log_body=100) as captured:
        call("POST", body=body, headers=[("content-type", kind)])

    [log] = request_logs(captured)
    assert log.attributes.get("body") == logged


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_flask_is_logged_the_same(kind):
    """Status, sizes, headers and body of a WSGI application; the application reads what it would have read."""
    app = Flask("shop")

    @app.post("/orders/<number>")
    def order(number):
        sightline.bind(user_id="u1")
        return request.get_data().decode() * 2, 404

    sightline.instrument(app)
    with capture(request_log_body=100) as captured:
        answer = app.test_client().post(
            "/orders/7?api_key=x", data=b'{"a": 1}', headers={"Content-Type": kind, "Authorization": "x"}
        )
        answer.close()

    assert answer.get_data() == b'{"a": 1}{"a": 1}'
    [log] = request_logs(captured)
    told = log.attributes
    assert (log.body, log.level) == ("HTTP_REQUEST_COMPLETE", "WARNING")
    assert told | {
        "method": "POST", "path": "/orders/7", "route": "/orders/<number>", "query_params": {"api_key": REDACTED},
        "content_length": 8, "response_size": 16, "status_code": 404, "user_id": "u1",
        "body": {"a": 1} if kind == "application/json" else '{"a": 1}',
    } == told  # fmt: skip
    assert (told["headers"]["authorization"], told["headers"]["content-type"]) == (REDACTED, kind)


def test_a_request_that_is_cancelled_is_no_error():
    """The client left: status 499, level WARNING."""

    async def app(scope, receive, send):
        raise asyncio.CancelledError

    with capture() as captured, pytest.raises(asyncio.CancelledError):
        call(app=SightlineMiddleware(app))

    [log] = request_logs(captured)
    assert (log.body, log.level, log.attributes["status_code"]) == ("HTTP_REQUEST_COMPLETE", "WARNING", 499)


PLANTED = "Zx9Qv7Lp2Kd8"
BODIES = {
    "application/json": json.dumps({"pass-word": PLANTED, "sent": {"headers": [["authorization", PLANTED]]}}),
    "application/x-www-form-urlencoded": f"password1={PLANTED}&user%5Bapi_key%5D={PLANTED}",
    "text/xml": f"<a><password>{PLANTED}</password></a> --token {PLANTED}",
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_secret_of_a_request_is_nowhere(kind):
    """In query, headers, cookies and bodies, and where the application tells all of them in an exception."""

    async def app(scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        raise ValueError(f"bad request {scope['query_string']!r} {scope['headers']} {body!r}")

    headers = [
        ("content-type", kind), ("x-api-key", PLANTED), ("cookie", f"a={PLANTED}; b={PLANTED}"),
        ("authorization", f"Custom {PLANTED}"), ("referer", f"https://u:{PLANTED}@h/?secret={PLANTED}"),
    ]  # fmt: skip
    settings = {"request_log": "all", "request_log_body": 4096, "capture_locals": True, "level": "DEBUG"}
    with capture(**settings) as captured, contextlib.suppress(ValueError):
        call("POST", query=f"PassWord={PLANTED}&q=token%3D{PLANTED}", headers=headers, body=BODIES[kind].encode(),
             app=SightlineMiddleware(app))  # fmt: skip

    assert len(captured.lines) >= 3
    assert PLANTED not in b"".join(captured.lines).decode()


def test_what_a_client_sends_never_breaks_a_request():
    """Thousands of parameters, strange headers and paths are bounded."""
    with capture(request_log="all", request_log_headers=True) as captured:
        call(
            query="&".join(f"k{at}=v" for at in range(5000)), path="/\ud800", headers=[("x-" + "h" * 3000, "v" * 3000)]
        )

    [log] = request_logs(captured)
    assert len(log.attributes["query_params"]) <= 64
    assert max(map(len, log.attributes["headers"].values())) == 1024
    logging.getLogger("library").info("still here")
