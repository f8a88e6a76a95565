"""Flask and other WSGI applications."""

from __future__ import annotations

import io
import wsgiref.util
from wsgiref.validate import validator

import flask
import pytest

import sightline
from sightline.integrations.wsgi import SightlineWSGI
from sightline.sdk.context import current_span
from sightline.sdk.request_metrics import request_metrics
from sightline.testing import capture


@pytest.fixture
def captured():
    """Record into memory."""
    with capture() as found:
        yield found


def make_app():
    """Make a Flask application with routes of every kind."""
    app = flask.Flask("shop")

    @app.get("/items/<int:item>")
    def item(item):
        sightline.get_logger("shop").info("item")
        return {"item": item}

    @app.get("/boom")
    def boom():
        raise RuntimeError("boom")

    @app.get("/stream")
    def stream():
        def parts():
            with sightline.span("part"):
                pass
            yield b"a"
            sightline.get_logger("shop").info("in between")
            yield b"b"

        return flask.Response(parts())

    @app.get("/file")
    def file():
        return flask.send_file(io.BytesIO(b"content"), download_name="x.txt")

    return sightline.instrument(app)


def server_spans(captured):
    """Give the server spans."""
    return [span for span in captured.spans if span.span_kind == "Server"]


def test_a_request_is_a_span_with_its_rule(captured):
    """The rule names the span; status, ids and trace are there, and the log is in the trace."""
    answer = make_app().test_client().get("/items/7?token=x", buffered=True, headers={"X-Request-ID": "req-1"})

    [span] = server_spans(captured)
    assert span.name == "GET /items/<int:item>"
    assert (span.attributes["http.response.status_code"], span.attributes["url.query"]) == (200, "token=[REDACTED]")
    assert answer.headers["X-Request-ID"] == "req-1"
    assert answer.headers["X-Correlation-ID"] == "req-1"
    assert answer.headers["X-Response-Time"].endswith("ms")
    assert (captured.logs[0].trace, captured.logs[0].attributes["request_id"]) == (span.trace, "req-1")


def test_nobodys_path_is_no_endpoint(captured):
    """A path that no rule takes counts as unmatched."""
    make_app().test_client().get("/wp-login.php", buffered=True)

    assert server_spans(captured)[0].name == "GET"
    assert ("GET", "unmatched", 404) in request_metrics("http")._series


def test_an_exception_that_flask_answers_is_on_the_span(captured):
    """Flask makes an error page of it, and the span has the exception."""
    answer = make_app().test_client().get("/boom", buffered=True)

    [span] = server_spans(captured)
    assert answer.status_code == span.attributes["http.response.status_code"] == 500
    assert (span.attributes["error.type"], span.name) == ("RuntimeError", "GET /boom")


def test_an_exception_that_flask_passes_on_goes_on(captured):
    """With propagation, as in tests and under a debugger, the caller gets it and the span has it."""
    app = make_app()
    app.testing = True
    with pytest.raises(RuntimeError, match="boom"):
        app.test_client().get("/boom", buffered=True)

    assert server_spans(captured)[0].attributes["error.type"] == "RuntimeError"


def test_a_streamed_answer_is_in_the_trace_until_it_is_closed(captured):
    """Logs and spans of the parts belong to the request, which ends with its body."""
    answer = make_app().test_client().get("/stream", buffered=True)

    assert answer.data == b"ab"
    [span] = server_spans(captured)
    assert captured.logs[0].span == span.span
    assert next(part for part in captured.spans if part.name == "part").parent == span.span


def test_files_are_sent(captured):
    """A file arrives whole, and its request is recorded."""
    assert make_app().test_client().get("/file", buffered=True).data == b"content"
    assert server_spans(captured)[0].name == "GET /file"


def test_instrumenting_twice_counts_once(captured):
    """The second call changes nothing."""
    sightline.instrument(make_app()).test_client().get("/items/1", buffered=True)

    assert len(server_spans(captured)) == 1


def call(app, **more):
    """Send one request by hand and give status, headers and the body's iterable."""
    environ = {"PATH_INFO": "/é".encode().decode("latin-1"), "QUERY_STRING": "", **more}
    wsgiref.util.setup_testing_defaults(environ)
    answer = []

    def start_response(status, headers, exc_info=None):
        answer[:] = [status, dict(headers)]
        return lambda _: None

    return answer, app(environ, start_response)


class Body:
    """A body that notes whether it was closed, and what was current meanwhile."""

    def __init__(self):
        self.parts, self.closed, self.seen = iter([b"a", b"b"]), 0, []

    def __iter__(self):
        return self

    def __next__(self):
        self.seen.append(current_span() is not None)
        return next(self.parts)

    def close(self):
        self.closed += 1


def test_bodies_are_closed_and_the_span_is_current_only_within_them(captured):
    """Between two parts the thread is the server's; ``close`` reaches the application once and ends the span."""
    body = Body()

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return body

    _, parts = call(SightlineWSGI(app))
    outside = [current_span() is not None]
    outside.extend(current_span() is not None for _ in parts)
    assert not captured.spans
    parts.close()

    assert (body.closed, set(body.seen), set(outside)) == (1, {True}, {False})
    assert captured.spans[0].attributes["url.path"] == "/é"


def test_lists_keep_their_length(captured):
    """Servers take the content's length from a body of one part."""

    def app(environ, start_response):
        start_response("200 OK", [])
        return [b"abc"]

    _, parts = call(SightlineWSGI(app))
    assert len(parts) == 1
    parts.close()


def test_the_servers_own_file_wrapper_is_passed_on(captured):
    """What the server recognises to send a file by itself stays what it is."""

    def app(environ, start_response):
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](io.BytesIO(b"x"))

    _, body = call(SightlineWSGI(app), **{"wsgi.file_wrapper": wsgiref.util.FileWrapper})

    assert type(body) is wsgiref.util.FileWrapper
    assert len(captured.spans) == 1


def test_the_wrapper_keeps_to_the_protocol(captured):
    """Python's own checker of WSGI has nothing to say, on either side of the wrapper."""

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]

    answer, body = call(validator(SightlineWSGI(validator(app))), PATH_INFO="/", SCRIPT_NAME="", REQUEST_METHOD="GET")
    assert list(body) == [b"ok"]
    body.close()

    assert answer[0] == "200 OK"
    assert len(captured.spans) == 1


def test_an_exception_before_the_answer_goes_on(captured):
    """An application that raises is recorded with status 500."""

    def app(environ, start_response):
        raise LookupError("gone")

    with pytest.raises(LookupError):
        call(SightlineWSGI(app))

    assert captured.spans[0].attributes["error.type"] == "LookupError"
    assert captured.spans[0].attributes["http.response.status_code"] == 500
