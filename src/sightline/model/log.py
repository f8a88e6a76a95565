"""One log record."""

from __future__ import annotations

from typing import Any

import msgspec


class LogRecord(msgspec.Struct, tag_field="kind", tag="log", omit_defaults=True):
    """
    One log record, in the order of its line.

    Attributes:
        time: nanoseconds since the epoch.
        instance: the process that recorded it, 16 hex digits.
        trace: 32 hex digits, empty outside a trace.
        span: 16 hex digits, empty outside a span.
        severity: OpenTelemetry's number, 1 to 24.
        level: the level's name.
        logger: the logger's name.
        body: the message.
        attributes: fields of the call and of the context, and ``exception.*``, ``code.*``, ``thread.name``.
    """

    time: int
    instance: str
    trace: str = ""
    span: str = ""
    severity: int = 0
    level: str = ""
    logger: str = ""
    body: str = ""
    attributes: dict[str, Any] | None = None
