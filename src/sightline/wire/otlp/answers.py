"""What a client of OTLP is answered: a success, whole or partial, or a ``google.rpc.Status``, in its own encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from google.protobuf import json_format
from google.rpc import code_pb2, error_details_pb2, status_pb2
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

if TYPE_CHECKING:
    from google.protobuf.message import Message

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"

_SUCCESSES: Final[dict[str, tuple[Any, str]]] = {
    "traces": (ExportTraceServiceResponse, "rejected_spans"),
    "logs": (ExportLogsServiceResponse, "rejected_log_records"),
    "metrics": (ExportMetricsServiceResponse, "rejected_data_points"),
}

_CODES: Final = {
    400: code_pb2.INVALID_ARGUMENT,
    413: code_pb2.RESOURCE_EXHAUSTED,
    415: code_pb2.INVALID_ARGUMENT,
    503: code_pb2.UNAVAILABLE,
}
"""The protocol gives ``Status.code`` no meaning; these are gRPC's own."""


def success(signal: str, encoding: str, *, rejected: int = 0, reason: str = "") -> bytes:
    """Encode the answer to a request that was stored; ``partial_success`` is left out where all of it was."""
    kind, counter = _SUCCESSES[signal]
    message = kind()
    if rejected or reason:
        setattr(message.partial_success, counter, rejected)
        message.partial_success.error_message = reason
    return _encode(message, encoding)


def failure(status: int, detail: str) -> bytes:
    """Encode a ``google.rpc.Status`` as Protobuf; for data at fault with a ``BadRequest``, as the protocol asks."""
    return _encode(_status(status, detail), PROTOBUF)


def failure_members(status: int, detail: str) -> dict[str, Any]:
    """Give the members of the same ``google.rpc.Status`` in JSON, to be put beside those of a problem."""
    members: dict[str, Any] = json_format.MessageToDict(_status(status, detail))
    return members


def _status(status: int, detail: str) -> Message:
    message = status_pb2.Status(code=_CODES.get(status, code_pb2.UNKNOWN), message=detail)
    if status == 400:
        violation = error_details_pb2.BadRequest.FieldViolation(field="body", description=detail)
        message.details.add().Pack(error_details_pb2.BadRequest(field_violations=[violation]))
    return message


def _encode(message: Message, encoding: str) -> bytes:
    if encoding == PROTOBUF:
        encoded: bytes = message.SerializeToString()
        return encoded
    return msgspec.json.encode(json_format.MessageToDict(message))
