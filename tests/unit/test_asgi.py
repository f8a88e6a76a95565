"""Any ASGI application, wrapped by hand."""

from __future__ import annotations

import asyncio
import re

import pytest

import sightline
from sightline.integrations.asgi import SightlineMiddleware
from sightline.sdk.context import current_span, fields
from sightline.sdk.recorder import recorder
from sightline.sdk.request_metrics import request_metrics
from sightline.testing import capture

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def captured():
    """Record into memory."""
    with capture() as found:
        yield found


def scope(path="/", headers=(), method="GET", kind="http", **more):
    """Make the scope of a request."""
    given = [(name.encode(), value.encode()) for name, value in headers]
    return {
        "type": kind, "method": method, "path": path, "query_string": b"", "headers": given, "scheme": "http",
        "http_version": "1.1", "client": ("10.0.0.7", 1234), "server": ("127.0.0.1", 80), **more,
    }  # fmt: skip


def answering(status=200, parts=(b"ok",), headers=()):
    """Make an application that answers the same to everything."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return app


def request(app, given=None):
    """Send one request and give the messages of the answer."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b""}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope() if given is None else given, receive, send))
    return sent


def header(sent, name):
    """Give a header of the answer, as text."""
    return dict(sent[0]["headers"])[name.encode()].decode()


def test_a_request_is_a_server_span_in_opentelemetrys_names(captured):
    """Method, path, status, addresses and user agent stand under the names of the semantic conventions."""
    app = SightlineMiddleware(answering(201))
    request(app, scope("/a/b", [("host", "shop.example:8080"), ("user-agent", "curl/8")], "POST", query_string=b"x=1"))

    [span] = captured.spans
    assert (span.name, span.span_kind, span.status) == ("POST", "Server", "Unset")
    told = span.attributes
    assert told | {
        "http.request.method": "POST", "url.path": "/a/b", "url.query": "x=1", "url.scheme": "http",
        "http.response.status_code": 201, "server.address": "shop.example", "server.port": 8080,
        "client.address": "10.0.0.7", "user_agent.original": "curl/8", "network.protocol.version": "1.1",
    } == told  # fmt: skip


def test_the_callers_trace_goes_on(captured):
    """A valid ``traceparent`` gives trace and parent, and ``tracestate`` is kept."""
    given = [("traceparent", f"00-{TRACE}-{PARENT}-01"), ("tracestate", "vendor=x")]
    request(SightlineMiddleware(answering()), scope(headers=given))

    [span] = captured.spans
    assert (span.trace, span.parent, span.trace_state) == (TRACE, PARENT, "vendor=x")


@pytest.mark.parametrize(
    "value",
    ["", "x", f"00-{TRACE}-{PARENT}", f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01",
     f"ff-{TRACE}-{PARENT}-01", f"00-{TRACE.upper()}-{PARENT}-01", f"00-{TRACE}-{PARENT}-01-more", "00-" + "a" * 9000],
)  # fmt: skip
def test_a_wrong_traceparent_begins_a_new_trace(captured, value):
    """What is no valid header is as if it were not there."""
    request(SightlineMiddleware(answering()), scope(headers=[("traceparent", value)]))

    [span] = captured.spans
    assert span.parent == ""
    assert span.trace not in {TRACE, "0" * 32}
    assert re.fullmatch("[0-9a-f]{32}", span.trace)


def test_the_answer_carries_ids_and_time(captured):
    """Without an id of the caller, the trace's id is the request's, and both headers say it."""
    sent = request(SightlineMiddleware(answering()))

    [span] = captured.spans
    assert header(sent, "x-request-id") == header(sent, "x-correlation-id") == span.trace
    assert re.fullmatch(r"\d+\.\d\dms", header(sent, "x-response-time"))


def test_valid_ids_of_the_caller_are_kept(captured):
    """``X-Request-ID`` and ``X-Correlation-ID`` come back, and the request's stands on spans and logs."""

    async def app(scope, receive, send):
        sightline.get_logger("shop").info("hello")
        await answering()(scope, receive, send)

    sent = request(
        SightlineMiddleware(app), scope(headers=[("x-request-id", "req-7"), ("x-correlation-id", "order:9")])
    )

    assert (header(sent, "x-request-id"), header(sent, "x-correlation-id")) == ("req-7", "order:9")
    assert captured.spans[0].attributes["request_id"] == captured.logs[0].attributes["request_id"] == "req-7"


@pytest.mark.parametrize("value", ["a" * 129, "a b", "a\r\nX-Evil: 1", "<script>", "-x", "é"])
def test_an_id_that_is_not_harmless_is_replaced(captured, value):
    """Long ones and ones with other characters are not sent back, and not recorded."""
    sent = request(SightlineMiddleware(answering()), scope(headers=[("x-request-id", value)]))

    assert header(sent, "x-request-id") == captured.spans[0].trace


def test_headers_that_the_application_set_stay(captured):
    """What the application says itself is not said twice, and its list of headers is not changed."""
    own = [(b"x-request-id", b"mine"), (b"content-type", b"text/plain")]
    app = SightlineMiddleware(answering(headers=own))
    sent = [request(app), request(app)]

    assert [name for name, _ in sent[1][0]["headers"]].count(b"x-request-id") == 1
    assert header(sent[1], "x-request-id") == "mine"
    assert len(own) == 2


def test_an_exception_is_recorded_and_goes_on(captured):
    """The span has the exception and status 500, the errors are counted, and the server gets the exception."""

    async def app(scope, receive, send):
        raise ValueError("out of stock")

    before = dict(request_metrics("http")._errors)
    with pytest.raises(ValueError, match="out of stock"):
        request(SightlineMiddleware(app))

    [span] = captured.spans
    assert (span.status, span.status_message) == ("Error", "ValueError: out of stock")
    assert span.attributes["error.type"] == "ValueError"
    assert span.events[0].attributes["exception.message"] == "out of stock"
    after = request_metrics("http")._errors
    assert after["ValueError", "unmatched"] == before.get(("ValueError", "unmatched"), 0) + 1


def test_an_exception_behind_an_error_page_is_recorded(captured):
    """Frameworks send their error page first and raise then: the span waits for the exception."""

    async def app(scope, receive, send):
        await answering(500)(scope, receive, send)
        raise KeyError("late")

    with pytest.raises(KeyError):
        request(SightlineMiddleware(app))

    [span] = captured.spans
    assert span.attributes["error.type"] == "KeyError"
    assert span.attributes["http.response.status_code"] == 500


def test_a_cancelled_request_is_no_error(captured):
    """When the client leaves, the span ends without a status."""

    async def app(scope, receive, send):
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        request(SightlineMiddleware(app))

    [span] = captured.spans
    assert (span.status, span.attributes["error.type"]) == ("Unset", "asyncio.exceptions.CancelledError")


def test_a_span_ends_with_the_last_part_of_a_streamed_answer(captured):
    """While parts are to come the span is open; work after the answer is not part of its time."""
    seen = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        seen.append(len(captured.spans))
        await send({"type": "http.response.body", "body": b"b"})
        seen.append(len(captured.spans))
        sightline.get_logger().info("in the background")

    sent = request(SightlineMiddleware(app))

    assert seen == [0, 1]
    assert [message.get("body") for message in sent] == [None, b"a", b"b"]
    assert captured.logs[0].trace == captured.spans[0].trace


def test_what_is_bound_while_handling_is_on_the_span_and_gone_afterwards(captured):
    """A user bound in the application stands on the server's span; the next request does not see it."""

    async def app(scope, receive, send):
        sightline.bind(user_id=7)
        await answering()(scope, receive, send)

    middleware = SightlineMiddleware(app)

    async def main():
        async def nothing(*_):
            return {}

        await middleware(scope(), nothing, nothing)
        return fields.get(), current_span()

    assert asyncio.run(main()) == (None, None)
    assert captured.spans[0].attributes["user_id"] == 7


def test_spans_may_outlive_the_request(captured):
    """A task that goes on after the answer ends its span later, in the same trace, and nobody complains."""

    async def main():
        release = asyncio.Event()
        tasks = []

        async def later():
            with sightline.span("later"):
                await release.wait()

        async def app(scope, receive, send):
            tasks.append(asyncio.ensure_future(later()))
            await asyncio.sleep(0)
            await answering()(scope, receive, send)

        async def nothing(*_):
            return {}

        await SightlineMiddleware(app)(scope(), nothing, nothing)
        release.set()
        await tasks[0]

    asyncio.run(main())

    server, later = captured.spans
    assert (later.name, later.parent, later.trace) == ("later", server.span, server.trace)


def test_invented_methods_and_long_texts_are_bounded(captured):
    """A client cannot make metrics without end, nor long records."""
    given = scope("/" + "a" * 9000, [("user-agent", "b" * 9000)], "BREW")
    request(SightlineMiddleware(answering()), given)

    told = captured.spans[0].attributes
    assert (told["http.request.method"], told["http.request.method_original"]) == ("_OTHER", "BREW")
    assert len(told["url.path"]) == len(told["user_agent.original"]) == 2048


def test_secrets_in_the_query_are_taken_out(captured):
    """Parameters with secret names keep their name only."""
    given = scope(query_string=b"api_key=abc&page=2&user%5Bpassword%5D=x&flag")
    request(SightlineMiddleware(answering()), given)

    query = captured.spans[0].attributes["url.query"]
    assert query == "api_key=[REDACTED]&page=2&user%5Bpassword%5D=[REDACTED]&flag"


def test_a_websocket_is_one_span_and_no_request(captured):
    """A connection is a span of its own, and does not count among the requests."""

    async def app(scope, receive, send):
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})

    given = scope(kind="websocket")
    del given["method"]
    sent = request(SightlineMiddleware(app, namespace="sockets"), given)

    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.close"]
    assert len(captured.spans) == 1
    assert not request_metrics("sockets")._series


def test_the_lifespan_passes_and_ends_with_a_snapshot(captured):
    """Start and stop reach the application; when it has stopped, the metrics are written down."""
    request_metrics("http").began()
    request_metrics("http").ended("GET", "/x", 200, 0.1, "")

    async def app(scope, receive, send):
        await send({"type": "lifespan.startup.complete"})
        assert not captured.metrics
        await send({"type": "lifespan.shutdown.complete"})

    sent = request(SightlineMiddleware(app), {"type": "lifespan"})

    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert "http_requests" in {family.name for family in captured.metrics}


def test_one_within_another_records_once(captured):
    """An instrumented application inside an instrumented one leaves the request to the outer one."""
    request(SightlineMiddleware(SightlineMiddleware(answering())))

    assert len(captured.spans) == 1


def test_without_configure_requests_pass_untouched():
    """Nothing is recorded, and no header is added."""
    assert not recorder.enabled
    sent = request(SightlineMiddleware(answering()))

    assert sent[0]["headers"] == []


def test_a_template_from_the_framework_names_span_and_series(captured):
    """Where the scope has a ``path_template``, as some frameworks set it, it is the route."""

    async def app(scope, receive, send):
        scope["path_template"] = "/items/{id}"
        await answering()(scope, receive, send)

    request(SightlineMiddleware(app, namespace="templated"), scope("/items/9"))

    assert captured.spans[0].name == "GET /items/{id}"
    assert list(request_metrics("templated")._series) == [("GET", "/items/{id}", 200)]
