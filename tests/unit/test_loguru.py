"""loguru's logs are recorded, and loguru may write our shared files."""

from __future__ import annotations

import json
import threading

import pytest
from loguru import logger

import sightline
from sightline.integrations.loguru import add_ids, instrument
from sightline.logging import LogFileHandler
from sightline.model.redacted import REDACTED
from sightline.testing import capture


@pytest.fixture
def captured():
    """Record into memory, with no other sink of loguru's."""
    logger.remove()
    with capture() as captured:
        instrument()
        yield captured
    logger.remove()
    logger.configure(extra={}, patcher=lambda _: None)


def test_a_message_is_recorded_with_its_fields_and_where_it_was_logged(captured):
    """Message, level, bound fields and place; secrets are taken out."""
    logger.bind(order=7, password="x").warning("low {}", "stock")

    [log] = captured.logs
    assert (log.body, log.level, log.severity, log.logger) == ("low stock", "WARNING", 13, __name__)
    assert (log.attributes["order"], log.attributes["password"]) == (7, REDACTED)
    assert log.attributes["code.file.path"] == __file__
    assert log.attributes["code.function.name"].startswith("test_a_message_is_recorded")
    assert log.attributes["thread.name"] == "MainThread"


def test_the_ids_of_the_span_are_recorded_and_shown(captured):
    """In our record, and with the patcher on other sinks."""
    shown = []
    logger.configure(patcher=add_ids)
    logger.add(lambda message: shown.append(message.record["extra"]))
    with sightline.span("work") as span, sightline.context(request_id="r1"):
        logger.info("within")

    [log] = captured.logs
    assert (log.trace, log.span, log.attributes["request_id"]) == (span.trace_id, span.span_id, "r1")
    assert shown == [{"trace_id": span.trace_id, "span_id": span.span_id}]


def test_an_exception_is_recorded(captured):
    """Also of ``logger.catch``."""

    @logger.catch
    def fail():
        raise ValueError("bad")

    fail()

    [log] = captured.logs
    assert (log.level, log.attributes["exception.type"]) == ("ERROR", "ValueError")
    assert 'raise ValueError("bad")' in log.attributes["exception.stacktrace"]


def test_levels_of_logurus_own_keep_their_names(captured):
    """``SUCCESS`` is between INFO and WARNING."""
    logger.success("done")
    logger.debug("not recorded")

    assert [(log.level, log.severity) for log in captured.logs] == [("SUCCESS", 9)]


def test_instrumenting_again_counts_once(captured):
    """Also after somebody removed all sinks."""
    instrument()
    logger.info("one")
    logger.remove()
    instrument()
    logger.info("two")

    assert [log.body for log in captured.logs] == ["one", "two"]


def test_it_goes_on_when_a_program_removes_all_sinks(captured):
    """With that, most programs that use loguru begin."""
    logger.remove()
    logger.info("recorded")

    assert [log.body for log in captured.logs] == ["recorded"]


def test_threads_and_messages_within_messages_do_not_hang(captured):
    """A value whose text logs, and many threads at once."""
    threads = [threading.Thread(target=lambda: [logger.info("x") for _ in range(50)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(captured.logs) == 400


def test_our_files_are_a_sink_of_loguru(tmp_path):
    """A handler for several processes is taken as it is; extra fields are on the line."""
    handler = LogFileHandler(tmp_path / "app.log")
    logger.remove()
    number = logger.add(handler, format="{message}")
    logger.bind(order=7).info("paid")
    handler.flush()
    logger.remove(number)

    found = json.loads((tmp_path / "app.log").read_text())
    assert (found["message"], found["extra"]) == ("paid", {"order": 7})
