"""Business events, and the audit log of those that matter most."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import time_ns
from typing import Any, Final

from sightline.model.event import EventRecord
from sightline.model.event_type import AUDITED
from sightline.sdk import guard, redact
from sightline.sdk.context import current_span, fields
from sightline.sdk.logging import caller, levels, tell
from sightline.sdk.recorder import recorder
from sightline.sdk.tracing import Span
from sightline.wire.lines import encode

AUDIT_LOGGER: Final = "audit"
"""Name of the logger that audited events go to; with ``setup_logging``, it has a file of its own."""

_WHO: Final = ("user_id", "session_id", "request_id")
"""Fields by which an event is joined to others. They stand with the context's, wherever they were given."""

audited: Final[set[str]] = set(AUDITED)
"""Names of the events that go into the audit log as well. Add your own: ``audited.add("refund_granted")``."""


@dataclass(frozen=True, slots=True)
class BusinessEvent:
    """
    One event, put together before it is logged.

    Attributes:
        event_type: an ``EventType``, or a name of your own.
        user_id: who did it.
        entity_id: what it was done to.
        entity_type: what kind of thing that is.
        data: what belongs to it.
        timestamp: when it happened, in UTC where it has no time zone; now by default.
        request_id: of the request in which it happened; the current one's by default.
    """

    event_type: str
    user_id: str | int | None = None
    entity_id: str | int | None = None
    entity_type: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    timestamp: datetime | None = None
    request_id: str | None = None


def event(name: str, /, **data: Any) -> None:
    """
    Record that something happened: ``event("balance_topped_up", amount=20, currency="EUR")``.

    It carries the context's fields and the ids of the current span. Secrets are taken out. ``user_id``, ``session_id``
    and ``request_id`` say whose event it is. An audited one is logged by the logger ``audit``, too.

    Args:
        name: what happened, of low cardinality; an ``EventType``, or a name of your own.
        data: what belongs to it.
    """
    if not recorder.enabled and levels.show is None:
        return
    record(name, data, 0, 1)


def log_business_event(event: BusinessEvent | str, /, **parts: Any) -> None:
    """
    Record a business event: a ``BusinessEvent``, or its type and the other parts of one by name.

    ``log_business_event(EventType.USER_LOGIN, user_id="u1", data={"method": "password"})``

    Raises:
        TypeError: if *parts* has a name that is none of ``BusinessEvent``'s.
    """
    told = event if isinstance(event, BusinessEvent) else BusinessEvent(event_type=event, **parts)
    data = {
        **told.data,
        **_given(
            user_id=told.user_id, request_id=told.request_id, entity_id=told.entity_id, entity_type=told.entity_type
        ),
    }
    record(told.event_type, data, _nanoseconds(told.timestamp), 1)


def record(name: str, data: dict[str, Any], time: int, depth: int) -> None:
    """
    Record an event, and log it where it is audited; never raises.

    Args:
        name: what happened.
        data: what belongs to it.
        time: nanoseconds since the epoch; 0 for now.
        depth: calls between the user's code and this one.
    """
    try:
        name, time = str(name), time or time_ns()
        bound = fields.get()
        if recorder.enabled:
            _write(name, data, time, bound)
        if name in audited:
            told = {**(bound or {}), "event_type": name, **data}
            tell(AUDIT_LOGGER, 9, "INFO", name, told, caller(depth), always=True, time=time)
    except Exception as error:
        guard.failed("event", error)


def _write(name: str, data: dict[str, Any], time: int, bound: dict[str, Any] | None) -> None:
    who: dict[str, Any] = {key: data[key] for key in _WHO if key in data}
    if who:
        data = {key: value for key, value in data.items() if key not in who}
        bound = {**(bound or {}), **who}
    line = EventRecord(time, recorder.instance, name=name, attributes=redact.clean(bound) if bound else bound)
    if data:
        line.data = redact.clean(data)
    around = current_span()
    if isinstance(around, Span):
        line.trace, line.span = around.trace_id, around.span_id
    elif around is not None and (ids := around.get_span_context()).is_valid:
        line.trace, line.span = f"{ids.trace_id:032x}", f"{ids.span_id:016x}"
    recorder.append(encode(line))


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _nanoseconds(moment: datetime | None) -> int:
    if moment is None:
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1e6) * 1000
