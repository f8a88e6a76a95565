"""Python's log records as lines of JSON; docs/formats/json-log.md says every field."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Final

from sightline.sdk import redact
from sightline.sdk.capture import fields_of, message_of
from sightline.sdk.context import current, span_of
from sightline.sdk.tracing import Span, exception_attributes
from sightline.wire.lines import describe, encode_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

OURS: Final = frozenset({
    "timestamp", "level", "logger", "message", "module", "function", "line", "thread", "process", "trace_id",
    "span_id", "application", "hostname", "environment", "exception", "stack",
})  # fmt: skip
"""Names that the line has by itself. A field of the call of such a name stands as ``extra.<name>``."""


def utc(created: float) -> str:
    """Write seconds since the epoch as ISO 8601 in UTC, with milliseconds and ``Z``."""
    second, millisecond = divmod(int(created * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(second))}.{millisecond:03d}Z"


def current_ids() -> tuple[str, str]:
    """Give the ids of the current trace and span, of whichever tracer; two empty texts outside all spans."""
    around = span_of(current.get())
    if around is None:
        return "", ""
    if isinstance(around, Span):
        return around.trace_id, around.span_id
    ids = around.get_span_context()
    return (f"{ids.trace_id:032x}", f"{ids.span_id:016x}") if ids.is_valid else ("", "")


class JSONFormatter(logging.Formatter):
    """
    Formats each record as one object of JSON on one line, with secrets taken out.

    It needs nothing else of Sightline: name it in ``logging.config.dictConfig`` as
    ``{"()": "sightline.logging.JSONFormatter"}``. It never raises, whatever is logged.
    """

    def __init__(
        self,
        *,
        application: str | None = None,
        hostname: str | None = None,
        environment: str | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """
        Make a formatter.

        Args:
            application: put on every line where it is given, as the next two are; what ELK's dashboards group by.
            hostname: of the machine.
            environment: such as ``production``.
            fields: more that stands on every line.
        """
        super().__init__()
        known = {"application": application, "hostname": hostname, "environment": environment}
        self._always = {name: value for name, value in known.items() if value} | dict(fields or {})

    def format(self, record: logging.LogRecord) -> str:
        """Give the line, without its newline."""
        try:
            told = self._known(record)
            told.update(_fields(record))
            exception = _exception(record)
        except Exception as error:
            # A record that somebody built by hand, or fields that change while they are read.
            told = {
                "timestamp": utc(time.time()), "level": "ERROR", "logger": "sightline.logging",
                "message": f"A log could not be formatted: {describe(error)}",
            }  # fmt: skip
            exception = None
        if exception is not None:
            told["exception"] = exception
        if record.stack_info:
            told["stack"] = redact.redactor.text(describe(record.stack_info))
        return encode_fields(told).decode()

    def _known(self, record: logging.LogRecord) -> dict[str, Any]:
        told: dict[str, Any] = {
            "timestamp": utc(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": redact.redactor.text(message_of(record)),
            "module": record.module,
            "function": record.funcName,
            "line": record.lineno,
            "thread": record.thread,
            "process": record.process,
        }
        trace_id, span_id = current_ids()
        if trace_id:
            told["trace_id"], told["span_id"] = trace_id, span_id
        told.update(self._always)
        return told


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    told = redact.redactor.clean(fields_of(record))
    if OURS.isdisjoint(told):
        return told
    return {f"extra.{name}" if name in OURS else name: value for name, value in told.items()}


def _exception(record: logging.LogRecord) -> dict[str, str] | None:
    text = redact.redactor.text
    if record.exc_info and record.exc_info[1] is not None:
        told = exception_attributes(record.exc_info[1])
        return {
            "type": told["exception.type"],
            "message": text(told["exception.message"]),
            "traceback": text(told["exception.stacktrace"]),
        }
    return {"type": "", "message": "", "traceback": text(record.exc_text)} if record.exc_text else None
