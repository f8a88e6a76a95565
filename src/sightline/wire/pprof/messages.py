"""
The messages of pprof and of Pyroscope's push, described here as far as they are read.

The published ones need code that is generated for each version of Protobuf; these few lines say the same.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_SCALARS: Final = {
    "int64": FieldDescriptorProto.TYPE_INT64,
    "uint64": FieldDescriptorProto.TYPE_UINT64,
    "string": FieldDescriptorProto.TYPE_STRING,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
}

_MESSAGES: Final = {
    "ValueType": "int64 type 1, int64 unit 2",
    "Label": "int64 key 1, int64 str 2, int64 num 3",
    "Sample": "uint64* location_id 1, int64* value 2, Label* label 3",
    "Line": "uint64 function_id 1",
    "Location": "uint64 id 1, uint64 mapping_id 2, uint64 address 3, Line* line 4",
    "Function": "uint64 id 1, int64 name 2, int64 system_name 3, int64 filename 4",
    "Profile": (
        "ValueType* sample_type 1, Sample* sample 2, Location* location 4, Function* function 5, "
        "bytes* string_table 6, int64 time_nanos 9, int64 duration_nanos 10, ValueType period_type 11, int64 period 12"
    ),
    "Pair": "string name 1, string value 2",
    "Raw": "bytes profile 1",
    "Series": "Pair* labels 1, Raw* samples 2",
    "Push": "Series* series 1",
}
"""Fields as ``type name number``, repeated ones with a star. ``Push`` is ``push.v1.PushRequest``."""


def _field(text: str) -> FieldDescriptorProto:
    kind, name, number = text.split()
    field = FieldDescriptorProto(name=name, number=int(number), label=FieldDescriptorProto.LABEL_OPTIONAL)
    if kind.endswith("*"):
        field.label = FieldDescriptorProto.LABEL_REPEATED
    kind = kind.rstrip("*")
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".sightline.pprof.{kind}"
    return field


def _pool() -> DescriptorPool:
    messages = [
        DescriptorProto(name=name, field=[_field(text) for text in fields.split(", ")])
        for name, fields in _MESSAGES.items()
    ]
    file = FileDescriptorProto(
        name="sightline/pprof.proto", package="sightline.pprof", syntax="proto3", message_type=messages
    )
    pool = DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL: Final = _pool()


def _message(name: str) -> Any:
    return GetMessageClass(_POOL.FindMessageTypeByName(f"sightline.pprof.{name}"))


Profile: Final[Any] = _message("Profile")
Push: Final[Any] = _message("Push")
