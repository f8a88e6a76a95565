"""Context of logs: ``StructuredLogger``, tasks, threads and pools."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import sightline
from sightline.logging import StructuredLogger
from sightline.model.redacted import REDACTED
from sightline.testing import capture


@pytest.fixture
def captured():
    """Record into memory, with nothing bound before or afterwards."""
    sightline.clear()
    with capture() as captured:
        yield captured
    sightline.clear()


def user_ids(captured):
    """The user ids of all logs."""
    return [log.attributes.get("user_id") for log in captured.logs]


def test_a_context_is_on_every_log_until_it_is_cleared(captured):
    """On third parties' logs, too; a secret is taken out."""
    log = StructuredLogger("shop")
    log.set_context(user_id="u1", token="x")
    log.info("one", order=7)
    logging.getLogger("library").info("two")
    log.clear_context()
    log.info("three")

    assert user_ids(captured) == ["u1", "u1", None]
    assert captured.logs[0].attributes["token"] == REDACTED
    assert (captured.logs[0].attributes["order"], captured.logs[0].logger) == (7, "shop")
    assert captured.logs[0].attributes["code.function.name"].startswith("test_a_context_is_on")


def test_clearing_leaves_what_others_bound(captured):
    """A request's id survives a handler that begins by clearing."""
    log = StructuredLogger("shop")
    with sightline.context(request_id="r1"):
        log.set_context(user_id="u1")
        log.clear_context()
        log.info("one")

    assert captured.logs[0].attributes["request_id"] == "r1"
    assert "user_id" not in captured.logs[0].attributes


def test_bind_unbind_and_the_block(captured):
    """Each in its own way; they can be chained."""
    log = StructuredLogger("shop").bind(user_id="u1", tenant="t")
    log.unbind("tenant").info("one")
    with log.context(user_id="u2"):
        log.info("two")
    log.info("three")

    assert user_ids(captured) == ["u1", "u2", "u1"]
    assert "tenant" not in captured.logs[0].attributes


def test_its_level_follows_the_setting():
    """Loggers made before and after ``configure`` obey it."""
    early = StructuredLogger("early")
    with capture(level="ERROR") as captured:
        early.info("no")
        StructuredLogger("late").info("no")
        early.error("yes")

    assert [log.body for log in captured.logs] == ["yes"]


def test_context_follows_tasks_and_each_has_its_own(captured):
    """What a task binds stays in it."""
    log = StructuredLogger("shop")

    async def serve(user):
        log.set_context(user_id=user)
        await asyncio.sleep(0)
        log.info("served")

    async def main():
        log.set_context(user_id="main")
        await asyncio.gather(*(serve(f"u{at}") for at in range(3)))
        log.info("main")

    asyncio.run(main())

    assert user_ids(captured) == ["u0", "u1", "u2", "main"]


def test_context_and_span_follow_into_threads_and_pools(captured):
    """Threads, executors and the loop's executor record with what was bound where they were started."""

    def work():
        logging.getLogger("library").info("work")

    async def in_loop():
        await asyncio.get_running_loop().run_in_executor(None, work)
        await asyncio.to_thread(work)

    with ThreadPoolExecutor(1) as pool:
        with sightline.context(user_id="u1"), sightline.span("request") as span:
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            pool.submit(work).result()
            list(pool.map(lambda _: work(), [1]))
            asyncio.run(in_loop())
        pool.submit(work).result()

    assert user_ids(captured) == ["u1"] * 5 + [None]
    assert [log.span for log in captured.logs] == [span.span_id] * 5 + [""]


def test_a_thread_of_a_subclass_is_run_once(captured):
    """``run`` that a subclass overrides is what runs."""

    class Worker(threading.Thread):
        def run(self):
            logging.getLogger("library").info("mine")

    with sightline.context(user_id="u1"):
        worker = Worker()
        worker.start()
        worker.join()

    assert user_ids(captured) == ["u1"]
    assert "run" not in vars(worker)


def test_afterwards_threads_are_as_they_were():
    """``shutdown`` leaves nothing wrapped."""
    before = threading.Thread.start, ThreadPoolExecutor.submit
    with capture():
        assert threading.Thread.start is not before[0]

    assert (threading.Thread.start, ThreadPoolExecutor.submit) == before
