"""
Reads one log record from a mapping, as loggers and shippers write them: JSON lines, ECS, structlog, zap, pino, GELF….

Fields are known by their names; what is not known becomes an attribute, nested mappings with dotted names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.model import severity
from sightline.wire import times
from sightline.wire.levels import level_of
from sightline.wire.log_rows import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sightline.wire.log_rows import LogRows

MAX_DEPTH: Final = 8
"""Levels of mappings that are taken apart; deeper ones stay together, as JSON."""

MAX_PREFIX: Final = 256
"""Characters of a dotted name that is put in front of others; what is below a longer one stays together, as JSON."""

MAX_FIELDS: Final = 4096
"""Fields looked at in one record; so many hold more than the attributes that are kept."""

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "time": ("@timestamp", "timestamp", "time", "ts", "@t", "datetime", "asctime", "date", "_time"),
    "level": (
        "level", "severity", "log.level", "levelname", "lvl", "severity_text", "severityText", "log_level", "loglevel",
        "detected_level", "@l", "syslog.severity.name", "severity_number", "severityNumber", "levelno", "status",
    ),
    "message": (
        "message", "msg", "body", "_msg", "@m", "log", "text", "short_message", "@message", "log.message", "@mt",
        "event",
    ),
    "logger": ("logger", "logger_name", "log.logger", "logger.name", "loggerName", "name", "scope.name"),
    "trace": ("trace_id", "traceId", "traceID", "trace.id", "traceid", "otelTraceID", "@tr"),
    "span": ("span_id", "spanId", "spanID", "span.id", "spanid", "otelSpanID", "@sp"),
    "event": ("event.name", "event_name"),
    "service": (
        "service.name", "service", "service_name", "serviceName", "application", "app", "app_name", "otelServiceName",
    ),
    "host": ("host.name", "hostname", "host", "host_name"),
    "environment": (
        "deployment.environment.name", "deployment.environment", "environment", "env", "service.environment",
    ),
}  # fmt: skip
"""
Names of each part of a record. Where several are there, the first counts and the others are attributes; one whose value
is an empty text comes after all others.
"""

RESOURCE_GROUPS: Final = frozenset(
    {"service", "host", "agent", "cloud", "container", "k8s", "kubernetes", "orchestrator"}
)
"""First parts of dotted names that describe who sent a record, and not the record."""

RENAMED: Final = {"exception.traceback": "exception.stacktrace", "error.stack_trace": "exception.stacktrace"}
"""What OpenTelemetry has another name for, and pages and issues look for under that."""

_IN_RESOURCE: Final = {"service": "service.name", "host": "host.name", "environment": "deployment.environment.name"}

_BEHIND_ALL: Final = 1000
"""Added to the rank of a name whose value is an empty text."""

_Parts = dict[str, tuple[int, str, Any]]

Roles = dict[str, tuple[str, int]]


def roles(**chosen: str) -> Roles:
    """Say what part each name is of; *chosen* names, such as ``time="created"``, come before all others."""
    found = {
        spelt: (part, rank)
        for part, names in NAMES.items()
        for rank, name in enumerate(names, 1)
        for spelt in {name.upper(), name.capitalize(), name}
    }
    return found | {name: (part, 0) for part, name in chosen.items() if name}


ROLES: Final = roles()
"""What part of a record each name is, and its rank among those of the same part."""


@dataclass(slots=True)
class LogObject:
    """
    One record as it was read: the arguments of :meth:`LogRows.add <sightline.wire.log_rows.LogRows.add>`.

    Attributes:
        body: the message; the whole record as JSON where it has none.
        time_ns: nanoseconds since the epoch; 0 where there is no time that can be read.
        level: the level as it was written, or the name of its number; empty where there is none.
        logger: name of what wrote it.
        trace: trace id in hex, or empty.
        span: span id in hex, or empty.
        event: name of the event.
        attributes: everything else, flat.
        resource: what describes the sender, flat.
    """

    body: str = ""
    time_ns: int = 0
    level: str = ""
    logger: str = ""
    trace: str = ""
    span: str = ""
    event: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    resource: dict[str, Any] = field(default_factory=dict)

    def add_to(self, rows: LogRows) -> None:
        """Add the record to *rows*."""
        rows.add(
            self.body,
            time_ns=self.time_ns,
            level=self.level,
            attributes=self.attributes,
            resource=self.resource,
            logger=self.logger,
            trace=self.trace,
            span=self.span,
            event=self.event,
        )


def read(found: Mapping[Any, Any], known: Roles = ROLES, *, zone: tzinfo | None = UTC) -> LogObject:
    """
    Read a record; never raises, whatever the mapping holds.

    A value that is not what its name says is an attribute; null is no value.

    Args:
        found: the record.
        known: what part each name is of.
        zone: of times that name none; None for this machine's.
    """
    record = LogObject()
    parts: _Parts = {}
    for name, value in flatten(found):
        role = known.get(name)
        if role is None or value is None:
            if value is not None:
                _place(record, name, value)
            continue
        rank = role[1] if value != "" else role[1] + _BEHIND_ALL
        if (held := parts.get(role[0])) is None:
            parts[role[0]] = (rank, name, value)
        elif rank < held[0]:
            parts[role[0]] = (rank, name, value)
            _place(record, held[1], held[2])
        else:
            _place(record, name, value)
    for part, (rank, name, value) in parts.items():
        filled = _fill_level(record, value, name, rank) if part == "level" else _fill(record, part, value, zone)
        if not filled:
            _place(record, name, value)
    if "message" not in parts:
        record.body = text(found)
    return record


def read_line(line: str, *, zone: tzinfo | None = UTC) -> LogObject | None:
    """Read a line that holds one JSON object; None where it does not."""
    if not line.startswith("{"):
        return None
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return read(found, zone=zone) if isinstance(found, dict) else None


def flatten(found: Mapping[Any, Any], prefix: str = "", depth: int = 0) -> Iterable[tuple[str, Any]]:
    """Give names and values of a mapping and of those inside it, with dotted names; at most ``MAX_FIELDS``."""
    given: list[tuple[str, Any]] = []
    _flatten(found, prefix, depth, given)
    return given


def _flatten(found: Mapping[Any, Any], prefix: str, depth: int, given: list[tuple[str, Any]]) -> None:
    for key, value in found.items():
        if len(given) >= MAX_FIELDS:
            return
        name = key if type(key) is str else text(key)
        if prefix:
            name = f"{prefix}.{name}"
        if type(value) is dict and value and depth < MAX_DEPTH and len(name) <= MAX_PREFIX:
            _flatten(value, name, depth + 1, given)
        else:
            given.append((name, value))


def hex_id(value: Any, size: int) -> str:
    """Give a trace id (*size* 32) or span id (16) in lower case; empty for what is none."""
    if not isinstance(value, str) or not size <= len(value) <= size + 4:
        return ""
    plain = value.replace("-", "").lower()
    if len(plain) != size or not plain.isalnum() or not plain.isascii():
        return ""
    try:
        return plain if int(plain, 16) else ""
    except ValueError:
        return ""


def _place(record: LogObject, name: str, value: Any) -> None:
    if "." in name and name.partition(".")[0] in RESOURCE_GROUPS:
        record.resource[name] = value
    else:
        record.attributes[RENAMED.get(name, name)] = value


def _fill(record: LogObject, part: str, value: Any, zone: tzinfo | None) -> bool:
    """Put a value where it belongs; tell whether it could be."""
    if part in _IN_RESOURCE:
        if isinstance(value, str) and value:
            record.resource[_IN_RESOURCE[part]] = value
            return True
        return False
    return _FILLERS[part](record, value, zone)


def _fill_time(record: LogObject, value: Any, zone: tzinfo | None) -> bool:
    record.time_ns = times.parse(value, zone=zone) or 0
    return record.time_ns > 0


def _fill_level(record: LogObject, value: Any, name: str, rank: int) -> bool:
    if name.lower() == "status" and rank and not (isinstance(value, str) and severity.read(value)[1]):
        # The answer of an HTTP server, or the state of something.
        return False
    record.level = level_of(value, name)
    return bool(record.level)


def _fill_message(record: LogObject, value: Any, _zone: tzinfo | None) -> bool:
    record.body = value if type(value) is str else text(value)
    return True


def _fill_logger(record: LogObject, value: Any, _zone: tzinfo | None) -> bool:
    record.logger = value if isinstance(value, str) else ""
    return bool(record.logger)


def _fill_trace(record: LogObject, value: Any, _zone: tzinfo | None) -> bool:
    record.trace = hex_id(value, 32)
    return bool(record.trace)


def _fill_span(record: LogObject, value: Any, _zone: tzinfo | None) -> bool:
    record.span = hex_id(value, 16)
    return bool(record.span)


def _fill_event(record: LogObject, value: Any, _zone: tzinfo | None) -> bool:
    record.event = value if isinstance(value, str) else ""
    return bool(record.event)


_FILLERS: Final[dict[str, Callable[[LogObject, Any, tzinfo | None], bool]]] = {
    "time": _fill_time,
    "message": _fill_message,
    "logger": _fill_logger,
    "trace": _fill_trace,
    "span": _fill_span,
    "event": _fill_event,
}
