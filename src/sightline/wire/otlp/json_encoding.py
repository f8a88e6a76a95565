"""
OTLP's JSON turned into the binary encoding: after it there is one way.

Protobuf's own reader of JSON takes five times as long, and reads identifiers as base64, where OTLP has hex.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from google.protobuf.message_factory import GetMessageClass

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.wire.log_rows import MAX_ROWS
from sightline.wire.otlp.descriptors import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from google.protobuf.descriptor import Descriptor, FieldDescriptor

    Read = Callable[[Any, int], Any]

T = TypeVar("T")

MAX_JSON_DEPTH: Final = 64
"""Objects inside objects of one request. The protocol's own are nine deep; values inside values take the rest."""

_IDS: Final = frozenset({"trace_id", "span_id", "parent_span_id"})
SHELLS: Final = 3
"""
Levels of messages that are opened without what is in them: the request, resources, scopes. Their records are then read
one by one: as Python's objects all of them at once take thirteen times what they take as JSON.
"""

LENGTH_DELIMITED: Final = 2
"""Protobuf's wire type of messages inside messages."""

_URL_SAFE: Final = str.maketrans("-_", "+/")


class _Wrong(Exception):
    """A member is not what it should be; *path* grows from the inside out."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.path: list[str] = []

    def where(self) -> str:
        return "".join(reversed(self.path)).removeprefix(".")


@dataclass(frozen=True, slots=True)
class _Field:
    """A field's name and number, how it is read, and of what messages it is a list."""

    name: str
    number: int
    read: Read
    holds: Descriptor | None


def to_protobuf(signal: str, body: bytes) -> bytes:
    """
    Encode a request of OTLP's JSON as Protobuf. Names that the protocol does not know are ignored.

    Raises:
        DecodeError: if *body* is no JSON, or not of this message; the text says where.
        BodyTooLarge: if there are more than ``MAX_ROWS`` in one list of records.
    """
    kind = REQUESTS[signal]
    name = kind.DESCRIPTOR.name
    try:
        encoded = _shell(kind.DESCRIPTOR, msgspec.Raw(body), 0)
    except _Wrong as wrong:
        where = f" at {wrong.where()}" if wrong.path else ""
        raise DecodeError(f"The body is no {name}{where}: {wrong}.") from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise DecodeError(f"The body is no JSON: {error}.") from None
    except (ValueError, TypeError) as error:
        raise DecodeError(f"The body is no {name}: {error}.") from None
    return encoded


def _shell(descriptor: Descriptor, raw: msgspec.Raw, depth: int) -> bytes:
    """Encode a message of JSON that is not read yet; lists of messages stand behind its other fields."""
    fields, opened = _fields(descriptor), _opened(raw, dict[str, msgspec.Raw])
    if depth == SHELLS or opened is None:
        return _encoded(descriptor, _message(fields, msgspec.json.decode(raw), depth))
    found: dict[str, Any] = {}
    lists = []
    for name, value in opened.items():
        field = fields.get(name)
        if field is None or bytes(value) == b"null":
            continue
        items = _opened(value, list[msgspec.Raw]) if field.holds else None
        try:
            if items is None:
                found[field.name] = field.read(msgspec.json.decode(value), depth)
            else:
                lists.append(_shells(field, items, depth + 1))
        except _Wrong as wrong:
            wrong.path.append(f".{name}")
            raise
    return b"".join((_encoded(descriptor, found), *lists))


def _shells(field: _Field, items: list[msgspec.Raw], depth: int) -> bytes:
    assert field.holds is not None
    if len(items) > MAX_ROWS:
        raise BodyTooLarge(f"The request has more than {MAX_ROWS:,} records. Send fewer at once.")
    found = bytearray()
    for at, item in enumerate(items):
        try:
            encoded = _shell(field.holds, item, depth)
        except _Wrong as wrong:
            wrong.path.append(f"[{at}]")
            raise
        found += _varint(field.number << 3 | LENGTH_DELIMITED)
        found += _varint(len(encoded))
        found += encoded
    return bytes(found)


def _varint(number: int) -> bytes:
    """Encode a number in groups of seven bits, the lowest first."""
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def _opened(raw: msgspec.Raw, kind: type[T]) -> T | None:
    """Read the outermost level alone; None where it is of another kind."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        return None


def _encoded(descriptor: Descriptor, found: dict[str, Any]) -> bytes:
    encoded: bytes = GetMessageClass(descriptor)(**found).SerializeToString()
    return encoded


def _message(fields: Mapping[str, _Field], content: Any, depth: int) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise _Wrong(f"expected an object, got {_name(content)}")
    if depth > MAX_JSON_DEPTH:
        raise _Wrong(f"nested deeper than {MAX_JSON_DEPTH} levels")
    found = {}
    for name, value in content.items():
        field = fields.get(name)
        if field is not None and value is not None:
            try:
                found[field.name] = field.read(value, depth)
            except _Wrong as wrong:
                wrong.path.append(f".{name}")
                raise
    return found


@cache
def _fields(descriptor: Descriptor) -> dict[str, _Field]:
    return {
        field.json_name: _Field(
            field.name, field.number, _reader(field), field.message_type if field.is_repeated else None
        )
        for field in descriptor.fields
    }


def _reader(field: FieldDescriptor) -> Read:
    one = _messages(field.message_type) if field.message_type else _scalar(field)
    return _list(one) if field.is_repeated else one


def _messages(descriptor: Descriptor) -> Read:
    # The fields are found at the first use: a value may hold values, and so does its description.
    return lambda content, depth: _message(_fields(descriptor), content, depth + 1)


def _list(one: Read) -> Read:
    def read(content: Any, depth: int) -> list[Any]:
        if not isinstance(content, list):
            raise _Wrong(f"expected a list, got {_name(content)}")
        found: list[Any] = []
        try:
            for item in content:
                found.append(one(item, depth))  # noqa: PERF401 - its length tells which item was wrong
        except _Wrong as wrong:
            wrong.path.append(f"[{len(found)}]")
            raise
        return found

    return read


def _scalar(field: FieldDescriptor) -> Read:
    if field.cpp_type == field.CPPTYPE_STRING:
        if field.type == field.TYPE_BYTES:
            return _hex if field.name in _IDS else _base64
        return _text
    if field.cpp_type == field.CPPTYPE_BOOL:
        return _bool
    if field.enum_type is not None:
        return _enum({value.name: value.number for value in field.enum_type.values})
    return _float if field.cpp_type in {field.CPPTYPE_DOUBLE, field.CPPTYPE_FLOAT} else _int


def _text(value: Any, _depth: int) -> str:
    if isinstance(value, str):
        return value
    raise _Wrong(f"expected a string, got {_name(value)}")


def _bool(value: Any, _depth: int) -> bool:
    if isinstance(value, bool):
        return value
    raise _Wrong(f"expected true or false, got {_name(value)}")


def _int(value: Any, _depth: int) -> int:
    whole = isinstance(value, int | str) or (isinstance(value, float) and value.is_integer())
    try:
        if whole and not isinstance(value, bool):
            return int(value)
    except ValueError:
        raise _Wrong(f"expected a whole number, got {value[:64]!r}") from None
    raise _Wrong(f"expected a whole number, got {_name(value)}")


def _enum(numbers: Mapping[str, int]) -> Read:
    # OTLP has numbers only; Protobuf's own writers of JSON give names, and what they mean is clear.
    return lambda value, depth: numbers[value] if isinstance(value, str) and value in numbers else _int(value, depth)


def _float(value: Any, _depth: int) -> float:
    try:
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            return float(value)
    except (ValueError, OverflowError):
        raise _Wrong(f"expected a number, got {str(value)[:64]!r}") from None
    raise _Wrong(f"expected a number, got {_name(value)}")


def _hex(value: Any, depth: int) -> bytes:
    try:
        return bytes.fromhex(_text(value, depth))
    except ValueError:
        raise _Wrong(f"expected hexadecimal digits, got {value[:64]!r}") from None


def _base64(value: Any, depth: int) -> bytes:
    text = _text(value, depth).translate(_URL_SAFE).rstrip("=")
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except ValueError:
        raise _Wrong(f"expected base64, got {value[:64]!r}") from None


def _name(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
