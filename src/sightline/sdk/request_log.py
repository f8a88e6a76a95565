"""Logs of requests: ``HTTP_REQUEST_START``, ``HTTP_REQUEST_COMPLETE`` and ``HTTP_REQUEST_ERROR``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode

from sightline.sdk import guard, redact
from sightline.sdk.context import current
from sightline.sdk.logging import DEBUG, ERROR, INFO, WARNING, levels, lowest, tell
from sightline.sdk.recorder import recorder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sightline.sdk.requests import Exchange

LOGGER: Final = "sightline.request"
"""Name of the logger of requests."""

_SEVERITIES: Final = {DEBUG: (5, "DEBUG"), INFO: (9, "INFO"), WARNING: (13, "WARNING"), ERROR: (17, "ERROR")}
_LONGEST_HEADER: Final = 1024
_MOST_HEADERS: Final = 64
_MOST_PARAMETERS: Final = 64

_NAMES: Final = (
    ("http.route", "route"), ("http.request.body.size", "content_length"), ("http.response.body.size", "response_size"),
    ("user_id", "user_id"),
)  # fmt: skip
"""Attributes of the request's span and the names under which the log has them."""


class RequestLog:
    """
    Which requests are logged, and how.

    Attributes:
        starts: whether their beginnings are, which is so at level DEBUG.
        body_bytes: bytes of their bodies that are kept for the log; 0 for none.
    """

    def __init__(self) -> None:
        self.starts = False
        self.body_bytes = 0
        self._which = "off"
        self._slow_ns = 0
        self._headers = False

    def apply(self) -> None:
        """Take the settings in force."""
        settings = {name: value.value for name, value in recorder.settings.items()}
        self._which = which = settings["request_log"]
        self._slow_ns = int(settings["slow_request_s"] * 1e9)
        self._headers = settings["request_log_headers"]
        self.body_bytes = settings["request_log_body"] if which != "off" else 0
        self.starts = which in {"all", "auto"}

    def start(self, exchange: Exchange) -> None:
        """Log that a request has come, at level DEBUG."""
        if lowest() > DEBUG or not self._logs_all():
            return
        try:
            told = _described(exchange, exchange.span.attributes or {}, headers=True)
            tell(LOGGER, 5, "DEBUG", "HTTP_REQUEST_START", told, None)
        except Exception as error:
            guard.failed("request log", error)

    def complete(self, exchange: Exchange, status: int, elapsed_ns: int, failure: BaseException | None) -> None:
        """
        Log that a request was answered.

        Args:
            exchange: the request; its span's attributes are complete.
            status: of the response.
            elapsed_ns: how long it took.
            failure: the exception that ended it, where one did.
        """
        failed = isinstance(failure, Exception)
        level = ERROR if failed or status >= 500 else WARNING if status >= 400 else INFO
        slow = elapsed_ns >= self._slow_ns
        if level < lowest() or self._which == "off" or not (level > INFO or slow or self._logs_all()):
            return
        told = _described(exchange, exchange.span.attributes or {}, headers=self._headers or level > INFO)
        told["status_code"] = status
        told["duration_ms"] = round(elapsed_ns / 1e6, 2)
        if slow:
            told["slow"] = True
        if failed:
            told["exc_info"] = failure
        severity, name = _SEVERITIES[level]
        message = "HTTP_REQUEST_ERROR" if failed else "HTTP_REQUEST_COMPLETE"
        before = current.get()
        current.set(exchange.span)
        try:
            tell(LOGGER, severity, name, message, told, None, clean=True)
        finally:
            current.set(before)

    def _logs_all(self) -> bool:
        return self._which == "all" or (self._which == "auto" and levels.show is not None)


def _described(exchange: Exchange, known: dict[str, Any], *, headers: bool) -> dict[str, Any]:
    """Say what is known of a request, without secrets."""
    get, redactor = known.get, redact.redactor
    # What the client chose was searched when the span was written, and is known to hold nothing.
    path, agent = redactor.text(get("url.path", "")), redactor.text(get("user_agent.original", ""))
    port, query = get("server.port"), get("url.query")
    address = f"{get('server.address', '')}:{port}" if port else get("server.address", "")
    told: dict[str, Any] = {
        "request_id": exchange.request_id, "method": get("http.request.method"), "path": path,
        "url": f"{get('url.scheme')}://{address}{path}", "client_ip": get("client.address", ""), "user_agent": agent,
    }  # fmt: skip
    if query:
        told["query_params"] = redactor.clean(dict(parse_qsl(query, keep_blank_values=True)[:_MOST_PARAMETERS]))
        told["url"] += f"?{redactor.text(query)}"
    for attribute, name in _NAMES:
        value = get(attribute)
        if value is not None:
            told[name] = value
    if headers:
        told["headers"] = redactor.clean(_headers(exchange.headers()))
    body = exchange.body()
    if body is not None:
        told["body"] = _body(*body)
    return told


def _headers(given: Iterable[tuple[str, str]]) -> dict[str, str]:
    told: dict[str, str] = {}
    for name, value in given:
        if len(told) >= _MOST_HEADERS:
            break
        told[name.lower()] = value[:_LONGEST_HEADER]
    return told


def _body(data: bytes, length: int, kind: str) -> Any:
    """Say a body's beginning: JSON and forms with the secrets taken out, other text as it is, the rest by its size."""
    kind = kind.partition(";")[0].strip().lower()
    text = data.decode("utf-8", "replace")
    cut = f"… ({length - len(data)} bytes more)" if length > len(data) else ""
    if kind == "application/x-www-form-urlencoded":
        fields = redact.redactor.clean(dict(parse_qsl(text, keep_blank_values=True)))
        return urlencode(fields) + cut
    if kind.endswith("json") and not cut:
        try:
            return redact.redactor.clean({"": json.loads(text)})[""]
        except (ValueError, RecursionError):
            return redact.redactor.text(text)
    if kind.startswith("text/") or kind.endswith(("json", "xml")):
        return redact.redactor.text(text) + cut
    return f"{length} bytes of {kind or 'unknown type'}"


request_log: Final = RequestLog()
"""The request log of this process."""

recorder.on_start(request_log.apply)
