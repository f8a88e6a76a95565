"""Log records as JSON, one object a line or an array of them, as columns of ``otel_logs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.base.limits import MAX_LINE_BYTES
from sightline.wire import json_body, log_object
from sightline.wire.log_rows import LogRows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sightline.wire.decoded import Decoded

MAX_REJECTED: Final = 100_000
"""Records that are rejected one by one; with more than so many, the body is not what it is taken for."""

_array: Final[msgspec.json.Decoder[list[Any]]] = msgspec.json.Decoder(list[Any])
_value: Final = msgspec.json.Decoder().decode


def decode_ndjson(body: bytes, received_ns: int, known: log_object.Roles = log_object.ROLES) -> Decoded:
    """
    Decode lines of JSON objects, or one array of objects, into rows of ``otel_logs``.

    A line that is no object or is longer than ``MAX_LINE_BYTES`` is rejected, and the first such is told.

    Args:
        body: the lines, or the array.
        received_ns: when it came; the time of records without one.
        known: what part of a record each name of a field is.

    Raises:
        DecodeError: if not one line is an object, or the array cannot be read.
        BodyTooLarge: if there are too many records, or more than ``MAX_REJECTED`` are none.
    """
    rows = LogRows(received_ns)
    rejected, reason = 0, ""
    array = body.lstrip()[:1] == b"["
    for number, record in _of_array(body) if array else _of_lines(body):
        if isinstance(record, dict):
            log_object.read(record, known).add_to(rows)
            continue
        rejected += 1
        reason = reason or _why(f"Item {number}" if array else f"Line {number}", record)
        if rejected > MAX_REJECTED:
            raise BodyTooLarge(f"More than {MAX_REJECTED:,} records are no JSON objects. {reason}")
    if rejected and not len(rows):
        raise DecodeError(reason)
    return rows.decoded(rejected, reason)


def _of_array(body: bytes) -> Iterator[tuple[int, Any]]:
    yield from enumerate(json_body.decode(body, _array.decode), 1)


def _of_lines(body: bytes) -> Iterator[tuple[int, Any]]:
    """Give the object on each line, with the line's number; where there is none, the error or the line as it is."""
    start, number = 0, 0
    while start < len(body):
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        line = body[start:end]
        start, number = end + 1, number + 1
        if line and not line.isspace():
            yield number, _of_line(line)


def _of_line(line: bytes) -> Any:
    if len(line) > MAX_LINE_BYTES:
        return BodyTooLarge(f"has {len(line):,} bytes; at most {MAX_LINE_BYTES:,} are taken")
    return _read(line) if line.lstrip().startswith(b"{") else line


def _read(line: bytes) -> Any:
    try:
        return _value(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return error


def _why(where: str, found: object) -> str:
    """Say why what was found is no record. Asked for once a request: to say it takes ten times as long as to see it."""
    found = _read(found) if isinstance(found, bytes) else found
    if isinstance(found, BodyTooLarge):
        return f"{where} {found}."
    if isinstance(found, Exception):
        return f"{where} is no JSON: {found}."
    return f"{where} is no JSON object but {type(found).__name__}; a record is an object of its fields."
