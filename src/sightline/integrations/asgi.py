"""
Instruments any ASGI application: ``app = SightlineMiddleware(app)``.

Plain ASGI, and one object a request: what is added to each request is measured in benchmarks/request.py.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from sightline.sdk import guard, metrics, requests
from sightline.sdk.recorder import recorder
from sightline.sdk.request_log import request_log
from sightline.sdk.request_metrics import request_metrics
from sightline.sdk.requests import LONGEST_TEXT
from sightline.sdk.surfaces import LARGEST_BODY, LOOKED_AT, answer_async, surfaces
from sightline.sdk.worker_metrics import workers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping

    from sightline.sdk.request_metrics import RequestMetrics

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Scope, Receive, Send], Awaitable[None]]
    Route = Callable[[Scope], str | None]

SCOPE_KEY: Final = "sightline"
"""Where the request's ``Exchange`` is in the scope. An instrumented application within another finds it there."""

_ANSWERED: Final = "sightline.answered"
"""In the scope of a request that Sightline answers where the application does not."""

_first = itemgetter(0)
_SENT: Final = frozenset(name.encode() for name in requests.SENT_HEADERS)


def path_template(scope: Scope) -> str | None:
    """Give the route as frameworks other than Starlette put it into the scope."""
    template = scope.get("path_template")
    return template if isinstance(template, str) else None


_MOST_MISSING: Final = 1000
"""Paths that the application does not have and Sightline answers, kept; ids may stand in them."""

_MOST_HOSTS: Final = 1000
"""Hosts whose parts are kept. Clients may name any; further ones are taken apart each time."""

_hosts: dict[bytes, dict[str, Any]] = {}


def _remember_host(host: bytes) -> dict[str, Any]:
    address = requests.server_of(host.decode("latin-1"))
    if len(_hosts) < _MOST_HOSTS:
        _hosts[host] = address
    return address


class _Exchange(requests.Exchange):
    """A request that came over ASGI."""

    __slots__ = ("_kept", "_read", "_receive", "_route", "_scope", "_send")

    def __init__(self, counts: RequestMetrics | None, scope: Scope, send: Send, route: Route) -> None:
        header = dict(scope["headers"]).get
        told: dict[str, Any] = {
            "url.scheme": scope.get("scheme", "http"),
            "url.path": scope["path"][:LONGEST_TEXT],
            "network.protocol.version": scope.get("http_version", ""),
        }
        # Written out, and no calls of functions: this is on the way of every request.
        query, host, client, agent = (
            scope.get("query_string"),
            header(b"host"),
            scope.get("client"),
            header(b"user-agent"),
        )
        if query:
            told["url.query"] = requests.clean_query(query.decode("latin-1"))
        if host:
            address = _hosts.get(host)
            if address is None:
                address = _remember_host(host)
            told.update(address)
        if client:
            told["client.address"] = client[0]
        if agent:
            told["user_agent.original"] = agent[:LONGEST_TEXT].decode("latin-1")
        length = header(b"content-length")
        if length is not None and length.isdigit():
            told["http.request.body.size"] = int(length[:18])
        traceparent, tracestate = header(b"traceparent"), header(b"tracestate")
        request_id, correlation_id = header(b"x-request-id"), header(b"x-correlation-id")
        super().__init__(
            counts,
            scope.get("method", "GET"),
            told,
            traceparent and traceparent.decode("latin-1"),
            tracestate and tracestate.decode("latin-1"),
            request_id and request_id.decode("latin-1"),
            correlation_id and correlation_id.decode("latin-1"),
        )
        self._scope = scope
        self._send = send
        self._route = route
        self._kept: bytes | None = None

    def headers(self) -> Iterable[tuple[str, str]]:
        """Give the request's headers, for its log."""
        return ((name.decode("latin-1"), value.decode("latin-1")) for name, value in self._scope["headers"])

    def body(self) -> tuple[bytes, int, str] | None:
        """Give the beginning of the request's body, its length so far and its type; None where it is not kept."""
        if not self._kept:
            return None
        return self._kept, self._read, dict(self._scope["headers"]).get(b"content-type", b"").decode("latin-1")

    def keep(self, receive: Receive) -> Receive:
        """Keep the beginning of the body that *receive* gives."""
        self._kept, self._read, self._receive = b"", 0, receive
        return self._keeping

    async def _keeping(self) -> Message:
        message = await self._receive()
        part = message.get("body", b"")
        if part and self._kept is not None:
            self._read += len(part)
            self._kept += part[: max(0, request_log.body_bytes - len(self._kept))]
        return message

    # Not a coroutine: it gives the server's awaitable on, and saves a frame for each message.
    def send(self, message: Message) -> Awaitable[None]:
        """Look at a message of the response, and pass it on."""
        try:
            kind = message["type"]
            if kind == "http.response.start":
                self.status = message["status"]
                message = self._with_headers(message)
            elif kind == "http.response.body":
                self.response_size += len(message.get("body", b""))
                if not message.get("more_body") and self.status < 500:
                    # From 500 on, an exception may yet come up, behind the framework's own error page.
                    self.close()
        except Exception as error:
            guard.failed("asgi", error)
        return self._send(message)

    def _with_headers(self, message: Message) -> Message:
        request_id = self.request_id.encode()
        correlation_id = request_id if self.correlation_id is self.request_id else self.correlation_id.encode()
        headers = [*message.get("headers", ())]
        present = not _SENT.isdisjoint(map(_first, headers))
        ours = (
            (b"x-request-id", request_id),
            (b"x-correlation-id", correlation_id),
            (b"x-response-time", b"%.2fms" % self.elapsed_ms()),
        )
        if present:
            there = {name for name, _ in headers}
            headers += [header for header in ours if header[0] not in there]
        else:
            headers += ours
        return {**message, "headers": headers}

    def close(self) -> None:
        """Finish, once."""
        if not self.ended:
            self.finish(self._route(self._scope))


class SightlineMiddleware:
    """
    Records each request of an ASGI application: a server span and request metrics.

    The response carries ``X-Request-ID``, ``X-Correlation-ID`` and ``X-Response-Time``. Exceptions are recorded and go
    on. The span of an HTTP request ends with its response; what a background task does later is in the same trace.
    """

    def __init__(
        self,
        app: Application,
        *,
        route: Route = path_template,
        namespace: str = "http",
        marks: Mapping[str, Any] | None = None,
        owns: Callable[[str], bool] | None = None,
    ) -> None:
        """
        Wrap an application.

        Args:
            app: the ASGI application.
            route: gives the template of the path that was taken, once the request is handled.
            namespace: what the names of the request metrics begin with.
            marks: put into the scope of each request.
            owns: tells whether the application has a route for exactly this path, and so answers itself where
                Sightline would, such as at ``/health``. Without it, a 404 tells that it has none.
        """
        self.app = app
        self._route = route
        self._marks = dict(marks or {})
        self._counts = request_metrics(namespace)
        self._owns = owns
        self._missing: set[str] = set()
        workers.join()

    async def _answer(self, surface: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what the application does not answer itself."""
        path = scope["path"]
        if self._owns(path) if self._owns is not None else path not in self._missing:
            missing = _unless_missing(send)
            await self(scope, receive, send if self._owns is not None else missing.send)
            if not missing.found:
                return
            if len(self._missing) < _MOST_MISSING:
                self._missing.add(path)
        given = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        status, headers, body = await answer_async(
            surface,
            {name: value for name, value in given if name in LOOKED_AT},
            method=scope["method"],
            path=path,
            query=scope.get("query_string", b"").decode("latin-1"),
            body=await _body(receive) if scope["method"] == "POST" else b"",
        )
        sent = [(name.encode(), value.encode()) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, connection or lifespan."""
        kind = scope["type"]
        if not recorder.enabled or SCOPE_KEY in scope or kind not in {"http", "websocket"}:
            await self.app(scope, receive, _flushing(send) if kind == "lifespan" else send)
            return
        if kind == "http" and _ANSWERED not in scope:
            surface = surfaces.at(scope.get("method", ""), scope.get("path", ""))
            if surface is not None:
                scope[_ANSWERED] = True
                await self._answer(surface, scope, receive, send)
                return
        try:
            exchange = _Exchange(self._counts if kind == "http" else None, scope, send, self._route)
        except Exception as error:
            guard.failed("asgi", error)
            await self.app(scope, receive, send)
            return
        scope.update(self._marks)
        scope[SCOPE_KEY] = exchange
        if kind == "http":
            if request_log.starts:
                request_log.start(exchange)
            if request_log.body_bytes:
                receive = exchange.keep(receive)
        try:
            await self.app(scope, receive, exchange.send)
        except BaseException as error:
            exchange.fail(error)
            raise
        finally:
            try:
                exchange.close()
            except Exception as error:
                guard.failed("asgi", error)
            exchange.leave()


async def _body(receive: Receive) -> bytes:
    """Read what was sent, up to a message more than is passed on."""
    body = b""
    while len(body) <= LARGEST_BODY:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body


class _unless_missing:  # noqa: N801 - reads as a word where it is used
    """Passes a response on, unless it says that there is no such page."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.found = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 404:
            self.found = True
        if not self.found:
            await self._send(message)


def _flushing(send: Send) -> Send:
    """Write the metrics down when the application has shut down: many servers end their workers without ``atexit``."""

    async def flush(message: Message) -> None:
        if message["type"] == "lifespan.shutdown.complete" and recorder.enabled:
            try:
                metrics.record()
            except Exception as error:
                guard.failed("asgi", error)
        await send(message)

    return flush
