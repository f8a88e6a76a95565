"""
OTLP over gRPC, on a port of its own: the ``Export`` of the three services.

The same steps as OTLP over HTTP, with gRPC's statuses: what is worth another try is ``UNAVAILABLE``, with a
``RetryInfo`` that tells when.
"""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn

from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

from sightline.base.errors import BodyTooLarge, DecodeError, RowsRefused, StoreUnavailable
from sightline.base.limits import MAX_BODY_BYTES
from sightline.server.ingest.body import STALLED_S, decompress, unstalled
from sightline.server.ingest.otlp import decode
from sightline.server.ports import take, taken
from sightline.server.problems import RETRY_AFTER_S
from sightline.wire.otlp.answers import PROTOBUF, success

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from sightline.server.services import Services
    from sightline.wire.decoded import Decoded

GRACE_S: Final = 5.0
"""Seconds that requests under way get when the server stops."""

CALLS_AT_ONCE: Final = 256
"""Calls that are taken side by side; more are told to come again, before their bytes are read."""

_SERVICES: Final = {
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
}

_OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_BODY_BYTES),
    ("grpc.per_message_decompression", 0),  # by itself it would inflate every call's message, held by nobody
    ("grpc.so_reuseport", 0),  # two servers on one port would share its clients
)

_ENCODINGS: Final = {b"\x1f\x8b": "gzip", b"\x78": "deflate"}
"""How compressed messages begin. No request does: to Protobuf these are a field that there is not."""

_log = logging.getLogger(__name__)


@asynccontextmanager
async def listen(
    services: Services, *, calls_at_once: int = CALLS_AT_ONCE, stalled_s: float = STALLED_S
) -> AsyncIterator[None]:
    """
    Take OTLP on the setting ``grpc_port`` until the server stops; ``off`` takes none.

    Args:
        services: of this server.
        calls_at_once: calls that are taken side by side.
        stalled_s: how long a call may send nothing, in seconds.

    Raises:
        StoreUnavailable: if the port cannot be taken, and somebody chose it.
    """
    if services.settings["grpc_port"] == "off":
        yield
        return
    try:
        # Tried before gRPC's server is made: one that found its port taken may keep the interpreter from ending.
        take(services.settings, "grpc_port").close()
    except StoreUnavailable as error:
        if "grpc_port" not in services.spare:
            raise
        # An application started this server; that it runs is worth more than a port that another Collector has.
        services.health.left_out["grpc"] = f"OTLP over gRPC is not taken here. {error}"
        _log.warning(services.health.left_out["grpc"])
        yield
        return
    import grpc  # some megabytes that a server without it need not have
    from grpc import aio

    server, calls = aio.server(options=_OPTIONS), _Calls(services, calls_at_once, stalled_s)
    for signal, name in _SERVICES.items():
        # As a stream of one message: its bytes are read when it is asked for, not before.
        method = grpc.stream_unary_rpc_method_handler(partial(calls.export, signal))
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {"Export": method}),))
    services.listening["grpc"] = _bind(server, services.settings)
    await server.start()
    try:
        yield
    finally:
        await server.stop(GRACE_S)


def _bind(server: Any, settings: Mapping[str, Any]) -> str:
    host = str(settings["host"]).strip("[]")
    shown = f"[{host}]" if ":" in host else host
    try:
        port = server.add_insecure_port(f"{shown}:{settings['grpc_port']}")
    except RuntimeError:
        raise taken(host, int(settings["grpc_port"]), "grpc_port", "Address already in use") from None
    return f"{shown}:{port}"


class _Calls:
    """
    Takes the calls of one server.

    Python's own limit of calls says ``RESOURCE_EXHAUSTED`` without a ``RetryInfo``, upon which clients drop what they
    wanted to send.
    """

    def __init__(self, services: Services, at_once: int, stalled_s: float) -> None:
        self._services, self._at_once, self._stalled_s = services, at_once, stalled_s
        self._under_way = 0

    async def export(self, signal: str, messages: AsyncIterator[bytes], context: Any) -> bytes:
        self._under_way += 1
        try:
            decoded = await self._take(signal, messages)
        except (BodyTooLarge, DecodeError, RowsRefused, StoreUnavailable) as error:
            self._services.counters.refuse("otlp", str(error))
            await _refuse(context, error)
        except Exception:
            _log.exception("OTLP over gRPC: a request failed")
            raise
        finally:
            self._under_way -= 1
        return success(signal, PROTOBUF, rejected=decoded.rejected, reason=decoded.reason)

    async def _take(self, signal: str, messages: AsyncIterator[bytes]) -> Decoded:
        if self._under_way > self._at_once:
            raise StoreUnavailable(f"{self._at_once} calls are under way already. Send this one again later.")
        intake = self._services.intake
        with intake.pending.request() as hold:
            content = await unstalled(anext(messages, b""), self._stalled_s)
            hold.grow(len(content))
            if encoding := next((name for begin, name in _ENCODINGS.items() if content.startswith(begin)), ""):
                content = await intake.decode(decompress, content, encoding)
                hold.grow(len(content) - hold.size_bytes)
            decoded = await intake.decode(decode, signal, PROTOBUF, content)
            return await intake.store("otlp", decoded)


async def _refuse(context: Any, error: Exception) -> NoReturn:
    """End a call with the status that tells its client whether to come again, and when."""
    from grpc import StatusCode

    again = isinstance(error, StoreUnavailable)
    code = StatusCode.UNAVAILABLE if again else StatusCode.INVALID_ARGUMENT
    status = status_pb2.Status(code=code.value[0], message=str(error))
    if again:
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=Duration(seconds=RETRY_AFTER_S)))
    else:
        violation = error_details_pb2.BadRequest.FieldViolation(field="body", description=str(error))
        status.details.add().Pack(error_details_pb2.BadRequest(field_violations=[violation]))
    await context.abort(code, str(error), (("grpc-status-details-bin", status.SerializeToString()),))
    raise AssertionError("abort() always raises")
