"""OTLP's JSON, Protobuf's but for identifiers in hex, turned into the binary encoding: after it there is one way."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Final

import msgspec
from google.protobuf import json_format

from sightline.base.errors import DecodeError
from sightline.wire.otlp.descriptors import REQUESTS

_IDS: Final = frozenset({"traceId", "spanId", "parentSpanId"})

MAX_JSON_DEPTH: Final = 64
"""Objects inside objects of one request. The protocol's own are nine deep; values inside values take the rest."""


def to_protobuf(signal: str, body: bytes) -> bytes:
    """
    Encode a request of OTLP's JSON as Protobuf. Names that the protocol does not know are ignored.

    Raises:
        DecodeError: if *body* is no JSON, or not of this message; the text says where.
    """
    kind = REQUESTS[signal]
    try:
        content = msgspec.json.decode(body)
        if not isinstance(content, dict):
            raise DecodeError(f"The body is no {kind.DESCRIPTOR.name}: expected an object, got a {_name(content)}.")
        _encode_ids(content)
        message = json_format.ParseDict(content, kind(), ignore_unknown_fields=True, max_recursion_depth=MAX_JSON_DEPTH)
        encoded: bytes = message.SerializeToString()
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise DecodeError(f"The body is no JSON: {error}.") from None
    except (json_format.ParseError, ValueError, TypeError, AttributeError) as error:
        raise DecodeError(f"The body is no {kind.DESCRIPTOR.name}: {error}") from None
    return encoded


def _encode_ids(content: dict[str, Any]) -> None:
    """Rewrite hex identifiers as base64, which is what Protobuf's JSON has for bytes."""
    waiting: list[Any] = [content]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, dict):
            for name in _IDS & item.keys():
                item[name] = _base64(name, item[name])
            waiting.extend(member for member in item.values() if isinstance(member, dict | list))


def _base64(name: str, text: object) -> str | None:
    if text is None:
        return None
    try:
        return b64encode(bytes.fromhex(text)).decode()  # type: ignore[arg-type] # a wrong type is the error that is caught
    except (ValueError, TypeError):
        raise DecodeError(f"{name} is {text!r}; expected hexadecimal digits.") from None


def _name(content: object) -> str:
    return {list: "list", str: "string", bool: "bool", type(None): "null"}.get(type(content), "number")
