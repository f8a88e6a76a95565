"""One event: something that happened in the business, to be counted and put in funnels."""

from __future__ import annotations

from typing import Any

import msgspec


class EventRecord(msgspec.Struct, tag_field="kind", tag="event", omit_defaults=True):
    """
    One event, in the order of its line.

    Attributes:
        time: nanoseconds since the epoch.
        instance: the process that recorded it, 16 hex digits.
        trace: 32 hex digits, empty outside a trace.
        span: 16 hex digits, empty outside a span.
        name: such as ``balance_topped_up``.
        attributes: the context's fields, such as ``user_id``.
        data: what the event carries.
    """

    time: int
    instance: str
    trace: str = ""
    span: str = ""
    name: str = ""
    attributes: dict[str, Any] | None = None
    data: dict[str, Any] | None = None
