"""One HTTP request as its server sees it: span, ids, headers and metrics, shared by all integrations."""

from __future__ import annotations

import re
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote_plus

from opentelemetry.context import Context

from sightline.model.span import ERROR
from sightline.sdk import metrics, redact, tracing
from sightline.sdk.context import SPAN_KEY, current, fields
from sightline.sdk.recorder import recorder

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "QUERY"})
"""Methods that are told apart. A client that invents others must not make series without end."""

OTHER_METHOD: Final = "_OTHER"

UNMATCHED: Final = "unmatched"
"""The endpoint of requests that no route takes. Their paths are anybody's, and would make series without end."""

SENT_HEADERS: Final = ("x-request-id", "x-correlation-id", "x-response-time")

_LONGEST_TEXT: Final = 2048
"""Characters kept of a path, a query string or a user agent."""

_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:@/+=-]{0,127}")
"""An id that is taken over from a caller: bounded, and harmless in logs and headers."""

_context_of = current.get
_set_context = current.set
_fields_of = fields.get
_set_fields = fields.set


class RequestMetrics:
    """
    Counts requests: their number, duration, errors, and how many are being answered.

    Attributes:
        began, ended: to be called when a request begins and has ended.
    """

    def __init__(self, namespace: str = "http") -> None:
        self._requests = metrics.counter(
            f"{namespace}_requests_total", "Requests answered.", ("method", "endpoint", "status")
        )
        self._seconds = metrics.histogram(
            f"{namespace}_request_duration_seconds", "Time until the response was sent.", ("method", "endpoint")
        )
        self._errors = metrics.counter(
            f"{namespace}_errors_total",
            "Requests that ended with an exception or a status from 500 on.",
            ("error_type", "endpoint"),
        )
        active = metrics.gauge(f"{namespace}_active_connections", "Requests being answered.")
        self.began: Callable[[], None] = active.inc
        self.ended: Callable[[], None] = active.dec
        # Finding a series by its labels costs more than counting in it.
        self._known: dict[tuple[str, str, int], tuple[Callable[[], None], Callable[[float], None]]] = {}
        recorder.on_fork(lambda: active.set(0))

    def count(self, method: str, endpoint: str, status: int, seconds: float, error_type: str) -> None:
        """Count one request. *error_type* is empty where it went well."""
        known = self._known.get((method, endpoint, status))
        if known is None:
            known = self._known[method, endpoint, status] = (
                self._requests.labels(method, endpoint, str(status)).inc,
                self._seconds.labels(method, endpoint).observe,
            )
        known[0]()
        known[1](seconds)
        if error_type:
            self._errors.labels(error_type, endpoint).inc()


class Exchange:
    """
    One request and its response.

    Attributes:
        span: the server's span. It begins with ``enter`` and is written by ``finish``.
        request_id: the caller's, or the trace's id.
        correlation_id: the caller's, or the request's id.
        status: of the response; 0 until it is known.
        ended: whether it is finished.
    """

    __slots__ = (
        "_around", "_bound", "_clock", "_counts", "_failure", "_inner", "_method", "correlation_id", "ended",
        "request_id", "span", "status",
    )  # fmt: skip

    def __init__(
        self,
        counts: RequestMetrics | None,
        method: str,
        attributes: dict[str, Any],
        traceparent: str | None,
        tracestate: str | None,
    ) -> None:
        """
        Prepare for a request.

        Args:
            counts: where it is counted; None where it is not.
            method: as the client sent it.
            attributes: of the span.
            traceparent: the header, as the client sent it.
            tracestate: likewise.
        """
        if method not in METHODS:
            attributes["http.request.method_original"] = method[:32]
            method = OTHER_METHOD
        attributes["http.request.method"] = method
        self._counts = counts
        self._method = method
        self._failure: BaseException | None = None
        self._bound: dict[str, Any] | None = None
        self.request_id = self.correlation_id = ""
        self.status = 0
        self.ended = False
        self.span = tracing.server_span(method, traceparent, tracestate, attributes)

    def enter(self, request_id: str | None, correlation_id: str | None) -> None:
        """Begin: the span is current and the request's id is bound, until ``leave``."""
        self._clock = perf_counter_ns()
        self._bound = bound = _fields_of()
        self._around = around = _context_of()
        span = self.span
        if not span.span_id:
            span.begin(around.get(SPAN_KEY))
        if request_id is None or _ID.fullmatch(request_id) is None:
            request_id = span.trace_id
        self.request_id = self.correlation_id = request_id
        if correlation_id is not None and _ID.fullmatch(correlation_id) is not None:
            self.correlation_id = correlation_id
        cast("dict[str, Any]", span.attributes)["request_id"] = request_id
        _set_fields({**bound, "request_id": request_id} if bound else {"request_id": request_id})
        _set_context(Context({**around, SPAN_KEY: span}) if around else Context({SPAN_KEY: span}))
        if self._counts is not None:
            self._counts.began()

    def leave(self) -> None:
        """Let span and fields be as they were before ``enter`` or ``resume``."""
        self._inner = _context_of(), _fields_of()
        _set_context(self._around)
        _set_fields(self._bound)

    def resume(self) -> None:
        """Let span and fields be as they were at the last ``leave``."""
        self._around, self._bound = _context_of(), _fields_of()
        _set_context(self._inner[0])
        _set_fields(self._inner[1])

    def fail(self, error: BaseException) -> None:
        """Note the exception that ended the request."""
        self._failure = error

    def response_time(self) -> str:
        """Say how long it has taken so far, as the header has it."""
        return f"{(perf_counter_ns() - self._clock) / 1e6:.2f}ms"

    def finish(self, route: str | None) -> None:
        """
        Write the span and count the request; only the first call does.

        Args:
            route: the template of its path, such as ``/orders/{id}``; None where no route took it.
        """
        if self.ended:
            return
        self.ended = True
        elapsed = perf_counter_ns() - self._clock
        span, status, method = self.span, self.status, self._method
        told = span.attributes or {}
        bound = _fields_of()
        if bound is not None and len(bound) > 1:
            # What was bound while the request was handled, such as the user's id, belongs to the span as well.
            told = {**bound, **told}
        if route:
            told["http.route"] = route
            span.name = f"{method} {route}"
        error_type = ""
        if self._failure is not None:
            error_type, status = self._note_failure(told, self._failure)
        elif status >= 500:
            error_type = told["error.type"] = str(status)
            span.details.status = ERROR
        if status:
            told["http.response.status_code"] = status
        span.attributes = told
        span.end()
        # Request logs belong here: everything that one says of a request is known at this point.
        if self._counts is not None:
            self._counts.count(method, route or UNMATCHED, status, elapsed / 1e9, error_type)
            self._counts.ended()

    def _note_failure(self, told: dict[str, Any], error: BaseException) -> tuple[str, int]:
        kind = type(error)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        told["error.type"] = name
        if isinstance(error, Exception):
            self.span.fail(error)
            return name, self.status or 500
        # Cancelled: the client left or the server ends. That is nobody's error.
        return "", self.status or 499


def describe(
    scheme: str, path: str, query: str, version: str, host: str | None, client: str | None, agent: str | None
) -> dict[str, Any]:
    """Give a server span's attributes in OpenTelemetry's names."""
    told: dict[str, Any] = {
        "url.scheme": scheme,
        "url.path": path if len(path) <= _LONGEST_TEXT else path[:_LONGEST_TEXT],
        "network.protocol.version": version,
    }
    if query:
        told["url.query"] = clean_query(query)
    if host:
        name, colon, port = host.rpartition(":")
        if colon and port.isdecimal() and len(port) <= 5:
            told["server.address"], told["server.port"] = name[:255], int(port)
        else:
            told["server.address"] = host[:255]
    if client:
        told["client.address"] = client
    if agent:
        told["user_agent.original"] = agent if len(agent) <= _LONGEST_TEXT else agent[:_LONGEST_TEXT]
    return told


def clean_query(query: str) -> str:
    """Take the values of secret parameters out of a query string, and bound its length."""
    query = query[:_LONGEST_TEXT]
    is_secret = redact.redactor.is_secret
    parts = query.split("&")
    for at, part in enumerate(parts):
        name, equals, _ = part.partition("=")
        if equals and is_secret(unquote_plus(name)):
            parts[at] = f"{name}={redact.REDACTED}"
    return "&".join(parts)
