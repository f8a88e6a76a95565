"""One line of each format to one record; None where the line is not of the format."""

from __future__ import annotations

import re
from typing import Any, Final

from sightline.wire import log_object, syslog, times
from sightline.wire.log_object import LogObject

_LEVEL: Final = r"TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|FATAL|CRIT|ALERT|EMERG"
_TIME: Final = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"

PYTHON: Final = re.compile(rf"({_TIME}) - (\S.{{0,255}}?) - ([A-Z]{{1,16}}) - (.*)", re.ASCII)
BRACKETED: Final = re.compile(
    rf"({_TIME}) \[([A-Za-z]{{1,16}})\] \[([^\]]{{0,255}})\] \[([^\]]{{0,255}})\] (.*)", re.ASCII
)
GUNICORN: Final = re.compile(rf"\[({_TIME})\] \[(\d{{1,10}})\] \[([A-Z]{{1,16}})\] (.*)", re.ASCII)
UVICORN: Final = re.compile(r"(TRACE|DEBUG|INFO|WARNING|ERROR|CRITICAL):\s{1,9}(.*)", re.ASCII)
LOGFMT: Final = re.compile(r'(?<!\S)([^\s="]{1,256}+)=("[^"\\]*+(?:\\.[^"\\]*+)*+"|[^\s"]*+)(?!\S)')
OLD_SYSLOG: Final = re.compile(
    r"(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.+Z-]{8,30}) [\w.:-]{1,255} \S",
    re.ASCII,
)
NEW_SYSLOG: Final = re.compile(r"<\d{1,3}>1 \S{1,64} \S{1,255} \S{1,255} ", re.ASCII)

_PAIR: Final = re.compile(r", ([^\W\d][\w.-]{0,127})=")
_REQUEST: Final = re.compile(r'(\S+?):(\d+) - "([A-Z]{1,20}) (\S+)(?: HTTP/([\d.]+))?" ([1-5]\d\d)(?: .*)?', re.ASCII)
_QUOTED: Final = r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"'
_ACCESS: Final = re.compile(
    # The virtual host, where a client that is no dash and two more words stand behind it.
    r"(?:([^\s:\[]{1,255}|\[[\da-fA-F:.]{2,45}\]):(\d{1,5}) (?!- )(?=\S+ \S+ [^\s\[]))?"
    r"(\S+) \S+ (.*?) ?\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "
    rf"{_QUOTED} ([1-5]\d\d) (\d+|-)(?: {_QUOTED} {_QUOTED})? ?(.*)",
    re.ASCII,
)
_LEADING_TIME: Final = re.compile(rf"\[?({_TIME})\]?\s", re.ASCII)
_WORD: Final = re.compile(rf"\b({_LEVEL})\b", re.ASCII)


def python(line: str) -> LogObject | None:
    """Read ``%(asctime)s - %(name)s - %(levelname)s - %(message)s``; its time is this machine's."""
    found = PYTHON.fullmatch(line)
    if not found:
        return None
    time, logger, level, message = found.groups()
    return LogObject(message, times.parse(time, zone=None) or 0, level, logger)


def bracketed(line: str) -> LogObject | None:
    """Read ``time [level] [module] [function] message, key=value``."""
    found = BRACKETED.fullmatch(line)
    if not found:
        return None
    time, level, module, function, told = found.groups()
    pairs = list(_PAIR.finditer(told))
    ends = [*(pair.start() for pair in pairs[1:]), len(told)][: len(pairs)]
    attributes: dict[str, Any] = {pair[1]: told[pair.end() : end] for pair, end in zip(pairs, ends, strict=True)}
    if function:
        attributes["code.function.name"] = function
    message = told[: pairs[0].start()] if pairs else told
    record = LogObject(message, times.parse(time) or 0, level, module, attributes=attributes)
    record.trace = log_object.hex_id(attributes.get("trace_id"), 32)
    record.span = log_object.hex_id(attributes.get("span_id"), 16)
    return record


def gunicorn(line: str) -> LogObject | None:
    """Read a line of Gunicorn's error log."""
    found = GUNICORN.fullmatch(line)
    if not found:
        return None
    time, process, level, message = found.groups()
    record = LogObject(message, times.parse(time, zone=None) or 0, level, "gunicorn.error")
    record.attributes["process.pid"] = process
    return record


def uvicorn(line: str) -> LogObject | None:
    """Read a line of Uvicorn, of its access log or its own."""
    found = UVICORN.fullmatch(line)
    if not found:
        return None
    level, message = found.groups()
    request = _REQUEST.fullmatch(message)
    if not request:
        return LogObject(message, level=level, logger="uvicorn.error")
    client, port, method, target, version, status = request.groups()
    record = _request(method, target, status, version or "")
    record.logger = "uvicorn.access"
    return _with(record, {"client.address": client, "client.port": port})


def access(line: str) -> LogObject | None:
    """Read a line of an access log that is not as plain as most are."""
    found = _ACCESS.fullmatch(line)
    if not found:
        return None
    host, port, client, user, time, request, status, size, referer, agent, rest = found.groups()
    method, _, target = request.partition(" ")
    target, _, version = target.partition(" HTTP/")
    record = _request(method, target, status, version) if target else LogObject(request, level=level_of_status(status))
    record.time_ns, record.logger = times.parse(time) or 0, "access"
    return _with(record, {
        "client.address": client, "user.name": user, "http.response.status_code": status,
        "http.response.body.size": size, "http.request.header.referer": referer, "user_agent.original": agent,
        "log.rest": rest, "server.address": host and host.strip("[]"), "server.port": port,
    })  # fmt: skip


def logfmt(line: str) -> LogObject | None:
    """Read ``key=value key="value with spaces"``."""
    first = LOGFMT.match(line)
    if not first:
        return None
    found = {pair[1]: _unquoted(pair[2]) for pair in LOGFMT.finditer(line)}
    if len(found) < 2:
        return None
    return log_object.read(found, zone=None)


def json(line: str) -> LogObject | None:
    """Read a JSON object: one of our lines, or of any other logger."""
    return log_object.read_line(line, zone=None)


def syslog_line(line: str) -> LogObject | None:
    """Read a message of syslog, old or new, with or without its priority."""
    if not (OLD_SYSLOG.match(line) or NEW_SYSLOG.match(line)):
        return None
    return syslog.parse(line.encode("utf-8", "replace"), 0)


def plain(line: str) -> LogObject:
    """Read a line of no format: the whole is the body; a time at its begin and a level near it are understood."""
    time, level = _LEADING_TIME.match(line), _WORD.search(line, 0, 96)
    return LogObject(line, (times.parse(time[1], zone=None) or 0) if time else 0, level[1] if level else "")


def level_of_status(status: str) -> str:
    """Give the level of a request by its status: WARNING from 400, ERROR from 500."""
    return "ERROR" if status >= "500" else "WARNING" if status >= "400" else "INFO"


def _request(method: str, target: str, status: str, version: str) -> LogObject:
    path, _, query = target.partition("?")
    record = LogObject(f"{method} {target}", level=level_of_status(status))
    return _with(record, {
        "http.request.method": method, "url.path": path, "url.query": query, "network.protocol.version": version,
        "http.response.status_code": status,
    })  # fmt: skip


def _with(record: LogObject, attributes: dict[str, str | None]) -> LogObject:
    record.attributes |= {name: value for name, value in attributes.items() if value and value != "-"}
    return record


_ESCAPED: Final = re.compile(r"\\(.)")
_SHORT: Final = {"n": "\n", "t": "\t", "r": "\r"}


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    return _ESCAPED.sub(lambda found: _SHORT.get(found[1], found[1]), value[1:-1])
