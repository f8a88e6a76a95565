"""Log records as JSON, one object a line or an array of them, as columns of ``otel_logs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.base.errors import DecodeError
from sightline.base.limits import MAX_LINE_BYTES
from sightline.wire import json_body, log_object
from sightline.wire.log_rows import LogRows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sightline.wire.decoded import Decoded

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
        BodyTooLarge: if there are too many records.
    """
    rows = LogRows(received_ns)
    rejected, reason = 0, ""
    found = _of_array(body) if body.lstrip()[:1] == b"[" else _of_lines(body)
    for record in found:
        if isinstance(record, dict):
            log_object.read(record, known).add_to(rows)
        else:
            rejected += 1
            reason = reason or str(record)
    if rejected and not len(rows):
        raise DecodeError(reason)
    return rows.decoded(rejected, reason)


def _of_array(body: bytes) -> Iterator[dict[str, Any] | DecodeError]:
    for number, value in enumerate(json_body.decode(body, _array.decode), 1):
        yield value if isinstance(value, dict) else _wrong(f"Item {number}", value)


def _of_lines(body: bytes) -> Iterator[dict[str, Any] | DecodeError]:
    start, number = 0, 0
    while start < len(body):
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        line = body[start:end]
        start, number = end + 1, number + 1
        if line and not line.isspace():
            yield _of_line(line, number)


def _of_line(line: bytes, number: int) -> dict[str, Any] | DecodeError:
    if len(line) > MAX_LINE_BYTES:
        return DecodeError(f"Line {number} has {len(line):,} bytes; at most {MAX_LINE_BYTES:,} are taken.")
    try:
        value = _value(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return DecodeError(f"Line {number} is no JSON: {error}.")
    return value if isinstance(value, dict) else _wrong(f"Line {number}", value)


def _wrong(where: str, value: object) -> DecodeError:
    return DecodeError(f"{where} is no JSON object but {type(value).__name__}; a record is an object of its fields.")
