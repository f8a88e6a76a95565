"""Records to lines of JSON and back; docs/formats/line.md says every field."""

from __future__ import annotations

import math
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.base.errors import DecodeError
from sightline.base.limits import MAX_LINE_BYTES
from sightline.model.event import EventRecord
from sightline.model.log import LogRecord
from sightline.model.metric import MetricRecord
from sightline.model.profile import ProfileRecord
from sightline.model.span import SpanRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

Record = LogRecord | SpanRecord | MetricRecord | EventRecord | ProfileRecord

_DEEPEST: Final = 8
"""Levels of nesting kept of a value that had to be tamed; deeper ones become text."""

_WIDEST: Final = 1000
"""Items kept of a container that had to be tamed."""

_LONGEST_INTEGER: Final = 4096
"""Bits of an integer that is written as a number."""

_LONGEST: Final = 16 * 1024
"""Characters kept of each text in a record that was longer than a line may be."""


def describe(value: object) -> str:
    """Say in words what an object is; never raises, whatever its ``__str__`` and ``__repr__`` do."""
    try:
        return str(value)
    except Exception:
        return f"<{type(value).__module__}.{type(value).__qualname__} that cannot be shown>"


_encode: Final = msgspec.json.Encoder(enc_hook=describe).encode
_decode: Final[msgspec.json.Decoder[Record]] = msgspec.json.Decoder(Record)


def encode(record: Record) -> bytes:
    """
    Encode one record as one line, without its newline; whatever its values are, and never over the limit.

    A value that JSON cannot hold becomes text. A record longer than ``MAX_LINE_BYTES`` has its texts shortened, each
    with a mark that says how much is missing, and the attribute ``sightline.shortened``.
    """
    try:
        line = _encode(record)
    except Exception:
        line = _encode(_tame_record(record, None))
    if len(line) > MAX_LINE_BYTES:
        line = _shorten(record)
    return line


def encode_fields(fields: dict[str, Any]) -> bytes:
    """
    Encode a mapping as one line of JSON, without its newline, as ``encode`` does with a record.

    Never raises, whatever the values are. Texts of a line over ``MAX_LINE_BYTES`` are shortened, and the line then has
    ``sightline.shortened``.
    """
    try:
        line = _encode(fields)
    except Exception:
        line = _encode(_tame_mapping(fields, None, 0, _WIDEST))
    longest = _LONGEST
    while len(line) > MAX_LINE_BYTES and longest:
        line = _encode({**_tame_mapping(fields, longest, 0, longest), "sightline.shortened": True})
        longest //= 4
    if len(line) > MAX_LINE_BYTES:
        scalars = {name: value for name, value in fields.items() if isinstance(value, str | int | float)}
        line = _encode({**_tame_mapping(scalars, 1024, 0, 64), "sightline.shortened": True})
    return line


def decode(line: bytes) -> Record:
    """
    Read one line back.

    Raises:
        DecodeError: if it is no valid line; the message says where.
    """
    try:
        return _decode.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(f"The line is no valid record: {error}.") from None


def _shorten(record: Record) -> bytes:
    longest = _LONGEST
    while True:
        tamed = _tame_record(record, longest)
        if isinstance(tamed, MetricRecord):
            tamed.samples = tamed.samples[: longest // 64]
        elif isinstance(tamed, ProfileRecord):
            tamed.stacks = tamed.stacks[: longest // 64]
        else:
            tamed.attributes = {**(tamed.attributes or {}), "sightline.shortened": True}
        line = _encode(tamed)
        if len(line) <= MAX_LINE_BYTES:
            return line
        longest //= 4
        if longest < 16:
            return _encode(_bare(record))


def _bare(record: Record) -> Record:
    """Keep only what every record has, of one that no shortening made fit."""
    kept = type(record)(
        **{
            name: getattr(record, name)
            for name in ("time", "instance", "trace", "span", "name")
            if hasattr(record, name)
        }
    )
    if not isinstance(kept, MetricRecord | ProfileRecord):
        kept.attributes = {"sightline.shortened": True}
    return kept


def _tame_record(record: Record, longest: int | None) -> Record:
    fields = {name: _tame(getattr(record, name), longest, 0, name) for name in record.__struct_fields__}
    return msgspec.convert(fields | {"kind": record.__struct_config__.tag}, type(record), strict=False)


def _tame(value: Any, longest: int | None, depth: int, name: str = "") -> Any:
    """Turn any value into what JSON can hold: texts without lone surrogates, finite numbers, bounded containers."""
    try:
        if value is None or isinstance(value, bool | int | float):
            return _tame_number(value)
        if isinstance(value, str):
            return _tame_text(value, longest)
        if isinstance(value, bytes | bytearray | memoryview):
            return _tame_text(b64encode(bytes(value)).decode(), longest)
        if depth < _DEEPEST:
            return _tame_container(value, longest, depth, keep=10 * _WIDEST if name == "samples" else _WIDEST)
    except Exception:  # noqa: S110 - a value whose own methods fail; what can be said of it is said below
        pass
    return _tame_text(describe(value), longest or _LONGEST)


def _tame_number(value: float | None) -> float | str | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        # A longer one is neither read by others nor written by Python, which needs time without end for it.
        return int(value) if value.bit_length() <= _LONGEST_INTEGER else describe(value)
    return float(value) if math.isfinite(value) else None


def _tame_container(value: Any, longest: int | None, depth: int, keep: int) -> Any:
    if isinstance(value, dict):
        return _tame_mapping(value, longest, depth, keep)
    if isinstance(value, list | tuple | set | frozenset):
        return [_tame(item, longest, depth + 1) for item in list(value)[:keep]]
    if isinstance(value, msgspec.Struct):
        return {name: _tame_field(getattr(value, name), longest, depth + 1) for name in value.__struct_fields__}
    return _tame(msgspec.to_builtins(value, enc_hook=describe, str_keys=True), longest, depth + 1)


def _tame_field(value: Any, longest: int | None, depth: int) -> Any:
    """Tame a field of a record's part: the value of a sample is a number or its text."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else _tame(value, longest, depth)


def _tame_mapping(value: Mapping[Any, Any], longest: int | None, depth: int, keep: int) -> dict[str, Any]:
    items = list(value.items())[:keep]
    return {_tame_text(describe(key), longest): _tame(item, longest, depth + 1) for key, item in items}


def _tame_text(text: str, longest: int | None) -> str:
    clean = text.encode("utf-8", "backslashreplace").decode("utf-8")
    if longest is not None and len(clean) > longest:
        return f"{clean[:longest]}… ({len(clean) - longest} characters more)"
    return clean
