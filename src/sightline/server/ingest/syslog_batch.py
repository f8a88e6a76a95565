"""Messages of syslog on their way to the store. Nobody waits for their answer, so they are stored some at a time."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from sightline.base.errors import BodyTooLarge, SightlineError, StoreUnavailable
from sightline.server.services import Received
from sightline.wire.syslog import Message, decode_messages

if TYPE_CHECKING:
    from sightline.server.services import Services

MAX_HELD: Final = 100_000
"""Messages that may wait in memory; beyond, senders over TCP wait and those over UDP are not heard."""

MAX_HELD_BYTES: Final = 32 * 1024 * 1024
"""Bytes of those."""

AT_ONCE: Final = 10_000
"""Messages of one insert: enough for its fixed cost to be small."""

INTERVAL_S: Final = 0.1
"""Seconds that a message may wait for others."""

AGAIN_S: Final = 1.0
"""Seconds until what could not be stored is tried again."""

_log = logging.getLogger(__name__)


class SyslogBatch:
    """
    Holds messages for a moment and stores them together. Used in the server's event loop.

    Attributes:
        shed: messages that found no room.
    """

    def __init__(self, services: Services, again_s: float = AGAIN_S) -> None:
        """Hold messages for these services; what cannot be stored is tried again after *again_s* seconds."""
        self.shed = 0
        self._again_s = again_s
        self._services = services
        self._held: list[Message] = []
        self._held_bytes = 0
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._stopping = asyncio.Event()

    def offer(self, content: bytes, sender: str) -> bool:
        """Take a message in, or tell that there is no room."""
        if not self._room.is_set():
            return False
        self._held.append(Message(content, time.time_ns(), sender))
        self._held_bytes += len(content)
        self._some.set()
        if len(self._held) >= MAX_HELD or self._held_bytes >= MAX_HELD_BYTES:
            self._room.clear()
        return True

    def shed_one(self) -> None:
        """Count a message that found no room; the first is told in the server's log."""
        self.shed += 1
        self._services.counters.protocols.setdefault("syslog", Received()).rejected += 1
        if self.shed == 1:
            _log.warning("Messages of syslog come faster than they can be stored; those over UDP are shed and counted.")

    async def put(self, content: bytes, sender: str) -> None:
        """Take a message in, when there is room."""
        while not self.offer(content, sender):
            await self._room.wait()

    async def run(self) -> None:
        """Store what comes, until :meth:`stop`; then store what is held, once."""
        while not (self._stopping.is_set() and not self._held):
            await self._some.wait()
            if not self._stopping.is_set() and len(self._held) < AT_ONCE:
                await _wait(self._stopping, INTERVAL_S)
            await self._store()
            if not self._held and not self._stopping.is_set():
                self._some.clear()

    def stop(self) -> None:
        """Let :meth:`run` end when nothing is held any more."""
        self._stopping.set()
        self._some.set()

    async def _store(self) -> None:
        messages = self._held[:AT_ONCE]
        parts = [messages] if messages else []
        while parts:
            parts += await self._settle(parts.pop())
        del self._held[: len(messages)]
        self._held_bytes -= sum(len(message.content) for message in messages)
        if len(self._held) < MAX_HELD and self._held_bytes < MAX_HELD_BYTES:
            self._room.set()

    async def _settle(self, messages: list[Message]) -> list[list[Message]]:
        """Store messages, or give up what can never be stored; give what is to be tried again, in parts."""
        try:
            decoded = await self._services.intake.decode(decode_messages, messages, time.time_ns())
            await self._services.intake.store("syslog", decoded)
        except BodyTooLarge as error:
            if len(messages) > 1:
                middle = len(messages) // 2
                return [messages[middle:], messages[:middle]]
            self._give_up(messages, error)
        except StoreUnavailable as error:
            if self._stopping.is_set():
                self._give_up(messages, error)
                return []
            self._services.counters.refuse("syslog", str(error))
            await _wait(self._stopping, self._again_s)
            return [messages]
        except Exception as error:  # whatever it is: what waits behind these must not wait for ever
            self._give_up(messages, error)
        return []

    def _give_up(self, messages: list[Message], error: Exception) -> None:
        expected = isinstance(error, SightlineError)
        reason = str(error) if expected else f"The server failed: {type(error).__name__}. Its log tells more."
        self._services.counters.refuse("syslog", reason)
        self._services.counters.protocols["syslog"].rejected += len(messages)
        told = None if expected else error
        _log.warning("%d messages of syslog could not be stored: %s", len(messages), reason, exc_info=told)


async def _wait(event: asyncio.Event, longest_s: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), longest_s)
    except TimeoutError:
        return
