"""The short way of Python's logging: the same records, and the ordinary way wherever it could make a difference."""

from __future__ import annotations

import functools
import logging

import pytest

import sightline
from sightline.sdk import shortcut
from sightline.testing import capture


@pytest.fixture
def captured():
    """Record into memory, where the host listens from WARNING on."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.WARNING)
    with capture() as captured:
        yield captured
    root.setLevel(before)


@pytest.fixture
def logger():
    """A library's logger of Python's own class, as it was found afterwards."""
    before = logging.getLoggerClass()
    logging.setLoggerClass(logging.Logger)
    logger = logging.getLogger("short.cut")
    logging.setLoggerClass(before)
    yield logger
    logger.filters.clear()
    logger.setLevel(logging.NOTSET)


def both_ways(captured, call):
    """Make the same call on the short and on the ordinary way, and give both records."""
    call()
    shortcut.remove()
    call()
    shortcut.install()
    short, ordinary = captured.logs
    return short, ordinary


@pytest.mark.parametrize(
    "call",
    [
        lambda log: log.info("plain"),
        lambda log: log.info("with %s and %d", "text", 7),
        lambda log: log.info("by name %(a)s", {"a": 1}),
        lambda log: log.info("wrong %d", "x"),
        lambda log: log.info({"not": "text"}),
        lambda log: log.log(logging.INFO, "by log", extra={"order": 7, "password": "x"}),
        lambda log: logging.LoggerAdapter(log, {"a": 1}).info("adapted"),
    ],
)
def test_both_ways_give_the_same_record(captured, logger, call):
    """Message, level, logger, fields, place and span are those of the ordinary way."""
    with sightline.context(user_id="u1"), sightline.span("work"):
        short, ordinary = both_ways(captured, functools.partial(call, logger))

    for record in (short, ordinary):
        record.time = 0
    assert short == ordinary


def test_the_short_way_is_taken(captured, logger):
    """Where nobody else listens, Python builds no record."""
    made = []
    real = logging.LogRecord.__init__
    try:
        logging.LogRecord.__init__ = lambda self, *args, **kwargs: (made.append(1), real(self, *args, **kwargs))[1]
        logger.info("one")
    finally:
        logging.LogRecord.__init__ = real

    assert not made
    assert [log.body for log in captured.logs] == ["one"]


def test_a_filter_is_asked(captured, logger):
    """A logger's filter sees and stops records as ever."""
    logger.addFilter(lambda record: "keep" in record.getMessage())

    logger.info("keep this")
    logger.info("drop this")

    assert [log.body for log in captured.logs] == ["keep this"]


def test_a_record_factory_is_asked(captured, logger):
    """A record factory of the host makes the records as ever."""
    before = logging.getLogRecordFactory()

    def make(*args, **kwargs):
        record = before(*args, **kwargs)
        record.by_factory = True
        return record

    logging.setLogRecordFactory(make)
    try:
        logger.info("made")
    finally:
        logging.setLogRecordFactory(before)

    assert captured.logs[0].attributes["by_factory"] is True


def test_a_level_of_its_own_leads_to_the_hosts_handlers(captured, logger, caplog):
    """A logger that the host set to INFO is heard by the host's handlers, at once after it was set."""
    logger.info("not heard")
    logger.setLevel(logging.INFO)
    logger.info("heard")

    assert [record.message for record in caplog.records] == ["heard"]
    assert [log.body for log in captured.logs] == ["not heard", "heard"]


def test_an_extra_that_python_refuses_is_refused(captured, logger):
    """The error that Python raises for a field of its own name still comes."""
    with pytest.raises(KeyError, match="overwrite"):
        logger.info("x", extra={"name": "mine"})  # noqa: G101 - what is wrong is the point


def test_a_disabled_logger_stays_silent(captured, logger):
    """``disabled`` is heeded, as ``dictConfig`` sets it."""
    logger.disabled = True
    try:
        logger.info("no")
    finally:
        logger.disabled = False

    assert captured.logs == []
