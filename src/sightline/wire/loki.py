"""Requests of Loki's push API, in Protobuf or JSON, as columns of ``otel_logs``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.base.errors import DecodeError
from sightline.wire import json_body, log_object, loki_protobuf, times
from sightline.wire.levels import level_of
from sightline.wire.log_rows import LogRows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sightline.wire.decoded import Decoded

TENANT: Final = "loki.tenant"
"""Attribute of the resource with what stood in ``X-Scope-OrgID``."""

SERVICE_LABELS: Final = ("service_name", "service", "app", "application", "job", "container")
"""Labels that name the service; the first that a stream has counts. Loki finds its own much the same way."""

LEVELS: Final = ("level", "detected_level", "severity", "severity_text", "lvl", "levelname")
"""Names of a level among labels and structured metadata; the first that is there counts."""

_LABEL: Final = re.compile(r'\s*([A-Za-z_][\w:.]*)\s*=\s*("[^"\\]*+(?:\\.[^"\\]*+)*+"|`[^`]*+`)\s*(,|$)', re.ASCII)
_LOGFMT_LEVEL: Final = re.compile(r'(?:^|\s)(?:level|lvl|severity)="?([A-Za-z]{2,16})\b', re.ASCII)
_HEAD: Final = 512
"""Characters of a line in which a level of logfmt is looked for."""


class _Stream(msgspec.Struct):
    stream: dict[str, str] = {}
    values: list[list[Any]] = []


class _Request(msgspec.Struct):
    streams: list[_Stream]


_decode_json: Final = msgspec.json.Decoder(_Request).decode


def decode_protobuf(body: bytes, received_ns: int, tenant: str = "") -> Decoded:
    """
    Decode a ``logproto.PushRequest``, compressed by snappy as Loki's clients send it.

    Args:
        body: of the request.
        received_ns: when it came; the time of entries without one.
        tenant: what stood in ``X-Scope-OrgID``.

    Raises:
        DecodeError: if *body* is no such message, or a stream's labels cannot be read.
        BodyTooLarge: if it has too much in it.
    """
    rows = LogRows(received_ns)
    for stream in loki_protobuf.read(body).streams:
        resource = _resource(parse_labels(stream.labels), tenant)
        for entry in stream.entries:
            metadata = {pair.name: pair.value for pair in entry.structuredMetadata}
            time_ns = entry.timestamp.seconds * 1_000_000_000 + entry.timestamp.nanos
            _add(rows, resource, time_ns, entry.line.decode("utf-8", "replace"), metadata)
    return rows.decoded()


def decode_json(body: bytes, received_ns: int, tenant: str = "") -> Decoded:
    """Decode ``{"streams": [{"stream": {…}, "values": [["<ns>", "line", {…}]]}]}``; as :func:`decode_protobuf`."""
    rows = LogRows(received_ns)
    for number, stream in enumerate(json_body.decode(body, _decode_json).streams):
        resource = _resource(stream.stream, tenant)
        for place, value in enumerate(stream.values):
            time, line, *more = value if 2 <= len(value) <= 3 else (None, None)
            time_ns = times.whole(time)
            metadata = more[0] if more else {}
            if time_ns is None or not isinstance(line, str) or not isinstance(metadata, dict):
                where = f"streams[{number}].values[{place}]"
                raise DecodeError(f'{where} is not ["<nanoseconds>", "<line>"], with or without an object after them.')
            _add(rows, resource, time_ns, line, metadata)
    return rows.decoded()


def parse_labels(labels: str) -> dict[str, str]:
    """
    Read a stream's labels: ``{app="shop", job="web"}``.

    Raises:
        DecodeError: if they are not of this form; the message says where.
    """
    found: dict[str, str] = {}
    inside = labels.strip()
    if not (inside.startswith("{") and inside.endswith("}")):
        raise DecodeError(f"The labels {labels[:200]!r} do not stand in braces.")
    inside, position = inside[1:-1].rstrip(), 0
    while position < len(inside):
        label = _LABEL.match(inside, position)
        if label is None:
            raise DecodeError(f"The labels {labels[:200]!r} cannot be read at character {position + 1}.")
        found[label[1]] = _unquote(label[2])
        position = label.end()
    return found


def _unquote(quoted: str) -> str:
    if quoted[0] == "`" or "\\" not in quoted:
        return quoted[1:-1]
    try:
        return msgspec.json.decode(_GO_ESCAPE.sub(_as_json, quoted).encode("utf-8", "replace"), type=str)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise DecodeError(f"The label's value {quoted[:200]} has an escape that is not known.") from None


_GO_ESCAPE: Final = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([av'])|U0000([0-9a-fA-F]{4})|.)", re.DOTALL)
"""Escapes of Go; those that JSON has not are captured."""


def _as_json(escape: re.Match[str]) -> str:
    if escape[2]:
        return {"a": "\\u0007", "v": "\\u000b", "'": "'"}[escape[2]]
    digits = escape[1] or escape[3]
    return f"\\u{digits:>04}" if digits else escape[0]


def _resource(labels: dict[str, str], tenant: str) -> dict[str, str]:
    service = next((labels[name] for name in SERVICE_LABELS if labels.get(name)), "")
    return ({"service.name": service} if service else {}) | labels | ({TENANT: tenant} if tenant else {})


def _add(rows: LogRows, resource: dict[str, str], time_ns: int, line: str, metadata: dict[str, Any]) -> None:
    """Add one entry. The line stays the body; JSON in it tells level, logger and ids where nothing else does."""
    inside = log_object.read_line(line) or _NOTHING
    trace, span = (
        next((found for name in log_object.NAMES[part] if (found := log_object.hex_id(metadata.get(name), size))), "")
        for part, size in (("trace", 32), ("span", 16))
    )
    level = _level(metadata) or _level(resource) or inside.level
    if not level and (named := _LOGFMT_LEVEL.search(line, 0, _HEAD)):
        level = named[1]
    rows.add(
        line,
        time_ns=time_ns,
        level=level,
        attributes=metadata,
        resource=resource,
        logger=inside.logger or resource.get("logger", ""),
        trace=trace or inside.trace,
        span=span or inside.span,
    )


_NOTHING: Final = log_object.LogObject()


def _level(names: Mapping[str, Any]) -> str:
    return next((level for name in LEVELS if (level := level_of(names.get(name), name))), "")
