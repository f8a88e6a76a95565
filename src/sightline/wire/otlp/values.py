"""Attribute values of any type, as the strings that the tables keep, whole columns at a time."""

from __future__ import annotations

import base64
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.message import DecodeError as ProtobufDecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValueList

from sightline.base.errors import BodyTooLarge, DecodeError

MAX_VALUE_DEPTH: Final = 32
"""Lists inside lists of one value. Deeper ones are refused: they are made to exhaust a stack, not to be read."""


MAX_VALUE_BYTES: Final = 4 * 1024 * 1024
"""Bytes of one list or map: those of very many nothings take a hundred times as much while they are read."""


def to_strings(values: pa.StructArray) -> pa.Array:
    """
    Turn an array of ``AnyValue`` into strings, the empty one where nothing was set.

    Strings stay as they are, numbers and bools are written as in JSON, bytes become base64, lists and maps JSON.

    Raises:
        DecodeError: if the bytes of a list or map are broken, or it is nested deeper than ``MAX_VALUE_DEPTH``.
        BodyTooLarge: if a list or map has more than ``MAX_VALUE_BYTES``.
    """
    texts = [values.field("string_value")]
    count = len(values)
    for name, convert in _CONVERSIONS.items():
        column = values.field(name)
        if column.null_count < count:
            texts.append(convert(column))
    if len(texts) == 1 and not texts[0].null_count:
        return texts[0]
    return pc.coalesce(*texts, "")


def _numbers(column: pa.Array) -> pa.Array:
    return pc.cast(column, pa.string())


def _bytes(column: pa.Array) -> pa.Array:
    return _each(column, lambda raw: base64.b64encode(raw).decode())


def _arrays(column: pa.Array) -> pa.Array:
    return _each(column, lambda raw: _json(ArrayValue, raw))


def _maps(column: pa.Array) -> pa.Array:
    return _each(column, lambda raw: _json(KeyValueList, raw))


def _each(column: pa.Array, convert: Any) -> pa.Array:
    present = pc.drop_null(column).to_pylist()
    converted = pa.array([convert(raw) for raw in present], pa.string())
    return pc.replace_with_mask(pa.nulls(len(column), pa.string()), column.is_valid(), converted)


_CONVERSIONS: Final = {
    "int_value": _numbers,
    "bool_value": _numbers,
    "double_value": _numbers,
    "array_value": _arrays,
    "kvlist_value": _maps,
    "bytes_value": _bytes,
}


def _json(kind: Any, raw: bytes) -> str:
    if len(raw) > MAX_VALUE_BYTES:
        raise BodyTooLarge(f"An attribute's list or map has {len(raw):,} bytes; at most {MAX_VALUE_BYTES:,} are taken.")
    try:
        message = kind.FromString(raw)
    except ProtobufDecodeError as error:
        raise DecodeError(f"An attribute's value is no {kind.DESCRIPTOR.name}: {error}.") from None
    return msgspec.json.encode(_members(message, 1)).decode()


def _members(message: Any, depth: int) -> Any:
    if depth > MAX_VALUE_DEPTH:
        raise DecodeError(f"An attribute's value is nested deeper than {MAX_VALUE_DEPTH} levels.")
    if isinstance(message, ArrayValue):
        return [_plain(value, depth) for value in message.values]
    return {pair.key: _plain(pair.value, depth) for pair in message.values}


def _plain(value: AnyValue, depth: int) -> Any:
    kind = value.WhichOneof("value")
    if kind is None or kind == "string_value_strindex":
        return None
    content = getattr(value, kind)
    return _members(content, depth + 1) if kind in {"array_value", "kvlist_value"} else content
