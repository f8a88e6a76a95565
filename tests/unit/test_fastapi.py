"""FastAPI and Starlette applications."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi import APIRouter, BackgroundTasks, FastAPI
from fastapi.responses import StreamingResponse
from opentelemetry.metrics import NoOpMeterProvider
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

import sightline
from sightline.sdk import metrics
from sightline.sdk.presence import presence
from sightline.testing import capture


@pytest.fixture
def captured():
    """Record into memory."""
    with capture() as found:
        yield found


def get(app, *paths, method="GET"):
    """Send requests to *app* in process and give the answers."""

    async def main():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            return [await client.request(method, path) for path in paths]

    return asyncio.run(main())


def names(captured):
    """Give the names of the server spans."""
    return [span.name for span in captured.spans if span.span_kind == "Server"]


def everything():
    """Make an application with routes of every kind."""
    app, sub, deep = FastAPI(), FastAPI(), Starlette(routes=[Route("/d/{x}", lambda _: PlainTextResponse("d"))])
    router, inner = APIRouter(prefix="/orders/{order}"), APIRouter()

    @app.get("/items/{item}")
    async def item(item: int):
        return item

    @router.get("/lines/{line}")  # noqa: FAST003 - the template is what counts here
    @inner.get("/deeper/{x}")
    async def line():
        return 1

    @sub.get("/things/{thing}")
    def thing(thing: str):
        return thing

    router.include_router(inner, prefix="/inner")
    app.include_router(router, prefix="/api")
    sub.mount("/deep", deep)
    app.mount("/sub/{tenant}", sub)
    return sightline.instrument(app)


@pytest.mark.parametrize(
    ("path", "route"),
    [("/items/7", "GET /items/{item}"), ("/api/orders/1/lines/2", "GET /api/orders/{order}/lines/{line}"),
     ("/api/orders/1/inner/deeper/2", "GET /api/orders/{order}/inner/deeper/{x}"),
     ("/sub/acme/things/3", "GET /sub/{tenant}/things/{thing}"), ("/sub/acme/deep/d/4", "GET /sub/{tenant}/deep/d/{x}"),
     ("/sub/acme/nothing", "GET /sub/{tenant}/{path}"), ("/nothing/at/all", "GET"), ("/docs", "GET /docs")],
)  # fmt: skip
def test_a_span_has_the_template_and_never_the_path(captured, path, route):
    """Routers, mounts and prefixes are put together to the whole template."""
    get(everything(), path)

    assert names(captured) == [route]


def test_fastapis_own_spans_are_silent(captured):
    """FastAPI would record the same request by itself, and so would applications that are mounted in it."""
    get(everything(), "/items/7", "/sub/acme/things/3")

    assert {span.scope for span in captured.spans} == {""}


def counted(captured, prefix):
    """Give the last samples that were recorded of families with this prefix; others may have been before this test."""
    return {
        (sample.name, *sorted((sample.attributes or {}).items())): sample.value
        for metric in captured.metrics if metric.name.startswith(prefix)
        for sample in metric.samples
    }  # fmt: skip


def test_fastapis_own_metrics_are_silent(captured):
    """Requests are counted once, whoever else would count them through OpenTelemetry's meters."""
    metrics.record()
    before = counted(captured, "http_server_")
    get(everything(), "/items/7")
    metrics.record()

    assert counted(captured, "http_requests")
    assert counted(captured, "http_server_") == before


def test_providers_given_to_the_application_stay_in_use(captured):
    """Who gives FastAPI a meter provider of its own wants its metrics there as well."""
    app = FastAPI(telemetry={"meter_provider": NoOpMeterProvider()})

    sightline.instrument(app)

    assert (app._telemetry["tracing"], app._telemetry["metrics"]) == (False, True)


def test_a_wrong_method_counts_for_its_route(captured):
    """405 is the route's, not nobody's."""
    get(everything(), "/items/7", method="DELETE")

    assert names(captured) == ["DELETE /items/{item}"]


def test_an_exception_is_on_the_span_and_the_error_page_has_the_ids(captured):
    """The page of status 500 carries the request's id, by which the span is found."""
    app = FastAPI()

    @app.get("/boom")
    async def boom():
        raise RuntimeError("boom")

    [answer] = get(sightline.instrument(app), "/boom")

    [span] = captured.spans
    assert answer.status_code == span.attributes["http.response.status_code"] == 500
    assert answer.headers["x-request-id"] == span.trace
    assert (span.status, span.attributes["error.type"]) == ("Error", "RuntimeError")
    assert span.events[0].attributes["exception.stacktrace"].count("boom")


def test_logs_and_spans_of_sync_and_async_handlers_are_in_the_trace(captured):
    """Handlers in the thread pool are in the request's trace as well."""
    app = FastAPI()

    @app.get("/sync")
    def sync():
        with sightline.span("work"):
            sightline.get_logger().info("here")

    get(sightline.instrument(app), "/sync")

    work, server = captured.spans
    assert (work.parent, work.trace) == (server.span, server.trace)
    assert captured.logs[0].span == work.span


def test_streams_and_background_tasks_work(captured):
    """A streamed body arrives whole; a background task belongs to the trace of its request."""
    app = FastAPI()

    @app.get("/stream")
    async def stream():
        async def parts():
            with sightline.span("streaming"):
                yield b"a"
                yield b"b"

        return StreamingResponse(parts())

    @app.get("/later")
    async def later(tasks: BackgroundTasks):
        tasks.add_task(sightline.get_logger().info, "afterwards")

    answers = get(sightline.instrument(app), "/stream", "/later")

    assert answers[0].content == b"ab"
    spans = {span.name: span for span in captured.spans}
    assert spans["streaming"].parent == spans["GET /stream"].span
    assert captured.logs[-1].body == "afterwards" or "afterwards" in [log.body for log in captured.logs]


def test_instrumenting_twice_counts_once(captured):
    """The second call changes nothing."""
    app = FastAPI()
    assert sightline.instrument(sightline.instrument(app)) is app
    get(app, "/docs")

    assert names(captured) == ["GET /docs"]


def test_an_application_that_serves_already_is_taken(captured):
    """Instrumented after its first request, the next ones are recorded; routes and middleware may follow."""
    app = FastAPI()
    get(app, "/docs")
    captured.clear()
    sightline.instrument(app)

    @app.get("/new")
    async def new():
        return 1

    get(app, "/new")

    assert names(captured) == ["GET /new"]


def test_starlette_routes_are_found_by_their_endpoint(captured):
    """One function for several routes is told apart by the path; mounts are put together."""

    async def page(request):
        return PlainTextResponse("ok")

    app = Starlette(routes=[
        Route("/a/{x}", page), Route("/b/{y}", page), Mount("/m", routes=[Route("/c/{z}", page)]),
        Route("/only/{o}", lambda _: PlainTextResponse("only")),
    ])  # fmt: skip
    get(sightline.instrument(app), "/a/1", "/b/2", "/m/c/3", "/only/4", "/only/5", "/none")

    assert names(captured) == ["GET /a/{x}", "GET /b/{y}", "GET /m/c/{z}", "GET /only/{o}", "GET /only/{o}", "GET"]


def test_what_is_instrumented_is_noted(captured):
    """``sightline doctor`` learns of it from the process's file."""
    sightline.instrument(FastAPI())

    assert "fastapi" in {entry.name for entry in presence.known() if entry.by == "sightline"}
