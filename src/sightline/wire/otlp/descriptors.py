"""
OTLP's messages as ptars is to read them: the published descriptors, cut down when this module loads.

Fields that no table keeps are left out, so that nothing is decoded to be thrown away. A value may hold
values, without end; the lists inside one stay bytes here and are decoded one by one, where they occur (``values.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2
from ptars import HandlerPool

from sightline.base.errors import DecodeError
from sightline.wire.otlp import counts

if TYPE_CHECKING:
    import pyarrow as pa
    from google.protobuf.descriptor import FileDescriptor

REQUESTS: Final[dict[str, Any]] = {
    "traces": trace_service_pb2.ExportTraceServiceRequest,
    "logs": logs_service_pb2.ExportLogsServiceRequest,
    "metrics": metrics_service_pb2.ExportMetricsServiceRequest,
}
"""The message that a client sends, by signal."""

_UNREAD: Final = frozenset(
    {
        "dropped_attributes_count",
        "dropped_events_count",
        "dropped_links_count",
        "entity_refs",
        "key_strindex",
        "metadata",
        "string_value_strindex",
    }
)
"""Fields that are not stored. The two indices belong to profiles alone, says the protocol."""

_EXEMPLAR: Final = "opentelemetry.proto.metrics.v1.Exemplar"

_LEFT_AS_BYTES: Final = frozenset({"array_value", "exemplars", "kvlist_value"})
"""Exemplars too, which few points have: they are read where there are any."""

_FILES: Final[tuple[Any, ...]] = (
    common_pb2,
    resource_pb2,
    trace_pb2,
    logs_pb2,
    metrics_pb2,
    trace_service_pb2,
    logs_service_pb2,
    metrics_service_pb2,
)
"""The modules whose descriptors are read, each after those that it imports."""


def read(signal: str, body: bytes) -> pa.Array:
    """
    Decode one request into nested Arrow, one element for each of its resources.

    Raises:
        DecodeError: if *body* is no such message; the text is the decoder's own.
        BodyTooLarge: if it holds too many.
    """
    counts.check(signal, body)
    try:
        return _HANDLERS[signal].list_to_record_batch([body]).column(0).flatten()
    except ValueError as error:
        raise DecodeError(f"The body is no Protobuf of {REQUESTS[signal].DESCRIPTOR.name}: {error}.") from None


def read_exemplars(content: list[bytes]) -> pa.StructArray:
    """
    Decode exemplars, one each.

    Raises:
        DecodeError: if one is no such message; the text is the decoder's own.
    """
    try:
        batch = _HANDLERS[_EXEMPLAR].list_to_record_batch(content)
    except ValueError as error:
        raise DecodeError(f"An exemplar is no Protobuf of {_EXEMPLAR}: {error}.") from None
    return batch.to_struct_array()


def _trim(file: FileDescriptor) -> bytes:
    copy = FileDescriptorProto()
    file.CopyToProto(copy)
    copy.ClearField("service")
    messages = list(copy.message_type)
    while messages:
        message = messages.pop()
        messages.extend(message.nested_type)
        kept = [field for field in message.field if field.name not in _UNREAD]
        for field in kept:
            if field.name in _LEFT_AS_BYTES:
                field.type = FieldDescriptorProto.TYPE_BYTES
                field.ClearField("type_name")
        kept = [FieldDescriptorProto.FromString(field.SerializeToString()) for field in kept]
        del message.field[:]
        message.field.extend(kept)
    trimmed: bytes = copy.SerializeToString()
    return trimmed


def _handlers() -> dict[str, Any]:
    pool = DescriptorPool()
    for module in _FILES:
        pool.AddSerializedFile(_trim(module.DESCRIPTOR))
    names = {signal: kind.DESCRIPTOR.full_name for signal, kind in REQUESTS.items()} | {_EXEMPLAR: _EXEMPLAR}
    messages = {name: pool.FindMessageTypeByName(full_name) for name, full_name in names.items()}
    handlers = HandlerPool([message.file for message in messages.values()])
    return {name: handlers.get_for_message(message) for name, message in messages.items()}


_HANDLERS: Final = _handlers()
