"""One client for each protocol that acknowledges: sends numbered records and tells whether they were acknowledged."""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

import grpc
import httpx
import msgpack
import pyarrow as pa
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sightline.spool.format import FORMAT, Header, SegmentName, encode_header
from sightline.wire.pprof.messages import Profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from serving import Server

PATIENCE_S: Final = 30.0
"""Seconds that an answer may take before its sender gives up and sends again."""

_FIRST_MS: Final = time.time_ns() // 10**6 - 3_600_000
"""When the first sample of a series was taken; its number tells each other's."""

_JSON: Final = {"content-type": "application/json"}
_PROTOBUF: Final = {"content-type": "application/x-protobuf"}


class Client(Protocol):
    """Speaks one protocol. An OSError means that nobody knows what became of the records."""

    def send(self, body: Any) -> bool:
        """Send, and tell whether it was acknowledged."""

    def close(self) -> None:
        """Leave."""


@dataclass(frozen=True, slots=True)
class Sender:
    """
    How a protocol's records are made, sent and found again.

    Attributes:
        encode: makes a request of records with these numbers, of a run with this name.
        connect: makes a client of the server.
        found: the numbers of the records that are stored, in SQL; ``{run:String}`` is the run.
        once: whether what is sent again is to be stored once: the protocol carries what identifies it.
        records: of one request.
    """

    encode: Callable[[str, range], Any]
    connect: Callable[[Server], Client]
    found: str
    once: bool = False
    records: int = 50


class Http:
    """Sends requests to one path."""

    def __init__(self, server: Server, path: str, headers: dict[str, str]) -> None:
        self._client = httpx.Client(base_url=server.url, timeout=PATIENCE_S, trust_env=False, headers=headers)
        self._path = path

    def send(self, body: Any) -> bool:
        """Send a request; one that is refused for good is a mistake of this script."""
        try:
            answer = self._client.post(self._path, content=body)
        except httpx.TransportError as error:
            raise ConnectionError(str(error)) from error
        if answer.is_client_error and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            raise SystemExit(f"{self._path} was refused with {answer.status_code}: {answer.text}")
        return answer.is_success

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


class Grpc:
    """Calls ``Export`` of OTLP's service for log records."""

    _METHOD: Final = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"

    def __init__(self, server: Server) -> None:
        # A pool of its own: from the shared one a new channel has the old one's patience after a failure.
        options = [("grpc.use_local_subchannel_pool", 1)]
        self._channel = grpc.insecure_channel(server.listening["grpc"], options)
        self._export = self._channel.unary_unary(self._METHOD)

    def send(self, body: Any) -> bool:
        """Call."""
        try:
            self._export(body, timeout=PATIENCE_S)
        except grpc.RpcError as error:
            if error.code() in {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNIMPLEMENTED}:
                raise SystemExit(f"A call was refused: {error}") from error
            raise ConnectionError(str(error)) from error
        return True

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()


class Fluentd:
    """Sends chunks over one connection and waits for each one's acknowledgement."""

    def __init__(self, server: Server) -> None:
        host, _, port = server.listening["fluentd"].rpartition(":")
        self._connection = socket.create_connection((host, int(port)), PATIENCE_S)

    def send(self, body: Any) -> bool:
        """Send one chunk."""
        self._connection.sendall(msgpack.packb(body))
        answer = self._connection.recv(4096)
        return bool(answer) and msgpack.unpackb(answer) == {"ack": body[2]["chunk"]}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _http(path: str, headers: dict[str, str] | None = None) -> Callable[[Server], Client]:
    return lambda server: Http(server, path, headers or {})


def _spans(run: str, numbers: range) -> bytes:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for number in numbers:
        span = spans.add(trace_id=os.urandom(16), span_id=os.urandom(8), start_time_unix_nano=time.time_ns())
        span.attributes.add(key="run").value.string_value = run
        span.attributes.add(key="number").value.int_value = number
    encoded: bytes = request.SerializeToString()
    return encoded


def _logs(run: str, numbers: range) -> bytes:
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    for number in numbers:
        record = records.add(time_unix_nano=time.time_ns())
        record.attributes.add(key="run").value.string_value = run
        record.attributes.add(key="number").value.int_value = number
    encoded: bytes = request.SerializeToString()
    return encoded


def _written(run: str, numbers: range) -> bytes:
    """Encode one series whose samples have their numbers as values, a millisecond apart."""

    def varint(number: int) -> bytes:
        return (bytes([number & 0x7F | 0x80]) + varint(number >> 7)) if number > 0x7F else bytes([number])

    def part(at: int, content: bytes) -> bytes:
        return bytes([at << 3 | 2]) + varint(len(content)) + content

    labels = {"__name__": "durability", "run": run}
    named = b"".join(part(1, part(1, key.encode()) + part(2, text.encode())) for key, text in labels.items())
    values = pa.array(numbers, pa.float64()).to_numpy()
    samples = b"".join(
        part(2, b"\x09" + value.tobytes() + b"\x10" + varint(_FIRST_MS + number))
        for number, value in zip(numbers, values, strict=True)
    )
    compressed: bytes = pa.Codec("snappy").compress(part(1, named + samples), asbytes=True)
    return compressed


def _pushed(run: str, numbers: range) -> bytes:
    values = [[str(time.time_ns()), str(number)] for number in numbers]
    return json.dumps({"streams": [{"stream": {"app": "durability", "run": run}, "values": values}]}).encode()


def _objects(run: str, numbers: range) -> bytes:
    return b"".join(json.dumps({"message": "x", "run": run, "number": n}).encode() + b"\n" for n in numbers)


def _bulk(run: str, numbers: range) -> bytes:
    # With a time, as shippers send them: where there is none, what comes again on another day is another record.
    told = {"message": "x", "run": run, "@timestamp": time.time_ns() // 10**6}
    pairs = (({"create": {"_id": f"{run}-{number}"}}, {**told, "number": number}) for number in numbers)
    return b"".join(json.dumps(line).encode() + b"\n" for pair in pairs for line in pair)


def _chunk(run: str, numbers: range) -> list[Any]:
    entries = [[int(time.time()), {"message": "x", "run": run, "number": number}] for number in numbers]
    return ["durability", entries, {"chunk": f"{run}-{numbers.start}"}]


def _event(run: str, numbers: range) -> bytes:
    identity = os.urandom(16).hex()
    event = {"event_id": identity, "message": "x", "tags": {"run": run, "number": str(numbers.start)}}
    return b"\n".join(json.dumps(part).encode() for part in ({"event_id": identity}, {"type": "event"}, event))


def _beacon(run: str, numbers: range) -> bytes:
    now_ms = time.time_ns() // 10**6
    events = [{"k": "click", "t": now_ms, "el": str(number)} for number in numbers]
    told = {"app": run, "id": os.urandom(16).hex(), "page": "http://shop/", "sent": now_ms, "events": events}
    return json.dumps(told).encode()


def _profile(run: str, numbers: range) -> bytes:
    texts = ["", "cpu", "nanoseconds", *(f"{run}:{number}" for number in numbers)]
    profile = Profile(string_table=[text.encode() for text in texts], time_nanos=time.time_ns())
    profile.sample_type.add(type=1, unit=2)
    for place in range(1, len(numbers) + 1):
        profile.function.add(id=place, name=place + 2)
        profile.location.add(id=place).line.add(function_id=place)
        profile.sample.add(location_id=[place], value=[1])
    encoded: bytes = profile.SerializeToString()
    return encoded


@dataclass(slots=True)
class _Segments:
    """Writes ranges as they lie in a segment of an application elsewhere, one segment a run."""

    places: dict[str, tuple[str, bytes, int]] = field(default_factory=dict)

    def encode(self, run: str, numbers: range) -> bytes:
        """Encode the next range of a run's segment."""
        if run not in self.places:
            instance = os.urandom(8).hex()
            header = encode_header(Header(FORMAT, time.time_ns(), instance, os.getpid(), {"service.name": run}))
            self.places[run] = str(SegmentName(time.time_ns() // 10**6, instance, 0)), header, len(header)
        segment, header, start = self.places[run]
        instance = segment.split("-")[1]
        lines = b"".join(
            json.dumps(
                {"kind": "log", "time": time.time_ns(), "instance": instance, "severity": 9, "level": "INFO",
                 "body": "x", "attributes": {"run": run, "number": number}}, separators=(",", ":"),
            ).encode() + b"\n"
            for number in numbers
        )  # fmt: skip
        end = start + len(lines)
        self.places[run] = segment, header, end
        address = {"kind": "range", "segment": segment, "start": start, "end": end}
        return json.dumps(address, separators=(",", ":")).encode() + b"\n" + header + lines


_LOGGED: Final = (
    "SELECT toUInt64OrZero(LogAttributes['number']) AS n FROM otel_logs WHERE LogAttributes['run'] = {run:String}"
)

SENDERS: Final[dict[str, Sender]] = {
    "otlp_http": Sender(
        _spans, _http("/v1/traces", _PROTOBUF),
        "SELECT toUInt64OrZero(SpanAttributes['number']) AS n FROM otel_traces "
        "WHERE SpanAttributes['run'] = {run:String}",
    ),
    "otlp_grpc": Sender(_logs, Grpc, _LOGGED),
    "remote_write": Sender(
        _written, _http("/api/v1/write"),
        "SELECT toUInt64(Value) AS n FROM metric_samples FINAL WHERE SeriesId IN "
        "(SELECT SeriesId FROM metric_series WHERE MetricName = 'durability' AND Labels['run'] = {run:String})",
        once=True,
    ),
    "loki": Sender(
        _pushed, _http("/loki/api/v1/push", _JSON),
        "SELECT toUInt64OrZero(Body) AS n FROM otel_logs WHERE ResourceAttributes['run'] = {run:String}",
    ),
    "elasticsearch": Sender(_bulk, _http("/_bulk", _JSON), _LOGGED, once=True),
    "ndjson": Sender(_objects, _http("/api/v1/logs/ndjson", _JSON), _LOGGED),
    "fluentd": Sender(_chunk, Fluentd, _LOGGED, once=True),
    "sentry": Sender(_event, _http("/api/7/envelope/"), _LOGGED, once=True, records=1),
    "rum": Sender(
        _beacon, _http("/api/rum", _JSON),
        "SELECT toUInt64OrZero(Data['target']) AS n FROM events WHERE ServiceName = {run:String}",
    ),
    "pprof": Sender(
        _profile, _http("/api/v1/profiles/pprof?service=durability"),
        "SELECT toUInt64OrZero(splitByChar(':', Stack[-1])[2]) AS n FROM profiles "
        "WHERE startsWith(Stack[-1], {run:String})",
        once=True,
    ),
    "shipped": Sender(_Segments().encode, _http("/api/v1/lines"), _LOGGED, once=True),
}  # fmt: skip
"""By the protocol's name. Syslog is not among them: nothing in it acknowledges."""
