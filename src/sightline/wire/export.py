"""Our records as OTLP's JSON encoding; docs/formats/otlp.md says what becomes of what. No protobuf is needed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.base.errors import DecodeError
from sightline.model.event import EventRecord
from sightline.model.log import LogRecord
from sightline.model.metric import MetricRecord
from sightline.model.span import SpanRecord
from sightline.wire.export_metrics import metrics
from sightline.wire.export_values import attributes
from sightline.wire.lines import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sightline.model.span import SpanEvent, SpanLink
    from sightline.wire.lines import Record

SIGNALS: Final = ("traces", "logs", "metrics")

_KINDS: Final = {"Internal": 1, "Server": 2, "Client": 3, "Producer": 4, "Consumer": 5}
_STATUSES: Final = {"Ok": 1, "Error": 2}

_WHOLE: Final = re.compile(r"\d{1,18}")

_encode: Final = msgspec.json.Encoder().encode


class Export:
    """
    Collects records of many processes, and makes one request for each signal.

    Attributes:
        unread: lines that are no records, and records that OTLP has no signal for.
        skipped: points and records that were left out, as OTLP cannot say what is in them.
    """

    def __init__(self) -> None:
        self.unread = self.skipped = 0
        self._traces: list[dict[str, Any]] = []
        self._logs: list[dict[str, Any]] = []
        self._metrics: list[dict[str, Any]] = []

    def add(self, resource: Mapping[str, str], lines: bytes) -> None:
        """Add the records of *lines*, which have *resource* in common."""
        found = _Process()
        for line in lines.splitlines():
            try:
                found.add(decode(line))
            except DecodeError:
                self.unread += 1
            except Exception:
                # Whatever it is, the same line would do the same again, and those behind it have to go on.
                self.skipped += 1
        self.unread += found.without_signal
        self.skipped += found.skipped
        told = {"attributes": attributes(_typed(resource))}
        if found.spans:
            self._traces.append({"resource": told, "scopeSpans": _scopes(found.spans, "spans")})
        if found.logs:
            self._logs.append({"resource": told, "scopeLogs": _scopes(found.logs, "logRecords")})
        if found.families:
            self._metrics.append({"resource": told, "scopeMetrics": [{"scope": {}, "metrics": found.families}]})

    def body(self, signal: str) -> bytes:
        """Give the body for ``/v1/{signal}``, empty where there is nothing to send."""
        found = {"traces": self._traces, "logs": self._logs, "metrics": self._metrics}[signal]
        if not found:
            return b""
        return _encode(
            {{"traces": "resourceSpans", "logs": "resourceLogs", "metrics": "resourceMetrics"}[signal]: found}
        )


class _Process:
    """What one process recorded, by signal and scope."""

    def __init__(self) -> None:
        self.spans: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.logs: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.families: list[dict[str, Any]] = []
        self.without_signal = self.skipped = 0

    def add(self, record: Record) -> None:
        """Add one record."""
        if isinstance(record, SpanRecord):
            span = _span(record)
            self.spans.setdefault((record.scope, record.scope_version), []).append(span)
        elif isinstance(record, LogRecord):
            log = _log(record)
            self.logs.setdefault((record.logger, ""), []).append(log)
        elif isinstance(record, EventRecord):
            event = _event(record)
            self.logs.setdefault(("", ""), []).append(event)
        elif isinstance(record, MetricRecord):
            families, skipped = metrics(record)
            self.families += families
            self.skipped += skipped
        else:
            self.without_signal += 1


def _typed(resource: Mapping[str, str]) -> dict[str, Any]:
    """Make a number of the one attribute that OpenTelemetry has as such; segments have texts only."""
    pid = resource.get("process.pid", "")
    return {**resource, "process.pid": int(pid)} if _WHOLE.fullmatch(pid) else dict(resource)


def _scopes(found: dict[tuple[str, str], list[dict[str, Any]]], key: str) -> list[dict[str, Any]]:
    return [{"scope": _some(name=name, version=version), key: records} for (name, version), records in found.items()]


def _some(**fields: Any) -> dict[str, Any]:
    """Leave out what is empty, as the encoding has it."""
    return {name: value for name, value in fields.items() if value}


def _span(record: SpanRecord) -> dict[str, Any]:
    return {
        "traceId": record.trace,
        "spanId": record.span,
        "name": record.name,
        "kind": _KINDS.get(record.span_kind, 0),
        "startTimeUnixNano": str(record.time),
        "endTimeUnixNano": str(record.time + record.duration),
        **_some(
            parentSpanId=record.parent,
            traceState=record.trace_state,
            attributes=attributes(record.attributes),
            events=[_span_event(event) for event in record.events or ()],
            links=[_link(link) for link in record.links or ()],
            status=_some(code=_STATUSES.get(record.status, 0), message=record.status_message),
        ),
    }


def _span_event(event: SpanEvent) -> dict[str, Any]:
    return {"timeUnixNano": str(event.time), "name": event.name, **_some(attributes=attributes(event.attributes))}


def _link(link: SpanLink) -> dict[str, Any]:
    told = _some(traceState=link.state, attributes=attributes(link.attributes))
    return {"traceId": link.trace, "spanId": link.span, **told}


def _log(record: LogRecord) -> dict[str, Any]:
    return {
        "timeUnixNano": str(record.time),
        "observedTimeUnixNano": str(record.time),
        "body": {"stringValue": record.body},
        **_some(
            severityNumber=record.severity,
            severityText=record.level,
            traceId=record.trace,
            spanId=record.span,
            attributes=attributes(record.attributes),
        ),
    }


def _event(record: EventRecord) -> dict[str, Any]:
    """An event is a log record with a name; what it carries and its context are its attributes."""
    return {
        "timeUnixNano": str(record.time),
        "observedTimeUnixNano": str(record.time),
        "severityNumber": 9,
        "eventName": record.name,
        "body": {"stringValue": record.name},
        **_some(
            traceId=record.trace,
            spanId=record.span,
            attributes=attributes({**(record.attributes or {}), **(record.data or {})}),
        ),
    }


def rejected(answer: bytes) -> tuple[int, str]:
    """Read how many records a receiver took no notice of, and why, from its answer in JSON; 0 where it does not say."""
    try:
        told = msgspec.json.decode(answer, type=dict[str, Any]).get("partialSuccess") or {}
        count = sum(int(told.get(f"rejected{kind}", 0)) for kind in ("Spans", "LogRecords", "DataPoints"))
        return count, str(told.get("errorMessage", ""))
    except (msgspec.MsgspecError, ValueError, TypeError, AttributeError, UnicodeDecodeError):
        return 0, ""


def add_all(parts: Iterable[tuple[Mapping[str, str], bytes]]) -> Export:
    """Collect the records of several processes."""
    export = Export()
    for resource, lines in parts:
        export.add(resource, lines)
    return export
