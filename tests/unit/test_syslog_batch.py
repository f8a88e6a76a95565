"""Messages of syslog that cannot be stored hold up none of those behind them."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from sightline.base.errors import DecodeError, RowsRefused, StoreUnavailable
from sightline.server.ingest.syslog_batch import SyslogBatch
from sightline.server.services import Counters


class Memory:
    """A store in memory, which fails as it is told until it is told no more."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.stored = []
        self.taken = asyncio.Semaphore(0)

    async def decode(self, function, *args):
        """Decode, or fail."""
        self.taken.release()
        if self.failures:
            raise self.failures.pop(0)
        return function(*args)

    async def store(self, _, decoded):
        """Store rows."""
        self.stored += decoded.tables["otel_logs"].column("Body").to_pylist()


def run(services, *bursts):
    """Put in each burst of messages when the one before was taken out; stop after the last."""

    async def running():
        batch = SyslogBatch(services, again_s=0.01)
        storing = asyncio.create_task(batch.run())
        async with asyncio.timeout(10):
            for burst in bursts:
                for message in burst:
                    await batch.put(message, "127.0.0.1")
                await services.intake.taken.acquire()
            batch.stop()
            await storing

    asyncio.run(running())


@pytest.mark.parametrize(
    "failure", [MemoryError(), ValueError("overflow"), RowsRefused("Refused."), DecodeError("No.")]
)
def test_a_batch_that_fails(failure, caplog):
    """Whatever a batch fails of, it is logged and counted, and those behind it are stored."""
    memory, counters = Memory(failure), Counters()

    run(SimpleNamespace(intake=memory, counters=counters), [b"<14>1 - - - - - - one"] * 3, [b"<14>1 - - - - - - two"])

    assert memory.stored == ["two"]
    assert (counters.protocols["syslog"].refused, counters.protocols["syslog"].rejected) == (1, 3)
    assert "3 messages of syslog could not be stored" in caplog.text


def test_a_batch_that_is_too_large_together():
    """Messages that take too much together are stored in parts, and none is tried for ever."""
    memory, counters = Memory(), Counters()
    members = b",".join(b'"%d":1' % number for number in range(250))
    wide = b'<13>{"n":%%d,"k8s":{"%s":{%s}}}' % (b"x" * 900, members)

    run(SimpleNamespace(intake=memory, counters=counters), [wide % number for number in range(400)])

    assert len(memory.stored) == 400
    assert "syslog" not in counters.protocols


def test_a_store_that_is_away():
    """What the store cannot take now is tried again, and stored once it can."""
    memory, counters = Memory(StoreUnavailable("Away.")), Counters()

    run(SimpleNamespace(intake=memory, counters=counters), [b"<14>1 - - - - - - one"], [])

    assert memory.stored == ["one"]
    assert (counters.protocols["syslog"].refused, counters.protocols["syslog"].rejected) == (1, 0)
