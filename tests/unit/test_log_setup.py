"""``setup_logging``: formats, levels, files, and what it leaves alone."""

from __future__ import annotations

import io
import json
import logging
import os
import re

import pytest

import sightline
from sightline.base.errors import SettingInvalid
from sightline.logging import get_logger, log_security_event, reset_logging, setup_logging
from sightline.testing import capture


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    """No variable counts, and logging is as it was, afterwards."""
    for name in ("LOG_LEVEL", "LOG_FORMAT", "LOG_FILE", "NO_COLOR", "FORCE_COLOR", "TERM", "SIGHTLINE_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    yield
    reset_logging()
    assert (root.level, root.handlers) == before


@pytest.fixture
def stream():
    """Where the console's lines go."""
    return io.StringIO()


def test_production_shows_json_with_the_fields_of_elk(stream):
    """Application, host and environment are on the line."""
    setup_logging("INFO", environment="production", application="shop", stream=stream)
    logging.getLogger("shop").info("paid", extra={"order": 7})

    found = json.loads(stream.getvalue())
    assert (found["message"], found["order"]) == ("paid", 7)
    assert (found["application"], found["environment"]) == ("shop", "production")
    assert found["hostname"]


def test_development_shows_plain_text(stream):
    """Where the console is no terminal, in the one format string."""
    setup_logging("INFO", stream=stream)
    logging.getLogger("shop").info("paid %d", 7)

    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - shop - INFO - paid 7\n", stream.getvalue())


def test_a_terminal_gets_colours_unless_it_wants_none(monkeypatch):
    """Level in its colour, fields behind; ``NO_COLOR`` ends it."""
    terminal = Terminal()
    setup_logging("INFO", stream=terminal)
    logging.getLogger("shop").warning("low", extra={"left": 2})
    coloured = terminal.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    setup_logging("INFO", stream=terminal)
    logging.getLogger("shop").warning("plain")

    assert "\x1b[33mWARNING" in coloured
    assert "left=2" in coloured
    assert "\x1b" not in terminal.getvalue()[len(coloured) :]


def test_the_format_with_fields_is_the_one_that_is_read_back(stream):
    """Time, level, module, function, message, and fields behind commas."""
    setup_logging("INFO", environment="production", stream=stream, json_format=None)
    reset_logging()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOG_FORMAT", "fields")
        setup_logging(stream=stream)
    logging.getLogger("bot").info("done", extra={"steps": 3, "password": "x"})

    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT[\d:.]{12}Z \[INFO\] \[test_log_setup\] \[test_\w+\] done, steps=3, password=\[REDACTED\]\n",
        stream.getvalue(),
    )


def test_variables_count_where_the_call_says_nothing(monkeypatch, tmp_path, stream):
    """``LOG_LEVEL``, ``LOG_FORMAT`` and ``LOG_FILE``; the call wins."""
    monkeypatch.setenv("LOG_LEVEL", "warning")
    monkeypatch.setenv("LOG_FORMAT", "%(levelname)s|%(message)s")
    monkeypatch.setenv("LOG_FILE", str(tmp_path / "x.log"))
    setup_logging(stream=stream)
    logging.getLogger("shop").info("no")
    logging.getLogger("shop").warning("yes")
    setup_logging("INFO", stream=stream)
    logging.getLogger("shop").info("now")
    reset_logging()

    assert stream.getvalue() == "WARNING|yes\nINFO|now\n"
    assert (tmp_path / "x.log").read_text() == "WARNING|yes\nINFO|now\n"


def test_libraries_that_say_much_have_levels_of_their_own(stream):
    """And never lower ones than the program; the user's own count as they are."""
    setup_logging("DEBUG", stream=stream, library_levels={"chatty": "ERROR"})
    for name in ("urllib3.connectionpool", "requests", "uvicorn.access", "chatty"):
        logging.getLogger(name).info("no")
    for name in ("chromadb", "fastapi"):
        logging.getLogger(name).debug("no")
        logging.getLogger(name).info("yes")
    setup_logging("ERROR", stream=stream)
    logging.getLogger("chromadb").warning("no")

    assert [line.rpartition(" - ")[2] for line in stream.getvalue().splitlines()] == ["yes", "yes"]
    assert logging.getLogger("chatty").level == logging.NOTSET


def test_each_kind_of_log_has_its_file(tmp_path):
    """All logs; errors again; audit and security only in their own."""
    setup_logging("INFO", json_format=True, log_file=tmp_path / "app.log", console=False)
    logging.getLogger("shop").info("one")
    logging.getLogger("shop").error("two")
    sightline.event("user_login", user_id="u1")
    log_security_event("password_changed", user_id="u1")
    reset_logging()

    found = {
        path.name: [json.loads(line)["message"] for line in path.read_text().splitlines()]
        for path in tmp_path.iterdir()
    }
    assert found == {
        "app.log": ["one", "two"],
        "app.error.log": ["two"],
        "app.audit.log": ["user_login"],
        "app.security.log": ["PASSWORD_CHANGED"],
    }


def test_without_files_audit_and_security_are_shown_on_the_console(stream):
    """Nothing is lost where there is only a console, and nothing is shown twice."""
    setup_logging("ERROR", json_format=True, stream=stream)
    sightline.event("security_violation", user_id="u1")
    log_security_event("x", severity="low")

    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["security_violation", "X"]


def test_a_device_as_file_takes_all_logs():
    """``LOG_FILE=/dev/stdout``, as containers have it: no files beside it, and nothing is lost."""
    read, write = os.pipe()
    setup_logging("INFO", json_format=True, log_file=f"/dev/fd/{write}", console=False)
    logging.getLogger("shop").error("one")
    log_security_event("x")
    reset_logging()
    os.close(write)

    with os.fdopen(read) as pipe:
        assert [json.loads(line)["message"] for line in pipe] == ["one", "X"]


def test_called_again_it_takes_back_what_it_did(tmp_path, stream):
    """One handler, however often; handlers of others stay."""
    theirs = logging.NullHandler()
    logging.getLogger().addHandler(theirs)
    for _ in range(3):
        setup_logging("INFO", stream=stream, log_file=tmp_path / "app.log")
    logging.getLogger("shop").info("once")
    reset_logging()

    assert stream.getvalue().count("once") == 1
    assert (tmp_path / "app.log").read_text().count("once") == 1
    assert theirs in logging.getLogger().handlers
    logging.getLogger().removeHandler(theirs)


@pytest.mark.parametrize("first", ["setup", "configure"])
def test_recording_and_showing_do_not_disturb_each_other(first, stream):
    """In either order: each log is shown once and recorded once, ours and a library's, each by its own level."""
    if first == "setup":
        setup_logging("WARNING", json_format=True, stream=stream)
    with capture(level="INFO") as captured:
        if first == "configure":
            setup_logging("WARNING", json_format=True, stream=stream)
        for log in (get_logger("ours"), logging.getLogger("theirs")):
            log.info("quiet")
            log.warning("loud")
        if first == "configure":
            reset_logging()

    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["loud", "loud"]
    assert sorted(log.body for log in captured.logs) == ["loud", "loud", "quiet", "quiet"]


def test_a_lower_level_is_shown_and_not_recorded(stream):
    """DEBUG on the console does not fill the spool."""
    with capture(level="INFO") as captured:
        setup_logging("DEBUG", json_format=True, stream=stream)
        get_logger("ours").debug("shown")
        reset_logging()
        get_logger("ours").debug("neither")

    assert json.loads(stream.getvalue())["message"] == "shown"
    assert captured.logs == []


def test_our_loggers_are_shown_without_recording(stream):
    """Fields whose names Python's records have keep them, exceptions and places are told."""
    setup_logging("INFO", json_format=True, stream=stream)
    try:
        raise ValueError("bad")
    except ValueError:
        get_logger("ours").exception("failed", name="tea", args=[1], order=7)

    found = json.loads(stream.getvalue())
    assert (found["name"], found["args"], found["order"]) == ("tea", [1], 7)
    assert found["exception"]["type"] == "ValueError"
    assert found["function"] == "test_our_loggers_are_shown_without_recording"
    assert found["module"] == "test_log_setup"


def test_wrong_values_are_refused_and_change_nothing(stream):
    """The message says what is allowed."""
    setup_logging("INFO", stream=stream)
    with pytest.raises(SettingInvalid, match=r"level \(from call\) is 'LOUD'; expected one of DEBUG"):
        setup_logging("LOUD")
    with pytest.raises(SettingInvalid, match=r"library_levels of x is 'LOUD'; expected a level"):
        setup_logging(library_levels={"x": "LOUD"})
    with (
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(SettingInvalid, match=r"log_format is 'xml'; expected json"),
    ):
        patch.setenv("LOG_FORMAT", "xml")
        setup_logging()
    logging.getLogger("shop").info("still here")

    assert "still here" in stream.getvalue()
