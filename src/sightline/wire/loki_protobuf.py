"""Loki's ``logproto.PushRequest``, as its clients send it: Protobuf, compressed by snappy."""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import message, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.wire import snappy

MAX_BYTES: Final = 16 * 1024 * 1024
"""Largest request when decompressed, sixteen times what shippers send; as objects it takes up to thirty times that."""

_MESSAGES: Final[dict[str, tuple[tuple[str, int, str], ...]]] = {
    "PushRequest": (("streams", 1, "*Stream"),),
    "Stream": (("labels", 1, "string"), ("entries", 2, "*Entry")),
    "Entry": (("timestamp", 1, "Timestamp"), ("line", 2, "bytes"), ("structuredMetadata", 3, "*Pair")),
    "Timestamp": (("seconds", 1, "int64"), ("nanos", 2, "int32")),
    "Pair": (("name", 1, "string"), ("value", 2, "string")),
}
"""Fields that are read, their numbers and types; ``*`` for repeated. A line is bytes, as it need not be UTF-8."""


def _request() -> Any:
    file = FileDescriptorProto(name="sightline_loki.proto", package="sightline.loki", syntax="proto3")
    for name, fields in _MESSAGES.items():
        described = file.message_type.add(name=name)
        for field, number, kind in fields:
            label = FieldDescriptorProto.LABEL_REPEATED if kind[0] == "*" else FieldDescriptorProto.LABEL_OPTIONAL
            added = described.field.add(name=field, number=number, label=label)
            if kind.lstrip("*") in _MESSAGES:
                added.type, added.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".sightline.loki.{kind.lstrip('*')}"
            else:
                added.type = getattr(FieldDescriptorProto, f"TYPE_{kind.upper()}")
    pool = DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("sightline.loki.PushRequest"))


PushRequest: Final = _request()
"""The message's class."""


def read(body: bytes) -> Any:
    """
    Decompress and parse a ``PushRequest``.

    Raises:
        DecodeError: if it is none.
        BodyTooLarge: if it is over ``MAX_BYTES``.
    """
    size = snappy.size(body)
    if size > MAX_BYTES:
        raise BodyTooLarge(f"The body has {size:,} bytes when decompressed; at most {MAX_BYTES:,} are taken.")
    content = snappy.decompress(body)
    try:
        return PushRequest.FromString(content)
    except message.DecodeError:
        raise DecodeError("The body is no logproto.PushRequest in Protobuf.") from None
