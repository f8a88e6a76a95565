"""Syslog on ports of its own: UDP and TCP on one, TLS on another. Nothing is acknowledged, as the protocol has it."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sightline.base.errors import DecodeError, SettingInvalid
from sightline.server import ports
from sightline.server.ingest.syslog_batch import SyslogBatch
from sightline.wire.syslog_frames import Frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from sightline.server.services import Services

MAX_CONNECTIONS: Final = 1024
"""Connections at a time; further ones are closed at once."""

IDLE_S: Final = 3600.0
"""Seconds that a connection may be silent. Senders keep theirs open for hours between messages."""

STALLED_S: Final = 60.0
"""Seconds without a byte in the middle of a message, after which the connection is closed."""

READ_BYTES: Final = 64 * 1024

RECEIVE_BYTES: Final = 4 * 1024 * 1024
"""What the kernel is asked to hold of datagrams that come in a burst; it may give less."""

_log = logging.getLogger(__name__)


@asynccontextmanager
async def listen(services: Services) -> AsyncIterator[None]:
    """Take messages on ``syslog_port`` and ``syslog_tls_port``; what was received by the end is stored."""
    settings = services.settings
    if settings["syslog_port"] == settings["syslog_tls_port"] == "off":
        yield
        return
    batch = SyslogBatch(services)
    streams = Streams(services, batch)
    async with AsyncExitStack() as stack:
        storing = asyncio.create_task(batch.run(), name="syslog")
        stack.push_async_callback(asyncio.wait, [storing])
        stack.callback(batch.stop)
        stack.push_async_callback(streams.stop)
        if settings["syslog_port"] != "off":
            await _listen_plain(services, batch, streams, stack)
        if settings["syslog_tls_port"] != "off":
            await _listen_tls(services, streams, stack)
        yield


async def _listen_plain(services: Services, batch: SyslogBatch, streams: Streams, stack: AsyncExitStack) -> None:
    listener, datagrams = ports.take_both(services.settings, "syslog_port")
    services.listening["syslog"] = ports.shown(listener)
    datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(partial(_Datagrams, batch), sock=datagrams)
    stack.callback(transport.close)
    server = await asyncio.start_server(streams.serve, sock=listener, limit=READ_BYTES)
    stack.callback(server.close)


async def _listen_tls(services: Services, streams: Streams, stack: AsyncExitStack) -> None:
    context = _tls(services.settings)
    listener = ports.take(services.settings, "syslog_tls_port")
    services.listening["syslog_tls"] = ports.shown(listener)
    server = await asyncio.start_server(
        streams.serve, sock=listener, limit=READ_BYTES, ssl=context, ssl_handshake_timeout=STALLED_S
    )
    stack.callback(server.close)


def _tls(settings: Mapping[str, Any]) -> ssl.SSLContext:
    certificate, key = settings["syslog_tls_certificate"], settings["syslog_tls_key"]
    if not certificate or not key:
        raise SettingInvalid(
            "syslog_tls_port is set, and syslog_tls_certificate or syslog_tls_key is not. Expected the paths of a "
            "certificate and of its key, both PEM; or set SIGHTLINE_SYSLOG_TLS_PORT=off."
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:
        raise SettingInvalid(
            f"syslog_tls_certificate {certificate} and syslog_tls_key {key} cannot be used: {error}. "
            "Expected the paths of a certificate and of its key, both PEM, the key without a password."
        ) from None
    return context


class _Datagrams(asyncio.DatagramProtocol):
    """Takes each datagram for one message."""

    def __init__(self, batch: SyslogBatch) -> None:
        self._batch = batch

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if data and not self._batch.offer(data, str(addr[0])):
            self._batch.shed_one()


class Streams:
    """Serves the connections of one server, with TLS or without."""

    def __init__(self, services: Services, batch: SyslogBatch) -> None:
        self._services = services
        self._batch = batch
        self._connections: set[asyncio.Task[Any]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take in what one connection sends, until its end."""
        task = asyncio.current_task()
        if task is None or len(self._connections) >= MAX_CONNECTIONS:
            self._services.counters.refuse("syslog", f"There are {MAX_CONNECTIONS} connections already.")
            writer.close()
            return
        self._connections.add(task)
        frames, sender = Frames(), str(writer.get_extra_info("peername", ("",))[0])
        try:
            await self._take(reader, frames, sender)
        except DecodeError as error:
            self._services.counters.refuse("syslog", str(error))
            _log.warning("A connection of syslog was closed: %s", error)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # it left, it stalled, or the server stops
        except Exception as error:
            reason = f"The server failed: {type(error).__name__}. Its log tells more."
            self._services.counters.refuse("syslog", reason)
            _log.exception("A connection of syslog was closed: the server failed")
        finally:
            self._connections.discard(task)
            if rest := frames.rest():
                self._batch.offer(rest, sender)
            writer.close()

    async def stop(self) -> None:
        """End all connections; what they have sent by now is kept."""
        for task in self._connections:
            task.cancel()
        if self._connections:
            await asyncio.wait(list(self._connections))

    async def _take(self, reader: asyncio.StreamReader, frames: Frames, sender: str) -> None:
        while True:
            async with asyncio.timeout(STALLED_S if frames.held_bytes else IDLE_S):
                content = await reader.read(READ_BYTES)
            if not content:
                return
            for message in frames.feed(content):
                await self._batch.put(message, sender)
