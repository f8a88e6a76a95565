"""The formats of log files: recognise one, cut blocks between records, decode blocks."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from sightline.base.errors import DecodeError
from sightline.base.limits import MAX_LINE_BYTES
from sightline.wire.decoded import Decoded
from sightline.wire.logfile import lines
from sightline.wire.logfile.access import decode_access
from sightline.wire.logfile.colours import without_colours
from sightline.wire.logfile.joined import Joiner, fill
from sightline.wire.logfile.source import FileRows, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sightline.wire.log_object import LogObject

SAMPLE_LINES: Final = 200
"""Lines by which a format is recognised."""

SAMPLE_BYTES: Final = 64 * 1024
"""Bytes in which these lines lie."""

MAX_JOINED: Final = 2000
"""Lines of one record; a longer run of lines that begin none is several."""


@dataclass(frozen=True, slots=True)
class Format:
    """
    One format.

    Attributes:
        name: as it is given by ``--format``.
        sentence: what it looks like.
        read: reads one line, None for one that is not of the format.
        joins: whether lines that are not of the format go on with the record before them.
    """

    name: str
    sentence: str
    read: Callable[[str], LogObject | None]
    joins: bool = False


FORMATS: Final = {
    found.name: found
    for found in (
        Format("json", "One JSON object a line: ours, ECS, structlog, pino, Docker and others.", lines.json),
        Format("access", "nginx, Apache and Gunicorn access logs, common and combined.", lines.access),
        Format("bracketed", "`time [level] [module] [function] message, key=value`.", lines.bracketed, joins=True),
        Format("python", "`time - logger - level - message`, Python's usual one.", lines.python, joins=True),
        Format("gunicorn", "Gunicorn's error log: `[time] [pid] [level] message`.", lines.gunicorn, joins=True),
        Format("uvicorn", 'Uvicorn: `INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200 OK`.', lines.uvicorn, joins=True),
        Format("syslog", "RFC 5424 and RFC 3164, with or without the priority.", lines.syslog_line),
        Format("logfmt", '`key=value key="value with spaces"`.', lines.logfmt),
        Format("plain", "Any other text: each line a body; time and level where they are found.", lines.plain),
    )
}
"""Every format by its name, in the order in which they are tried."""

_BEGUN: Final = re.compile(
    rb"(?![ \t\r\n]|Traceback \(most recent|Caused by: |During handling of |The above )"
    rb"(?![\w.]{1,128}(?:Error|Exception|Warning|Interrupt|Exit)(?:: |[\r\n]|$))"
)


def recognise(sample: bytes) -> str:
    """Name the format of a file by its first lines: the one that reads most of them, and at least half."""
    text = without_colours(sample[:SAMPLE_BYTES].removeprefix(BOM_UTF8)).decode("utf-8", "replace")
    found = [line.rstrip("\r") for line in text.split("\n")[:SAMPLE_LINES]]
    if len(sample) >= SAMPLE_BYTES and len(found) > 1:
        found.pop()  # cut in two
    joiner = Joiner()
    firsts = [line for line in found if line.strip() and not joiner.continues(line)]
    best, most = "plain", len(firsts) / 2
    for name, form in FORMATS.items():
        count = sum(form.read(line) is not None for line in firsts) if name != "plain" else 0
        if count > most or (count == most and count and best == "plain"):
            best, most = name, count
    return best


def named(name: str) -> Format:
    """
    Give the format of this name.

    Raises:
        DecodeError: if there is none.
    """
    if name not in FORMATS:
        raise DecodeError(f"There is no format {name[:64]!r}; expected one of {', '.join(FORMATS)}.")
    return FORMATS[name]


def cut(content: bytes | memoryview, name: str) -> int:
    """
    Say where to end a block behind which the file goes on: before its last record, which may not be whole yet.

    Returns:
        Bytes of whole records; 0 if there is not yet one.
    """
    held = bytes(content)
    end = held.rfind(b"\n") + 1
    form = named(name)
    if not end or not (form.joins or name == "plain"):
        return end
    # The last record is of a few lines, so looking at the block's end is enough; a longer one is cut where it is.
    begin = max(0, end - MAX_LINE_BYTES)
    start = 0
    line_end = end
    while line_end > begin:
        line_start = held.rfind(b"\n", begin, line_end - 1) + 1 or begin
        if _begins(without_colours(held[line_start:line_end]), form):
            start = line_start
            break
        line_end = line_start
    if start == 0 and end >= MAX_LINE_BYTES:
        return end
    return start


def _begins(line: bytes, form: Format) -> bool:
    if not form.joins:
        return _BEGUN.match(line) is not None and line.strip() != b""
    return form.read(line.decode("utf-8", "replace").rstrip("\r\n")) is not None


def decode(content: bytes, name: str, source: Source) -> tuple[Decoded, int]:
    """
    Decode a block of lines.

    Every line gives a record or goes on with one; nothing is left out but empty lines and colours.

    Returns:
        The rows, and how many lines were not of the format.

    Raises:
        DecodeError: if there is no such format.
        BodyTooLarge: if there are too many lines.
    """
    form = named(name)
    content = _utf8(without_colours(content if content.endswith(b"\n") else content + b"\n"))
    if name != "access":
        rows = FileRows(source)
        _read(rows, content.decode().split("\n"), form)
        return rows.rows.decoded(), rows.unread
    table, matched = decode_access(content, source)
    rows = FileRows(source)
    if not matched.all():
        found = content.decode().split("\n")
        _read(rows, (found[at] for at in np.flatnonzero(~matched)), form)
    parts = [part for part in (table, rows.rows.table()) if part.num_rows]
    whole = pa.concat_tables([_plain_texts(part) for part in parts]) if len(parts) > 1 else (parts or [table])[0]
    return Decoded({"otel_logs": whole} if whole.num_rows else {}, whole.num_rows), rows.unread


def _utf8(content: bytes) -> bytes:
    if content.isascii():
        return content
    content = content.removeprefix(BOM_UTF8)
    try:
        content.decode()
    except UnicodeDecodeError:
        return content.decode("utf-8", "replace").encode()
    return content


def _plain_texts(table: pa.Table) -> pa.Table:
    """Give texts that stand in dictionaries as they are, as all tables have them that are put together."""
    columns = {name: _plain(column.combine_chunks()) for name, column in zip(table.schema.names, table, strict=True)}
    return pa.table(columns)


def _plain(column: pa.Array) -> pa.Array:
    whole = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(whole.type):
        return whole.dictionary_decode()
    if pa.types.is_map(whole.type) and pa.types.is_dictionary(whole.keys.type):
        return pa.MapArray.from_arrays(whole.offsets, whole.keys.dictionary_decode(), whole.items)
    return whole


def _read(rows: FileRows, found: Iterable[str], form: Format) -> None:
    """Read lines into records; others are joined to the record before them, or stand for themselves."""
    record: LogObject | None = None
    more: list[str] = []
    joiner, own = Joiner(), True
    for line in found:
        text = line.removesuffix("\r")
        blank = not text.strip(" \t")
        begun = form.read(text) if not blank and not (form.name == "plain" and joiner.continues(text)) else None
        if begun is None:
            goes_on = (form.joins and own) or form.name == "plain" or blank or joiner.continues(text)
            if record is not None and goes_on and len(more) < MAX_JOINED:
                more.append(text)
                continue
            if blank:
                continue
            rows.unread += form.name != "plain"
            begun, own = lines.plain(text), False
        else:
            own = True
        _add(rows, record, more)
        record, more = begun, []
    _add(rows, record, more)


def _add(rows: FileRows, record: LogObject | None, more: list[str]) -> None:
    if record is not None:
        while more and not more[-1].strip():
            more.pop()
        fill(record, more)
        rows.add(record)
