"""Items of type ``log`` as log records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.wire.reading import hex_id, listed, mapping, string, time_ns
from sightline.wire.sentry.spans import values

if TYPE_CHECKING:
    from sightline.wire.redact import Redactor
    from sightline.wire.sentry.rows import Collected

MOST_LOGS: Final = 10_000
"""Records of one item; SDKs send a hundred."""

_KNOWN: Final = ("sentry.severity_number", "sentry.severity_text", "sentry.sdk.name", "sentry.sdk.version")
"""Attributes that repeat what stands in columns."""


def add_logs(rows: Collected, content: Any, redactor: Redactor) -> None:
    """Add the records of one item."""
    for one in listed(mapping(content).get("items"), MOST_LOGS):
        log = mapping(one)
        if not rows.room():
            return
        clean = redactor.clean({**log, "attributes": values(log.get("attributes"))})
        data = clean["attributes"]
        for name in _KNOWN:
            data.pop(name, None)
        sent_by = rows.sender.resource(
            data.pop("sentry.release", ""), data.pop("sentry.environment", ""), data.pop("server.address", "")
        )
        if "user.id" in data:
            data["user_id"] = data.pop("user.id")
        rows.logs.add(
            string(clean.get("body"), 1024 * 1024),
            time_ns=time_ns(log.get("timestamp"), rows.received_ns),
            level=string(log.get("level"), 20) or "info",
            attributes=data,
            resource=sent_by,
            logger=string(data.pop("logger.name", "") or data.get("sentry.origin") or "sentry", 200),
            trace=hex_id(log.get("trace_id"), 32),
            span=hex_id(log.get("span_id") or data.pop("sentry.trace.parent_span_id", ""), 16),
        )
