"""Logs: our logger, and Python's own logging."""

from __future__ import annotations

import io
import logging
import logging.config

import pytest

import sightline
from sightline.model.redacted import REDACTED
from sightline.testing import capture


@pytest.fixture
def captured():
    """Record into memory."""
    with capture() as captured:
        yield captured


@pytest.fixture
def library():
    """A library's logger, as it was found afterwards."""
    logger = logging.getLogger("some.library")
    yield logger
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


def test_a_log_has_its_fields_and_where_it_was_called(captured):
    """Message, level, logger, fields, function and line are in one record."""
    sightline.get_logger("shop").warning("low stock", item="tea", left=2)

    [log] = captured.logs
    assert (log.body, log.level, log.severity, log.logger) == ("low stock", "WARNING", 13, "shop")
    assert log.attributes["item"] == "tea"
    assert log.attributes["code.function.name"] == "test_a_log_has_its_fields_and_where_it_was_called"


def test_a_log_within_a_span_carries_its_ids(captured):
    """Logs of either kind are joined to the current span."""
    with sightline.span("work"):
        sightline.get_logger("shop").info("one")
        logging.getLogger("some.library").info("two")

    [span] = captured.spans
    assert {(log.trace, log.span) for log in captured.logs} == {(span.trace, span.span)}


def test_levels_below_the_setting_are_not_recorded():
    """The ``level`` setting counts for both kinds."""
    with capture(level="ERROR") as captured:
        sightline.get_logger("shop").warning("no")
        logging.getLogger("some.library").warning("no")
        sightline.get_logger("shop").error("yes")

    assert [log.body for log in captured.logs] == ["yes"]


def test_an_exception_is_recorded_with_its_traceback(captured):
    """``exception`` and ``exc_info`` add type, message and stack."""
    log = sightline.get_logger("shop")
    try:
        raise ValueError("bad")
    except ValueError as error:
        log.exception("one")
        log.error("two", exc_info=error)
        logging.getLogger("some.library").exception("three")

    for record in captured.logs:
        assert record.attributes["exception.type"] == "ValueError"
        assert record.attributes["exception.message"] == "bad"
        assert "raise ValueError" in record.attributes["exception.stacktrace"]


def test_a_librarys_record_is_taken_with_its_extra(captured, library):
    """Message with its arguments, ``extra``, file and thread are recorded, secrets taken out."""
    library.info("hello %s", "world", extra={"order": 7, "password": "x"})

    [log] = captured.logs
    assert (log.body, log.logger, log.level) == ("hello world", "some.library", "INFO")
    assert log.attributes["order"] == 7
    assert log.attributes["password"] == REDACTED
    assert log.attributes["code.file.path"] == __file__
    assert log.attributes["thread.name"] == "MainThread"


def test_bound_fields_are_on_logs_of_either_kind(captured, library):
    """Context fields are on our logs and on a library's."""
    with sightline.context(request_id="r1"):
        library.info("one")
        sightline.get_logger("x").info("two")

    assert [log.attributes["request_id"] for log in captured.logs] == ["r1", "r1"]


def test_a_library_that_does_not_propagate_is_seen(captured, library):
    """Records that never reach the root's handlers are recorded too."""
    library.propagate = False
    library.addHandler(logging.NullHandler())

    library.info("hidden")

    assert [log.body for log in captured.logs] == ["hidden"]


def test_dict_config_afterwards_does_not_end_recording(captured):
    """A framework that sets up logging after us, as uvicorn does, changes nothing."""
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, "root": {"level": "WARNING"}})

    logging.getLogger("some.library").info("still here")

    assert [log.body for log in captured.logs] == ["still here"]


def test_the_hosts_own_output_stays_as_it_was(library):
    """Recording from INFO on does not make a host print what it did not print before."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    root.addHandler(handler)
    before = root.level
    try:
        root.setLevel(logging.WARNING)
        with capture() as captured:
            library.info("recorded only")
            library.warning("both")
            root.setLevel(logging.INFO)
            library.info("both now")
        library.info("after")
    finally:
        root.removeHandler(handler)
        root.setLevel(before)

    assert stream.getvalue().split("\n") == ["both", "both now", "after", ""]
    assert [log.body for log in captured.logs] == ["recorded only", "both", "both now"]


def test_logging_is_left_as_it_was_found():
    """After ``shutdown`` nothing of ours remains in Python's logging."""
    root = logging.getLogger()
    before = (logging.Logger.callHandlers, root.level, "setLevel" in vars(root))

    with capture():
        pass

    assert (logging.Logger.callHandlers, root.level, "setLevel" in vars(root)) == before


def test_arguments_that_do_not_fit_are_still_recorded(captured, library):
    """A message whose arguments are wrong is recorded with both, where Python prints an error."""
    library.addHandler(logging.NullHandler())
    library.propagate = False

    library.info("one %d", "not a number")

    assert captured.logs[0].body == "one %d ('not a number',)"


def test_logging_from_within_recording_does_not_recurse(captured, library):
    """A value whose text logs by itself is recorded once, and ends."""

    class Chatty:
        def __str__(self):
            library.info("from within")
            return "chatty"

    library.info("outer", extra={"value": Chatty()})

    assert [log.body for log in captured.logs] == ["outer"]


def test_our_loggers_are_one_a_name():
    """The same name gives the same logger."""
    assert sightline.get_logger("a") is sightline.get_logger("a")


def test_a_custom_level_is_recorded_by_its_name(captured, library):
    """Levels of the host's own keep their names and get the number below."""
    logging.addLevelName(25, "NOTICE")

    library.log(25, "custom")

    [log] = captured.logs
    assert (log.level, log.severity) == ("NOTICE", 9)
