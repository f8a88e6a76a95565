"""Sessions, check-ins of monitors, feedback and reports of SDKs, as rows of ``events``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.wire.reading import hex_id, listed, mapping, string, time_ns

if TYPE_CHECKING:
    from sightline.wire.redact import Redactor
    from sightline.wire.sentry.rows import Collected

_MOST: Final = 1000
"""Buckets of sessions, or reasons of a report, in one item."""

_COUNTS: Final = ("exited", "errored", "abnormal", "crashed", "unhandled")


def add_session(rows: Collected, content: Any, redactor: Redactor) -> None:
    """Add one update of a session."""
    session = mapping(content)
    clean = redactor.clean(session)
    kept = ("sid", "did", "status", "init", "seq", "errors", "duration", "started")
    data = {name: clean[name] for name in kept if clean.get(name) is not None}
    _add(rows, "sentry.session", session.get("timestamp"), mapping(clean.get("attrs")), data)


def add_sessions(rows: Collected, content: Any, redactor: Redactor) -> None:
    """Add sessions that the SDK counted: one row for each time and user."""
    attributes = redactor.clean(mapping(mapping(content).get("attrs")))
    for one in listed(mapping(content).get("aggregates"), _MOST):
        bucket = redactor.clean(mapping(one))
        data = {name: bucket[name] for name in ("started", "did", *_COUNTS) if bucket.get(name) is not None}
        _add(rows, "sentry.sessions", bucket.get("started"), attributes, data)


def add_check_in(rows: Collected, content: Any, redactor: Redactor) -> None:
    """Add a sign of life of a scheduled job."""
    check_in = mapping(content)
    clean = redactor.clean(check_in)
    kept = ("monitor_slug", "status", "duration", "monitor_config")
    data = {name: clean[name] for name in kept if clean.get(name) is not None}
    data["check_in_id"] = hex_id(check_in.get("check_in_id"), 32)
    _add(rows, "sentry.check_in", None, clean, data, mapping(check_in.get("contexts")))


def add_report(rows: Collected, content: Any, redactor: Redactor) -> None:
    """Add what an SDK says it dropped, with the reason."""
    report = mapping(content)
    data = {
        f"{string(entry.get('category'), 50)}.{string(entry.get('reason'), 50)}": entry.get("quantity")
        for entry in map(mapping, listed(report.get("discarded_events"), _MOST))
    }
    if data:
        _add(rows, "sentry.client_report", report.get("timestamp"), {}, redactor.clean(data))


def add_feedback(rows: Collected, content: Any, redactor: Redactor) -> None:
    """Add what a user wrote about an error, of either form that there is."""
    clean = redactor.clean(mapping(content))
    told = mapping(mapping(clean.get("contexts")).get("feedback")) or clean
    data = {
        "message": string(told.get("message") or told.get("comments"), 8 * 1024),
        "name": string(told.get("name")),
        "email": string(told.get("contact_email") or told.get("email")),
        "event_id": string(told.get("associated_event_id") or told.get("event_id"), 64),
        "url": string(told.get("url")),
    }
    given = {name: value for name, value in data.items() if value}
    _add(rows, "sentry.feedback", clean.get("timestamp"), clean, given, mapping(clean.get("contexts")))


def _add(
    rows: Collected,
    name: str,
    moment: Any,
    attributes: dict[str, Any],
    data: dict[str, Any],
    contexts: dict[str, Any] | None = None,
) -> None:
    trace = mapping((contexts or {}).get("trace"))
    rows.add(
        "events",
        rows.sender.resource(attributes.get("release"), attributes.get("environment")),
        time_ns(moment, rows.received_ns),
        EventName=name,
        TraceId=hex_id(trace.get("trace_id"), 32),
        SpanId=hex_id(trace.get("span_id"), 16),
        UserId=string(data.get("did")),
        SessionId=string(data.get("sid"), 100),
        Data={key: string(value, 8 * 1024) for key, value in data.items()},
        Attributes={"user_agent.original": string(attributes["user_agent"])} if attributes.get("user_agent") else {},
    )
