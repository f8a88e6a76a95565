"""structlog's logs are recorded, each once, however structlog is set up."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

import sightline
from sightline.integrations.structlog import instrument
from sightline.model.redacted import REDACTED
from sightline.testing import capture


@pytest.fixture
def captured():
    """Record into memory, and leave structlog as it was."""
    structlog.reset_defaults()
    with capture() as captured:
        yield captured
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def shown():
    """What Python's logging shows."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


def to_memory(*processors):
    """Set structlog up to print into memory."""
    stream = io.StringIO()
    structlog.configure(
        processors=[*processors, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
    return stream


def test_an_event_is_recorded_with_its_fields_and_where_it_was_logged(captured):
    """Message, level, fields and place; secrets are taken out."""
    to_memory()
    instrument()
    structlog.get_logger().bind(order=7).warning("low stock", password="x")

    [log] = captured.logs
    assert (log.body, log.level, log.severity, log.logger) == ("low stock", "WARNING", 13, "structlog")
    assert (log.attributes["order"], log.attributes["password"]) == (7, REDACTED)
    assert log.attributes["code.file.path"] == __file__
    assert log.attributes["code.function.name"].startswith("test_an_event_is_recorded")


def test_the_ids_of_the_span_are_recorded_and_shown(captured):
    """Both carry them; bound fields of ours are on the record."""
    stream = to_memory()
    instrument()
    with sightline.span("work") as span, sightline.context(request_id="r1"):
        structlog.get_logger().info("within")

    [log] = captured.logs
    assert (log.trace, log.span, log.attributes["request_id"]) == (span.trace_id, span.span_id, "r1")
    shown = json.loads(stream.getvalue())
    assert (shown["event"], shown["trace_id"], shown["span_id"]) == ("within", span.trace_id, span.span_id)


def test_an_exception_is_recorded_whether_it_is_put_into_words_or_not(captured):
    """With ``format_exc_info`` in the chain and without."""
    for processors in ((), (structlog.processors.format_exc_info,)):
        to_memory(*processors)
        instrument()
        try:
            raise ValueError("bad")
        except ValueError:
            structlog.get_logger().exception("failed")

    assert [log.level for log in captured.logs] == ["ERROR", "ERROR"]
    assert all("raise ValueError" in log.attributes["exception.stacktrace"] for log in captured.logs)


def test_what_the_chain_drops_is_not_recorded(captured):
    """A filter of the user's own counts."""

    def drop(_, __, event):
        if event["event"] == "noise":
            raise structlog.DropEvent
        return event

    to_memory(drop)
    instrument()
    structlog.get_logger().info("noise")
    structlog.get_logger().info("signal")

    assert [log.body for log in captured.logs] == ["signal"]


def test_context_of_structlog_is_recorded(captured):
    """``merge_contextvars`` works as it does for those who show."""
    to_memory(structlog.contextvars.merge_contextvars)
    instrument()
    structlog.contextvars.bind_contextvars(tenant="t1")
    structlog.get_logger().info("hello")

    assert captured.logs[0].attributes["tenant"] == "t1"


@pytest.mark.parametrize(
    "last",
    [
        structlog.processors.JSONRenderer(),
        structlog.stdlib.render_to_log_kwargs,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    ids=["text", "kwargs", "formatter"],
)
def test_on_the_way_through_pythons_logging_it_is_recorded_once(captured, shown, last):
    """With its fields, not as the text that the renderer made; and it is shown."""
    structlog.configure(
        processors=[structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, last],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    instrument()
    structlog.get_logger("shop.orders").info("paid", order=7)

    [log] = captured.logs
    assert (log.body, log.level, log.logger, log.attributes["order"]) == ("paid", "INFO", "shop.orders", 7)
    assert "paid" in shown.getvalue()


def test_instrumenting_twice_counts_once(captured):
    """One record an event."""
    to_memory()
    instrument()
    instrument()
    structlog.get_logger().info("once")

    assert len(captured.logs) == 1


def test_it_goes_on_when_a_program_configures_structlog_afterwards(captured):
    """In whichever order it is called, and with whichever chain."""
    instrument()
    stream = to_memory(structlog.processors.add_log_level)
    structlog.get_logger().info("hello")

    assert [log.body for log in captured.logs] == ["hello"]
    assert json.loads(stream.getvalue())["level"] == "info"


def test_below_the_level_nothing_is_recorded():
    """The ``level`` of ``configure`` counts here, too."""
    structlog.reset_defaults()
    with capture(level="ERROR") as captured:
        stream = to_memory()
        instrument()
        structlog.get_logger().info("shown only")
    structlog.reset_defaults()

    assert captured.logs == []
    assert "shown only" in stream.getvalue()
