"""One span: a timed operation within a trace."""

from __future__ import annotations

from typing import Any

import msgspec

UNSET = "Unset"
OK = "Ok"
ERROR = "Error"

INTERNAL = "Internal"
SERVER = "Server"
CLIENT = "Client"
PRODUCER = "Producer"
CONSUMER = "Consumer"


class SpanEvent(msgspec.Struct, omit_defaults=True):
    """Something that happened within a span. *time* is nanoseconds since the epoch."""

    time: int
    name: str
    attributes: dict[str, Any] | None = None


class SpanLink(msgspec.Struct, omit_defaults=True):
    """A span of this or another trace that this span has to do with; ids are lower-case hex."""

    trace: str
    span: str
    state: str = ""
    attributes: dict[str, Any] | None = None


class SpanRecord(msgspec.Struct, tag_field="kind", tag="span", omit_defaults=True):
    """
    One span, in the order of its line.

    Attributes:
        time: its start, nanoseconds since the epoch.
        instance: the process that recorded it, 16 hex digits.
        trace: 32 hex digits.
        span: 16 hex digits.
        parent: 16 hex digits, empty for the root of a trace.
        name: what was done, of low cardinality.
        span_kind: ``Internal``, which lines leave out, ``Server``, ``Client``, ``Producer`` or ``Consumer``.
        duration: nanoseconds.
        status: ``Unset``, which lines leave out, ``Ok`` or ``Error``.
        status_message: why, where it is ``Error``.
        scope: the library that recorded it, and ``scope_version``.
        trace_state: W3C ``tracestate``.
        attributes: what is known of it.
        events: what happened within it.
        links: other spans that it has to do with.
    """

    time: int
    instance: str
    trace: str
    span: str
    parent: str = ""
    name: str = ""
    span_kind: str = INTERNAL
    duration: int = 0
    status: str = UNSET
    status_message: str = ""
    scope: str = ""
    scope_version: str = ""
    trace_state: str = ""
    attributes: dict[str, Any] | None = None
    events: list[SpanEvent] | None = None
    links: list[SpanLink] | None = None
