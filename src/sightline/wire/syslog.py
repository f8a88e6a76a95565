"""Messages of syslog, RFC 5424 and RFC 3164, as columns of ``otel_logs``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sightline.base.limits import MAX_AHEAD_NS
from sightline.wire import log_object, times
from sightline.wire.levels import SYSLOG_LEVELS
from sightline.wire.log_rows import LogRows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sightline.wire.decoded import Decoded
    from sightline.wire.log_object import LogObject

MAX_MESSAGE_BYTES: Final = 64 * 1024
"""Longest message, as long as a datagram can be; RFC 5424 asks for 2 KiB. A longer line is cut."""

FACILITIES: Final = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip
"""Names of the facilities, from 0."""

SEVERITIES: Final = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
"""Names of the severities, from 0, as people write them in configurations."""

_UNKNOWN: Final = 13
"""``user.notice``, what RFC 3164 gives a message without a priority."""

_PRIORITY: Final = re.compile(r"<(\d{1,3})>", re.ASCII)
_HEADER: Final = re.compile(r"1 (\S{1,64}) (\S{1,255}) (\S{1,255}) (\S{1,128}) (\S{1,64}) ?", re.ASCII)
_ELEMENT: Final = re.compile(r'\[([^\s=\]"]{1,64})((?: +[^\s=\]"]{1,64}="(?:[^"\\]|\\.)*")*) *\]', re.ASCII | re.DOTALL)
_PARAMETER: Final = re.compile(r' +([^\s=\]"]{1,64})="((?:[^"\\]|\\.)*)"', re.ASCII | re.DOTALL)
_ESCAPED: Final = re.compile(r'\\(["\\\]])')
_OLD_TIME: Final = re.compile(
    r"([A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,6})?"
    r"|\d{4}-\d\d-\d\dT[\d:.,]{5,20}(?:Z|[+-]\d\d:?\d\d)?) ",
    re.ASCII,
)
_OLD_HOST: Final = re.compile(r"([^\s:\[\]]{1,255}|[0-9a-fA-F:.]{2,45}) (?=\S)", re.ASCII)
_TAG: Final = re.compile(r"([^\s:\[\]]{1,64})(?:\[([^\]\s]{1,64})\])?: ?", re.ASCII)
_TAG_WITH_PID: Final = re.compile(r"([^\s:\[\]]{1,64})\[(\d{1,10})\]: ?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Message:
    """
    One message as it came.

    Attributes:
        content: its bytes, without framing.
        received_ns: when it came.
        sender: address of who sent it.
    """

    content: bytes
    received_ns: int
    sender: str = ""


def decode_messages(messages: Iterable[Message], received_ns: int) -> Decoded:
    """
    Decode messages into rows of ``otel_logs``. Each gives a row: of one that cannot be read all is the body.

    Raises:
        BodyTooLarge: if there are too many.
    """
    rows = LogRows(received_ns)
    for message in messages:
        record = parse(message.content, message.received_ns)
        if message.sender:
            record.attributes["client.address"] = message.sender
        if record.time_ns > received_ns + MAX_AHEAD_NS:
            record.time_ns = message.received_ns  # nobody would hear that it was rejected
        record.add_to(rows)
    return rows.decoded()


def parse(content: bytes, received_ns: int) -> LogObject:
    """
    Read one message; never raises.

    A time of RFC 3164 has no zone and no year: this machine's, and the nearest to *received_ns*, or where that is 0, as
    for lines of a file, to now.
    """
    text = content[:MAX_MESSAGE_BYTES].decode("utf-8", "replace").rstrip("\r\n\0")
    found = _PRIORITY.match(text)
    priority = int(found[1]) if found and int(found[1]) < 192 else None
    rest = text[found.end() :] if found and priority is not None else text
    priority = _UNKNOWN if priority is None else priority
    record = log_object.LogObject(time_ns=received_ns)
    record.attributes["syslog.facility"] = FACILITIES[priority >> 3]
    record.attributes["syslog.severity"] = SEVERITIES[priority & 7]
    header = _HEADER.match(rest)
    body = _read_new(record, header, rest[header.end() :]) if header else _read_old(record, rest, received_ns)
    return _with_body(record, body, SYSLOG_LEVELS[priority & 7])


def _read_new(record: LogObject, header: re.Match[str], rest: str) -> str:
    """Read the header of RFC 5424, and give what stands after the structured data."""
    time, host, name, process, message_id = ("" if part == "-" else part for part in header.groups())
    record.time_ns = times.parse(time) or record.time_ns
    _describe(record, host, name, process)
    if message_id:
        record.attributes["syslog.msgid"] = message_id
    if rest.startswith("-"):
        return rest[1:].removeprefix(" ").removeprefix("\ufeff")
    position = 0
    while element := _ELEMENT.match(rest, position):
        for parameter in _PARAMETER.finditer(element[2]):
            record.attributes[f"{element[1]}.{parameter[1]}"] = _ESCAPED.sub(r"\1", parameter[2])
        position = element.end()
    return rest[position:].removeprefix(" ").removeprefix("\ufeff")


def _read_old(record: LogObject, rest: str, received_ns: int) -> str:
    """Read what there is of a header of RFC 3164, and give what stands after it."""
    moment = _OLD_TIME.match(rest)
    if not moment:
        tag = _TAG_WITH_PID.match(rest)
        if tag:
            _describe(record, "", tag[1], tag[2])
        return rest[tag.end() :] if tag else rest
    record.time_ns = times.parse(moment[1], zone=None, now_ns=received_ns or None) or record.time_ns
    position, host = moment.end(), ""
    if named := _OLD_HOST.match(rest, position):
        position, host = named.end(), named[1]
    tag = _TAG.match(rest, position)
    _describe(record, host, tag[1] if tag else "", (tag[2] or "") if tag else "")
    return rest[tag.end() if tag else position :]


def _describe(record: LogObject, host: str, name: str, process: str) -> None:
    if host:
        record.resource["host.name"] = host
    if name:
        record.resource["service.name"] = name
    if process:
        record.attributes["process.pid" if process.isdigit() else "syslog.procid"] = process


def _with_body(record: LogObject, body: str, level: str) -> LogObject:
    """Give the record its body; one that is JSON, with or without CEE's mark, is taken apart."""
    inside = log_object.read_line(body.removeprefix("@cee:").lstrip()) if body.startswith(("{", "@cee:")) else None
    if inside is None:
        record.body, record.level = body, level
        return record
    inside.time_ns = inside.time_ns or record.time_ns
    inside.level = inside.level or level
    inside.resource = record.resource | inside.resource
    inside.attributes = record.attributes | inside.attributes
    return inside
