"""Django applications, over WSGI and ASGI."""

from __future__ import annotations

import asyncio
import wsgiref.util

import django
import httpx
import pytest
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import include, path, re_path
from django.utils.functional import SimpleLazyObject

import sightline
from sightline.sdk.context import current_span
from sightline.sdk.request_metrics import request_metrics
from sightline.testing import capture


class User:
    """A user as Django's authentication gives one."""

    pk, is_authenticated = 7, True


def recognise(get_response):
    """Recognise a user, whom only some views ask for, as Django's own middleware does."""

    def middleware(request):
        def load():
            request._cached_user = User()
            return request._cached_user

        request.user = SimpleLazyObject(load)
        return get_response(request)

    return middleware


def order(request, order):
    """Log."""
    sightline.get_logger("shop").info("order")
    return JsonResponse({"order": order})


def mine(request):
    """Ask who it is."""
    return HttpResponse(str(request.user.pk))


def boom(request):
    """Fail, for somebody."""
    raise RuntimeError(f"boom for {request.user.pk}")


def stream(request):
    """Log and trace while the parts are sent."""

    def parts():
        with sightline.span("part"):
            yield b"a"
        sightline.get_logger("shop").info("in between")
        yield b"b"

    return StreamingHttpResponse(parts())


async def later(request, order):
    """Wait."""
    await asyncio.sleep(0)
    with sightline.span("load"):
        return JsonResponse({"order": order})


async def events(request):
    """Stream from an async generator."""

    async def parts():
        with sightline.span("event"):
            yield b"a"
            await asyncio.sleep(0)
            yield b"b"

    return StreamingHttpResponse(parts())


URLS = (
    path("orders/<int:order>/", order),
    path("api/", include([path("later/<int:order>", later)])),
    re_path(r"^old/(?P<name>\w+)$", lambda _, name: HttpResponse(name)),
    path("mine", mine), path("boom", boom), path("stream", stream), path("events", events),
    path("healthz", lambda _: HttpResponse("own")),
)  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def _settings():
    """Set Django up, once a process."""
    settings.configure(
        ROOT_URLCONF=URLS, ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None, DEFAULT_CHARSET="utf-8", USE_I18N=False,
        MIDDLEWARE=["sightline.integrations.django.Sightline", f"{__name__}.recognise"], SECRET_KEY="x",
    )  # fmt: skip
    django.setup()


@pytest.fixture
def captured():
    """Record into memory."""
    with capture() as found:
        yield found


def get_wsgi(target, **headers):
    """Send one request over WSGI and give the status, headers and body."""
    where, _, query = target.partition("?")
    environ = {"PATH_INFO": where, "QUERY_STRING": query, **headers}
    wsgiref.util.setup_testing_defaults(environ)
    told = []
    body = WSGIHandler()(environ, lambda *started: told.extend(started))
    content = b"".join(body)
    getattr(body, "close", lambda: None)()
    return int(told[0][:3]), dict(told[1]), content


def get_asgi(target, **_):
    """Send one request over ASGI, as a server does that keeps the connection open."""

    async def main():
        transport = httpx.ASGITransport(ASGIHandler(), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            answer = await client.get(target)
            return answer.status_code, answer.headers, answer.content

    return asyncio.run(main())


BOTH = pytest.mark.parametrize("get", [get_wsgi, get_asgi])


def server_spans(captured):
    """Give the server spans."""
    return [span for span in captured.spans if span.span_kind == "Server"]


@BOTH
def test_a_request_is_a_span_with_its_route(captured, get):
    """The route names the span and counts; status, ids and trace are there, and the log is in the trace."""
    status, headers, _ = get("/orders/7/?token=x")

    [span] = server_spans(captured)
    assert (status, span.name) == (200, "GET /orders/<int:order>/")
    assert (span.attributes["http.response.status_code"], span.attributes["url.query"]) == (200, "token=[REDACTED]")
    assert headers["X-Request-ID"] == span.attributes["request_id"] == captured.logs[0].attributes["request_id"]
    assert (captured.logs[0].trace, captured.logs[0].span) == (span.trace, span.span)
    assert ("GET", "/orders/<int:order>/", 200) in request_metrics("http")._series


@BOTH
@pytest.mark.parametrize(
    ("target", "name"),
    [("/old/thing", r"GET /old/(?P<name>\w+)"), ("/api/later/3", "GET /api/later/<int:order>"), ("/nobody.php", "GET")],
)
def test_the_route_is_a_template_and_never_the_path(captured, get, target, name):
    """Regular expressions go without their anchors, included routes with their prefix; other paths are unmatched."""
    get(target)

    assert server_spans(captured)[0].name == name


@BOTH
def test_an_exception_is_recorded_once_with_request_and_user(captured, get):
    """One error with the traceback; what Django logs of it refers to that one."""
    status, _, _ = get("/boom")

    [span] = server_spans(captured)
    [error] = [log for log in captured.logs if log.logger == "sightline.errors"]
    [own] = [log for log in captured.logs if log.logger == "django.request"]
    assert (status, span.attributes["error.type"], error.body) == (500, "RuntimeError", "RuntimeError: boom for 7")
    assert (error.attributes["user_id"], error.attributes["request_id"]) == ("7", span.attributes["request_id"])
    assert (error.trace, error.attributes["error.mechanism"]) == (span.trace, "request")
    assert own.body == "Internal Server Error: /boom"
    assert own.attributes["error.fingerprint"] == error.attributes["error.fingerprint"]
    assert [log.logger for log in captured.logs if "exception.stacktrace" in log.attributes] == ["sightline.errors"]


@BOTH
def test_the_user_is_on_the_span_where_the_view_asked_for_one(captured, get):
    """Nobody is loaded for our sake."""
    get("/mine")
    get("/orders/7/")

    assert [span.attributes.get("user_id") for span in server_spans(captured)] == ["7", None]


@BOTH
def test_requests_are_logged(get):
    """With the fields that every framework's have, at the level of their status."""
    with capture(request_log="all") as captured:
        get("/boom")
        get("/mine")

    first, second = [log for log in captured.logs if log.logger == "sightline.request"]
    assert (first.body, first.level, first.attributes["status_code"]) == ("HTTP_REQUEST_ERROR", "ERROR", 500)
    assert (second.body, second.level, second.attributes["route"]) == ("HTTP_REQUEST_COMPLETE", "INFO", "/mine")
    assert first.attributes["user_id"] == second.attributes["user_id"] == "7"


@BOTH
def test_a_stream_is_in_the_trace_until_its_end(captured, get):
    """What is recorded while the parts are sent belongs to the request, and nothing is left behind."""
    _, _, content = get("/stream" if get is get_wsgi else "/events")

    [span] = server_spans(captured)
    [part] = [span for span in captured.spans if span.name in {"part", "event"}]
    assert (content, part.parent, current_span()) == (b"ab", span.span, None)
    assert span.attributes["http.response.body.size"] == 2


@BOTH
def test_surfaces_are_answered_where_django_has_no_such_route(captured, get):
    """``/health`` and ``/metrics`` are ours, ``/healthz`` is the application's own."""
    get("/mine")

    assert b'"status"' in get("/health")[2]
    assert b'http_requests_total{endpoint="/mine"' in get("/metrics")[2]
    assert get("/healthz")[2] == b"own"


def test_an_application_is_instrumented_by_one_call(captured):
    """It is given back as it is, and counts once."""
    made = WSGIHandler()

    assert sightline.instrument(sightline.instrument(made)) is made
    get_wsgi("/mine")
    assert len(server_spans(captured)) == 1


def test_the_lifespan_is_answered(captured):
    """By it servers tell of their end, in time for the last metrics."""
    sent = []
    kinds = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive():
        return {"type": next(kinds)}

    async def send(message):
        sent.append(message["type"])

    asyncio.run(ASGIHandler()({"type": "lifespan"}, receive, send))

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert captured.metrics
