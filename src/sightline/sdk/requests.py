"""One HTTP request as its server sees it: span, ids, headers and metrics, shared by all integrations."""

from __future__ import annotations

import re
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from sightline.model.redacted import REDACTED
from sightline.model.span import ERROR, SERVER
from sightline.sdk import redact, tracing
from sightline.sdk.context import current, fields, span_of
from sightline.sdk.request_log import request_log

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sightline.sdk.request_metrics import RequestMetrics

METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "QUERY"})
"""Methods that are told apart. A client that invents others must not make series without end."""

OTHER_METHOD: Final = "_OTHER"

UNMATCHED: Final = "unmatched"
"""The endpoint of requests that no route takes. Their paths are anybody's, and would make series without end."""

SENT_HEADERS: Final = ("x-request-id", "x-correlation-id", "x-response-time")

LONGEST_TEXT: Final = 2048
"""Characters kept of a path, a query string or a user agent."""

_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:@/+=-]{0,127}")
"""An id that is taken over from a caller: bounded, and harmless in logs and headers."""

_get_current = current.get
_set_current = current.set
_fields_of = fields.get
_set_fields = fields.set


class Exchange:
    """
    One request and its response.

    Attributes:
        span: the server's span. It is written by ``finish``.
        request_id: the caller's, or the trace's id.
        correlation_id: the caller's, or the request's id.
        status: of the response; 0 until it is known.
        response_size: bytes of the response's body that were sent.
        ended: whether it is finished.
    """

    __slots__ = (
        "_around", "_bound", "_clock", "_counts", "_failure", "_method", "correlation_id", "ended",
        "request_id", "response_size", "span", "status",
    )  # fmt: skip

    def __init__(
        self,
        counts: RequestMetrics | None,
        method: str,
        attributes: dict[str, Any],
        traceparent: str | None,
        tracestate: str | None,
        request_id: str | None,
        correlation_id: str | None,
    ) -> None:
        """
        Begin: the span is current and the request's id is bound, until ``leave``.

        Args:
            counts: where it is counted; None where it is not.
            method: as the client sent it.
            attributes: of the span.
            traceparent: the header of that name, as the client sent it, like those that follow.
            tracestate: likewise.
            request_id: likewise. The trace's id takes its place where it is absent or not fit to be taken over.
            correlation_id: likewise. The request's id takes its place.
        """
        self._clock = perf_counter_ns()
        if method not in METHODS:
            attributes["http.request.method_original"] = method[:32]
            method = OTHER_METHOD
        attributes["http.request.method"] = method
        self._counts = counts
        self._method = method
        self._failure: BaseException | None = None
        self.status = self.response_size = 0
        self.ended = False
        self._bound = bound = _fields_of()
        self._around = around = _get_current()
        self.span = span = tracing.Span(method, SERVER, attributes)
        above = tracing.remote_parent(traceparent, tracestate) if traceparent else None
        span.begin(span_of(around) if above is None else above)
        if request_id is None or _ID.fullmatch(request_id) is None:
            request_id = span.trace_id
            redact.redactor.trust(request_id)
        self.request_id = self.correlation_id = request_id
        if correlation_id is not None and _ID.fullmatch(correlation_id) is not None:
            self.correlation_id = correlation_id
        span.attributes["request_id"] = request_id  # type: ignore[index]
        _set_fields({**bound, "request_id": request_id} if bound else {"request_id": request_id})
        span.within(around)
        if counts is not None:
            counts.began()

    def leave(self) -> None:
        """Let span and fields be as they were before the request began."""
        _set_current(self._around)
        _set_fields(self._bound)

    def fail(self, error: BaseException) -> None:
        """
        Note the exception that ended the request, and record it.

        It is recorded at once: what the framework or the server then logs of it by itself says no more than which
        error it was.
        """
        if error is self._failure:
            return
        self._failure = error
        if isinstance(error, Exception):
            self._track(error)

    def headers(self) -> Iterable[tuple[str, str]]:
        """Give the request's headers, for its log."""
        return ()

    def body(self) -> tuple[bytes, int, str] | None:
        """Give the beginning of the request's body, its length so far and its type; None where it is not kept."""
        return None

    def elapsed_ms(self) -> float:
        """Tell how long it has taken so far."""
        return (perf_counter_ns() - self._clock) / 1e6

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
            if "session_id" in bound and self._counts is not None and self._counts.seen_session is not None:
                self._counts.seen_session(self._counts.namespace, str(bound["session_id"]))
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
            told["http.response.body.size"] = self.response_size
        span.attributes = told
        seconds = elapsed / 1e9
        seen = (span.trace_id, span.span_id, seconds) if span.recording else None
        span.end()
        if self._counts is not None:
            sizes = (told.get("http.request.body.size", 0), self.response_size)
            self._counts.ended(method, route or UNMATCHED, status, seconds, error_type, seen, sizes)
            request_log.complete(self, status, elapsed, self._failure)

    def _note_failure(self, told: dict[str, Any], error: BaseException) -> tuple[str, int]:
        kind = type(error)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        told["error.type"] = name
        if isinstance(error, Exception):
            self.span.fail(error)
            return name, self.status or 500
        # Cancelled: the client left or the server ends. That is nobody's error.
        return "", self.status or 499

    def _track(self, error: Exception) -> None:
        # Imported by the first failure: an application without one is spared it.
        from sightline.sdk import errors

        before = _get_current()
        _set_current(self.span)
        try:
            errors.unhandled(error, "request", {"http.request.method": self._method})
        finally:
            _set_current(before)


def server_of(host: str) -> dict[str, Any]:
    """Take a ``Host`` header apart: the attributes of address and port."""
    name, colon, port = host.rpartition(":")
    if colon and port.isdecimal() and len(port) <= 5:
        return {"server.address": name[:255], "server.port": int(port)}
    return {"server.address": host[:255]}


def clean_query(query: str) -> str:
    """Take the values of secret parameters out of a query string, and bound its length."""
    query = query[:LONGEST_TEXT]
    is_secret = redact.redactor.is_secret
    parts = query.split("&")
    for at, part in enumerate(parts):
        name, equals, _ = part.partition("=")
        if equals and is_secret(unquote_plus(name)):
            parts[at] = f"{name}={REDACTED}"
    return "&".join(parts)
