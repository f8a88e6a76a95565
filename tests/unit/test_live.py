"""The stream of records as they come in."""

import asyncio
import threading
import time
from typing import Any

from tests.support.segments import log_line

from sightline.server.ingest.live_rows import records
from sightline.server.live import QUEUE, Live, rfc3339
from sightline.wire.ndjson import decode_ndjson

INSTANCE = "a" * 16
RESOURCES = {INSTANCE: {"service.name": "shop"}}


def everything(_: dict[str, Any]) -> bool:
    """Match all records."""
    return True


def test_a_line_becomes_a_record_of_the_api_s_shape():
    """A log line arrives with the names that the API gives its fields, values of attributes as text."""

    async def follow() -> dict[str, Any] | None:
        live = Live()
        with live.subscribe(everything) as records:
            live.publish(log_line("paid", time_ns=1, attributes={"n": 7, "ok": True, "t": "x"}), RESOURCES)
            return await records.next(5)

    assert asyncio.run(follow()) == {
        "signal": "logs",
        "timestamp": "1970-01-01T00:00:00.000000001Z",
        "service": "shop",
        "trace_id": "",
        "span_id": "",
        "level": "INFO",
        "severity": 9,
        "logger": "test",
        "body": "paid",
        "attributes": {"n": "7", "ok": "true", "t": "x"},
        "resource": {"service.name": "shop"},
    }


def test_a_record_without_a_level_has_the_one_that_a_search_gives_it():
    """The tail and a search say the same of one record, be it a line of ours or another's."""

    async def follow() -> list[Any]:
        live = Live()
        with live.subscribe(everything) as found:
            live.publish(log_line("paid", level="", severity=13), RESOURCES)
            live.publish_records(records(decode_ndjson(b'{"msg":"paid"}', 1).tables))
            return [(await found.next(5) or {})["level"] for _ in range(2)]

    assert asyncio.run(follow()) == ["WARNING", "INFO"]


def test_only_what_matches_arrives():
    """Each subscription has its own condition."""

    async def follow() -> list[Any]:
        live = Live()
        with live.subscribe(lambda record: record["body"] == "b") as some, live.subscribe(everything) as all_:
            live.publish(log_line("a") + b"broken\n" + log_line("b"), RESOURCES)
            return [
                (await some.next(5) or {})["body"],
                (await all_.next(5) or {})["body"],
                (await all_.next(5) or {})["body"],
            ]

    assert asyncio.run(follow()) == ["b", "a", "b"]


def test_a_slow_reader_loses_the_oldest_and_is_told_how_many():
    """What nobody fetches is bounded; the number of those left out is told once."""

    async def follow() -> tuple[int, int, str]:
        live = Live()
        with live.subscribe(everything) as records:
            for number in range(QUEUE + 5):
                live.publish(log_line(str(number)), RESOURCES)
            first = await records.next(5)
            await asyncio.sleep(0)
            assert first is not None
            return records.dropped(), records.dropped(), first["body"]

    assert asyncio.run(follow()) == (5, 0, "5")


def test_a_condition_that_fails_hurts_nobody_else():
    """An exception in one reader's condition leaves the others their records."""

    def failing(_: dict[str, Any]) -> bool:
        raise ValueError

    async def follow() -> dict[str, Any] | None:
        live = Live()
        with live.subscribe(failing), live.subscribe(everything) as records:
            live.publish(log_line("fine"), RESOURCES)
            return await records.next(5)

    assert (asyncio.run(follow()) or {})["body"] == "fine"


def test_nothing_is_parsed_while_nobody_follows():
    """Without a subscription, publishing looks at no line."""
    live = Live()
    lines = log_line("x") * 100_000
    started = time.perf_counter()

    live.publish(lines, RESOURCES)

    assert not live.wanted
    assert time.perf_counter() - started < 0.5


def test_records_from_another_thread_arrive():
    """The ingest runs in a thread of its own."""

    async def follow() -> dict[str, Any] | None:
        live = Live()
        with live.subscribe(everything) as records:
            threading.Thread(target=live.publish, args=(log_line("thread"), RESOURCES)).start()
            return await records.next(5)

    assert (asyncio.run(follow()) or {})["body"] == "thread"


def test_closing_ends_streams_after_what_is_in_them():
    """A stream that ends gives what it has first; one that begins afterwards is empty."""

    async def follow() -> tuple[list[str], list[str]]:
        live = Live()
        with live.subscribe(everything) as records:
            live.publish(log_line("last"), RESOURCES)
            await asyncio.sleep(0)
            live.close()
            first = [record["body"] async for record in records]
        with live.subscribe(everything) as late:
            return first, [record["body"] async for record in late]

    assert asyncio.run(follow()) == (["last"], [])


def test_times_are_written_with_nine_digits():
    """Nanoseconds are not lost."""
    assert rfc3339(1795203470494195375) == "2026-11-20T19:37:50.494195375Z"
