"""Transactions and spans of Sentry as rows of ``otel_traces``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.wire.reading import hex_id, listed, mapping, string, time_ns
from sightline.wire.sentry.events import paired, resource, shared

if TYPE_CHECKING:
    from sightline.wire.redact import Redactor
    from sightline.wire.sentry.rows import Collected

MOST_SPANS: Final = 20_000
"""Spans of one transaction; SDKs stop at a thousand."""

_MOST_DATA: Final = 200
_LONGEST_VALUE: Final = 64 * 1024

_KINDS: Final = (
    ("http.server", "Server"), ("websocket.server", "Server"), ("rpc.server", "Server"), ("http.client", "Client"),
    ("rpc.client", "Client"), ("db", "Client"), ("cache", "Client"), ("queue.publish", "Producer"),
    ("queue.submit", "Producer"), ("queue.process", "Consumer"), ("queue.task", "Consumer"),
)  # fmt: skip
"""What an operation begins with, and the kind of span that it is."""

_FINE: Final = frozenset({"", "ok", "unset", "unknown", "cancelled"})
_CALLERS_FAULT: Final = frozenset(
    {
        "not_found", "invalid_argument", "unauthenticated", "permission_denied", "already_exists", "out_of_range",
        "failed_precondition", "resource_exhausted",
    }
)  # fmt: skip
"""Statuses that are no error of a server, as OpenTelemetry sees it."""


def add_transaction(rows: Collected, event: dict[str, Any], redactor: Redactor) -> None:
    """Add a transaction: a span of its own, and its spans."""
    clean = redactor.clean(paired(event))
    raw = mapping(mapping(event.get("contexts")).get("trace"))
    trace = hex_id(raw.get("trace_id"), 32)
    if not trace or not hex_id(raw.get("span_id"), 16):
        rows.reject("a transaction without ids")
        return
    about = shared(clean)
    about.pop("sentry.breadcrumbs", None)
    for name, value in list(mapping(clean.get("measurements")).items())[:_MOST_DATA]:
        about[f"sentry.measurement.{name[:100]}"] = mapping(value).get("value")
    told = mapping(mapping(clean.get("contexts")).get("trace"))
    named = {**told, "description": clean.get("transaction") or told.get("op") or "transaction"}
    times = {"start_timestamp": event.get("start_timestamp"), "timestamp": event.get("timestamp")}
    _add(rows, resource(rows, clean), {**raw, **times}, named, about)
    spans = event.get("spans")
    offered = len(spans) if isinstance(spans, list) else 0
    if offered > MOST_SPANS:
        rows.reject(f"more than {MOST_SPANS:,} spans of a transaction", offered - MOST_SPANS)
    for one, described in zip(listed(spans, MOST_SPANS), listed(clean.get("spans"), MOST_SPANS), strict=False):
        span = mapping(one)
        if hex_id(span.get("span_id"), 16):
            _add(rows, resource(rows, clean), {"trace_id": trace, **span}, mapping(described), {})
        else:
            rows.reject("a span without ids")


def add_spans(rows: Collected, content: Any, redactor: Redactor) -> None:
    """Add spans that come by themselves, each as soon as it ended (``span`` items, version 2)."""
    body = mapping(content)
    for one in listed(body.get("items"), MOST_SPANS) if "items" in body else [body]:
        span = mapping(one)
        if not hex_id(span.get("trace_id"), 32) or not hex_id(span.get("span_id"), 16):
            rows.reject("a span without ids")
            continue
        clean = redactor.clean(span)
        data = values(clean.get("attributes"))
        told = {**clean, "data": data, "description": clean.get("name") or clean.get("description")}
        told["op"] = data.pop("sentry.op", None) or clean.get("op")
        told["status"] = _v2_status(clean.get("status"))
        sent_by = rows.sender.resource(
            data.pop("sentry.release", ""), data.pop("sentry.environment", ""), data.get("server.address")
        )
        times = {"timestamp": span.get("end_timestamp") or span.get("timestamp")}
        _add(rows, sent_by, {**span, **times}, told, {})


def values(attributes: Any) -> dict[str, Any]:
    """Give attributes, which may each be an object of value, type and unit, as values."""
    found = list(mapping(attributes).items())[:_MOST_DATA]
    return {
        name[:200]: value["value"] if isinstance(value, dict) and "value" in value else value for name, value in found
    }


def _v2_status(status: Any) -> Any:
    return "internal_error" if status == "error" else status


def _add(
    rows: Collected, sent_by: dict[str, str], raw: dict[str, Any], told: dict[str, Any], about: dict[str, Any]
) -> None:
    start = time_ns(raw.get("start_timestamp"), rows.received_ns)
    end = max(start, time_ns(raw.get("timestamp"), start))
    operation, status = string(told.get("op"), 200), string(told.get("status"), 100)
    kind = next((kind for begin, kind in _KINDS if operation.startswith(begin)), "Internal")
    fine = status in _FINE or (kind == "Server" and status in _CALLERS_FAULT)
    data = {name[:200]: value for name, value in list(mapping(told.get("data")).items())[:_MOST_DATA]}
    tags = {name[:200]: value for name, value in list(mapping(told.get("tags")).items())[:_MOST_DATA]}
    said = {"sentry.op": operation, "sentry.origin": string(told.get("origin"), 200), "sentry.status": status}
    attributes = {**about, **tags, **data, **{name: value for name, value in said.items() if value}}
    rows.add(
        "otel_traces",
        sent_by,
        start,
        TraceId=hex_id(raw.get("trace_id"), 32),
        SpanId=hex_id(raw.get("span_id"), 16),
        ParentSpanId=hex_id(raw.get("parent_span_id"), 16),
        SpanName=string(told.get("description"), 4096) or operation or "span",
        SpanKind=kind,
        ScopeName=said["sentry.origin"] or "sentry",
        SpanAttributes={name: string(value, _LONGEST_VALUE) for name, value in attributes.items()},
        Duration=end - start,
        StatusCode="Ok" if status == "ok" else "Unset" if fine else "Error",
        StatusMessage="" if fine else status,
    )
