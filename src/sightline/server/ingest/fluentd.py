"""
Fluentd's forward protocol on a port of its own.

A chunk is acknowledged when it is stored, and stored once however often it is sent.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import msgpack

from sightline.base.errors import SightlineError
from sightline.server import ports
from sightline.wire.fluentd import Messages, decode_message
from sightline.wire.fluentd_handshake import Handshake

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sightline.server.ingest.body import Hold
    from sightline.server.services import Services

MAX_CONNECTIONS: Final = 512
"""Connections at a time; further ones are closed at once, and their senders try again."""

IDLE_S: Final = 600.0
"""Seconds that a connection may be silent between messages."""

STALLED_S: Final = 60.0
"""Seconds without a byte in the middle of a message or of the handshake, after which the connection is closed."""

READ_BYTES: Final = 256 * 1024

_log = logging.getLogger(__name__)


@asynccontextmanager
async def listen(services: Services) -> AsyncIterator[None]:
    """Take connections and heartbeats on ``fluentd_port``; what is being stored at the end is stored."""
    if services.settings["fluentd_port"] == "off":
        yield
        return
    listener, heartbeats = ports.take_both(services.settings, "fluentd_port")
    services.listening["fluentd"] = ports.shown(listener)
    forward = Forward(services)
    server = await asyncio.start_server(forward.serve, sock=listener, limit=READ_BYTES)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(_Heartbeats, sock=heartbeats)
    try:
        yield
    finally:
        transport.close()
        server.close()
        await forward.stop()


class _Heartbeats(asyncio.DatagramProtocol):
    """Answers each heartbeat, by which Fluentd sees whether a server is there."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if len(data) <= 16:  # never more than was sent: nobody is flooded by way of this server
            self._transport.sendto(data[:1] or b"\0", addr)


class Forward:
    """Serves the connections of one server."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._key = str(services.settings["fluentd_shared_key"])
        self._connections: dict[asyncio.Task[Any], Connection] = {}
        self._stopping = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take in what one connection sends, until its end."""
        task = asyncio.current_task()
        if task is None or self._stopping or len(self._connections) >= MAX_CONNECTIONS:
            self._services.counters.refuse("fluentd", f"There are {MAX_CONNECTIONS} connections already.")
            writer.close()
            return
        connection = self._connections[task] = Connection(self._services, reader, writer)
        try:
            await connection.run(self._key)
        except SightlineError as error:
            self._services.counters.refuse("fluentd", str(error))
            _log.warning("A connection of Fluentd's protocol was closed: %s", error)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # it left, it stalled, or the server stops
        except Exception as error:
            reason = f"The server failed: {type(error).__name__}. Its log tells more."
            self._services.counters.refuse("fluentd", reason)
            _log.exception("A connection of Fluentd's protocol was closed: the server failed")
        finally:
            del self._connections[task]
            writer.close()

    async def stop(self) -> None:
        """End all connections: those that wait at once, those whose message is being stored after that."""
        self._stopping = True
        for task, connection in self._connections.items():
            connection.stopping = True
            if not connection.busy:
                task.cancel()
        if self._connections:
            await asyncio.wait(list(self._connections))


class Connection:
    """
    One connection.

    Attributes:
        busy: whether a message of it is being stored.
        stopping: whether it is to end after that.
    """

    def __init__(self, services: Services, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.busy = False
        self.stopping = False
        self._services = services
        self._reader = reader
        self._writer = writer
        self._messages = Messages()

    async def run(self, shared_key: str) -> None:
        """Take in messages until the connection ends."""
        with self._services.intake.pending.request() as hold:
            if shared_key and not await self._greet(shared_key, hold):
                return
            while not self.stopping and (message := await self._next(hold)) is not None:
                self.busy = True
                await self._store(message)
                self.busy = False

    async def _greet(self, shared_key: str, hold: Hold) -> bool:
        handshake = Handshake(shared_key)
        await self._send(handshake.helo())
        async with asyncio.timeout(STALLED_S):
            ping = await self._next(hold)
        if ping is None:
            return False
        known, pong = handshake.pong(ping)
        await self._send(pong)
        if not known:
            self._services.counters.refuse("fluentd", "A sender does not know the shared key.")
        return known

    async def _next(self, hold: Hold) -> Any:
        """Give the next message, or None at the end; the bytes of one that has begun are counted."""
        while (message := self._messages.next()) is None:
            hold.grow(self._messages.held_bytes - hold.size_bytes)
            async with asyncio.timeout(STALLED_S if self._messages.held_bytes else IDLE_S):
                content = await self._reader.read(READ_BYTES)
            if not content:
                return None
            self._messages.feed(content)
        return message

    async def _store(self, message: Any) -> None:
        intake = self._services.intake
        forwarded = await intake.decode(decode_message, message, time.time_ns())
        token = _token(message[0], forwarded.chunk) if forwarded.chunk is not None else None
        await intake.store("fluentd", forwarded.decoded, token=token)
        if forwarded.chunk is not None:
            await self._send(msgpack.packb({"ack": forwarded.chunk}))

    async def _send(self, content: bytes) -> None:
        self._writer.write(content)
        async with asyncio.timeout(STALLED_S):
            await self._writer.drain()


def _token(tag: str, chunk: str | bytes) -> str:
    """Identify a chunk; senders give ids that are random, or at least unlike among those with the same tag."""
    identity = chunk.encode("utf-8", "surrogateescape") if isinstance(chunk, str) else chunk
    return hashlib.blake2b(identity + b"\0" + tag.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
