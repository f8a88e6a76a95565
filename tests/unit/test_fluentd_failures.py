"""A failure of the server's own while it serves one connection of Fluentd's protocol."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import msgpack

from sightline.server.ingest.body import Pending
from sightline.server.ingest.fluentd import Forward
from sightline.server.services import Counters


class Memory:
    """A store in memory, which fails once."""

    def __init__(self, failure):
        self.pending = Pending()
        self.failures = [failure]

    async def decode(self, function, *args):
        """Decode, or fail."""
        if self.failures:
            raise self.failures.pop()
        return function(*args)

    async def store(self, *_, **__):
        """Store rows."""


async def send(port):
    """Send one message on a connection of its own, and give what is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(msgpack.packb(["tag", [[1, {}]], {"chunk": "c"}]))
    writer.write_eof()
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


def test_a_failure_ends_one_connection(caplog):
    """It is logged and counted, the sender sees its connection end, and the next message is taken."""
    counters = Counters()
    services = SimpleNamespace(intake=Memory(MemoryError()), counters=counters, settings={"fluentd_shared_key": ""})

    async def run():
        forward = Forward(services)
        async with await asyncio.start_server(forward.serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return [await send(port), await send(port)]

    assert asyncio.run(run()) == [b"", msgpack.packb({"ack": "c"})]
    assert counters.protocols["fluentd"].refused == 1
    assert services.intake.pending.held_bytes == 0
    assert "the server failed" in caplog.text
