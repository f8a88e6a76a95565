"""
Messages of Protobuf, described by a line each.

Published descriptions need code that is generated for each version of Protobuf; a few lines say as much as is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCALARS: Final = {
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "uint64": FieldDescriptorProto.TYPE_UINT64,
    "fixed64": FieldDescriptorProto.TYPE_FIXED64,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "uint32": FieldDescriptorProto.TYPE_UINT32,
    "sint32": FieldDescriptorProto.TYPE_SINT32,
    "sint64": FieldDescriptorProto.TYPE_SINT64,
    "string": FieldDescriptorProto.TYPE_STRING,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
}


def message_classes(package: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """
    Make the classes of messages that refer to one another.

    Args:
        package: a name of its own, such as ``prometheus``.
        fields: each message's fields by its name, as ``type name number`` with commas between; repeated ones have a
            star after their type.
    """
    pool = DescriptorPool()
    file = FileDescriptorProto(name=f"sightline/{package}.proto", package=f"sightline.{package}", syntax="proto3")
    for name, described in fields.items():
        file.message_type.append(
            DescriptorProto(name=name, field=[_field(text, package) for text in described.split(", ")])
        )
    pool.AddSerializedFile(file.SerializeToString())
    return {name: GetMessageClass(pool.FindMessageTypeByName(f"sightline.{package}.{name}")) for name in fields}


def _field(text: str, package: str) -> FieldDescriptorProto:
    kind, name, number = text.split()
    field = FieldDescriptorProto(name=name, number=int(number), label=FieldDescriptorProto.LABEL_OPTIONAL)
    if kind.endswith("*"):
        field.label = FieldDescriptorProto.LABEL_REPEATED
    kind = kind.rstrip("*")
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".sightline.{package}.{kind}"
    return field
