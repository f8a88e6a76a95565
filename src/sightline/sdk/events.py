"""Business events."""

from __future__ import annotations

from time import time_ns
from typing import Any

from sightline.model.event import EventRecord
from sightline.sdk import guard, redact
from sightline.sdk.context import current_span, fields
from sightline.sdk.recorder import recorder
from sightline.sdk.tracing import Span
from sightline.wire.lines import encode


def event(name: str, /, **data: Any) -> None:
    """
    Record that something happened: ``event("balance_topped_up", amount=20, currency="EUR")``.

    It carries the context's fields and the ids of the current span. Secrets are taken out by their names.

    Args:
        name: what happened, of low cardinality.
        data: what belongs to it.
    """
    if not recorder.enabled:
        return
    try:
        record = EventRecord(time_ns(), recorder.instance, name=name, attributes=fields.get())
        if data:
            record.data = redact.clean(data)
        around = current_span()
        if isinstance(around, Span):
            record.trace, record.span = around.trace_id, around.span_id
        elif around is not None and (ids := around.get_span_context()).is_valid:
            record.trace, record.span = f"{ids.trace_id:032x}", f"{ids.span_id:016x}"
        recorder.append(encode(record))
    except Exception as error:
        guard.failed("event", error)
