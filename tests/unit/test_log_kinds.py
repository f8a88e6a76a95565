"""Logs of calls, requests, questions, errors, security and business events."""

from __future__ import annotations

import asyncio
import datetime
import logging

import pytest

import sightline
from sightline.base.errors import SettingInvalid
from sightline.events import BusinessEvent, EventType, audited, event, log_business_event
from sightline.logging import (
    SecurityLogger,
    log_error,
    log_function_call,
    log_rag_operation,
    log_request,
    log_security_event,
)
from sightline.model.redacted import REDACTED
from sightline.testing import capture


@pytest.fixture
def captured():
    """Record into memory."""
    with capture() as captured:
        yield captured


@log_function_call
def plain(fail=False):
    """Do nothing, or fail."""
    if fail:
        raise ValueError("bad")
    return "done"


@log_function_call
async def coroutine(fail=False):
    """Likewise."""
    await asyncio.sleep(0)
    return plain.__wrapped__(fail)


@log_function_call
def generator(fail=False):
    """Likewise, in steps."""
    got = yield 1
    yield got
    plain.__wrapped__(fail)


@log_function_call
async def async_generator(fail=False):
    """Likewise."""
    yield 1
    plain.__wrapped__(fail)


async def drain(steps):
    """Go through an async generator."""
    return [step async for step in steps]


CALLS = {
    "plain": plain,
    "coroutine": lambda fail=False: asyncio.run(coroutine(fail)),
    "generator": lambda fail=False: list(generator(fail)),
    "async_generator": lambda fail=False: asyncio.run(drain(async_generator(fail))),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_logged_at_entry_and_exit(captured, name):
    """With its duration, its name, and the place of the function."""
    CALLS[name]()

    called, returned = captured.logs
    assert (called.body, returned.body) == (f"{name} called", f"{name} returned")
    assert (called.level, called.logger) == ("INFO", __name__)
    assert returned.attributes["duration_ms"] >= 0
    assert (returned.attributes["function.name"], returned.attributes["function.module"]) == (name, __name__)
    assert returned.attributes["code.function.name"] == name


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_fails_is_logged_with_its_exception(captured, name):
    """At level ERROR; the exception goes on."""
    with pytest.raises(ValueError, match="bad"):
        CALLS[name](fail=True)

    raised = captured.logs[-1]
    assert (raised.body, raised.level) == (f"{name} raised", "ERROR")
    assert (raised.attributes["exception.type"], raised.attributes["exception.message"]) == ("ValueError", "bad")
    assert "duration_ms" in raised.attributes


def test_a_generator_that_is_closed_early_has_returned(captured):
    """And what is sent into it arrives."""
    steps = generator()
    assert (next(steps), steps.send("x")) == (1, "x")
    steps.close()

    assert [log.body for log in captured.logs] == ["generator called", "generator returned"]


def test_level_and_logger_of_calls_can_be_chosen(captured):
    """Below the level nothing is logged, but for an exception."""

    @log_function_call(level="debug", logger="calls")
    def quiet(fail):
        if fail:
            raise KeyError

    quiet(fail=False)
    with pytest.raises(KeyError):
        quiet(fail=True)

    assert [(log.logger, log.level) for log in captured.logs] == [("calls", "ERROR")]
    with pytest.raises(SettingInvalid, match=r"level \(from log_function_call\) is 'LOUD'; expected one of"):
        log_function_call(level="LOUD")


@pytest.mark.parametrize(("status", "level"), [(200, "INFO"), (399, "INFO"), (404, "WARNING"), (500, "ERROR")])
def test_a_request_is_logged_at_the_level_of_its_status(captured, status, level):
    """With what is known of it."""
    log_request("GET", "/orders", status, 12.5, user_id="u1", headers={"Authorization": "x"})

    [log] = captured.logs
    assert (log.body, log.level, log.logger) == ("HTTP_REQUEST_COMPLETE", level, "sightline.request")
    expected = {"method": "GET", "path": "/orders", "status_code": status, "duration_ms": 12.5, "user_id": "u1"}
    assert expected.items() <= log.attributes.items()
    assert log.attributes["headers"] == {"Authorization": REDACTED}
    assert log.attributes["code.file.path"] == __file__


def test_a_question_is_logged_without_its_text_unless_it_is_asked_for(captured):
    """Length, time, sources and whether it was cached."""
    log_rag_operation(42, 1.5, 3, cached=True)
    log_rag_operation(5, 0.5, 0, query="What?")

    first, second = captured.logs
    expected = {"query_length": 42, "response_time": 1.5, "source_count": 3, "cached": True}
    assert (first.body, first.level) == ("RAG_OPERATION", "INFO")
    assert expected.items() <= first.attributes.items()
    assert "query" not in first.attributes
    assert (second.attributes["query"], second.attributes["cached"]) == ("What?", False)


def test_an_error_is_logged_with_its_traceback(captured):
    """Its fingerprint is given back; fields and what was being done are on the record."""
    try:
        raise ValueError("bad")
    except ValueError as error:
        fingerprint = log_error(error, "paying", category="validation", severity="high", order=7)

    [log] = captured.logs
    assert (log.level, log.attributes["exception.type"]) == ("ERROR", "ValueError")
    assert (log.attributes["error.context"], log.attributes["order"]) == ("paying", 7)
    assert (log.attributes["error.category"], log.attributes["error.fingerprint"]) == ("validation", fingerprint)


def test_the_security_log_has_its_kinds(captured):
    """Sign-ins, limits and suspicion, with their fields and levels."""
    log = SecurityLogger()
    log.log_authentication_attempt("10.0.0.1", True, "/login", "curl", user_id="u1")
    log.log_authentication_attempt("10.0.0.1", False, "/login", "curl")
    log.log_rate_limit_violation("10.0.0.1", 101, 100, "/api")
    log.log_suspicious_activity("sql_injection", {"input": "' OR 1=1", "password": "x"})
    log_security_event("key_rotated", severity="low", key="k1")

    assert [(log.logger, log.body, log.level) for log in captured.logs] == [
        ("security", "AUTHENTICATION_ATTEMPT", "INFO"),
        ("security", "AUTHENTICATION_ATTEMPT", "WARNING"),
        ("security", "RATE_LIMIT_VIOLATION", "WARNING"),
        ("security", "SUSPICIOUS_ACTIVITY", "ERROR"),
        ("security", "KEY_ROTATED", "INFO"),
    ]
    attempt, _, limit, suspicious, _ = (log.attributes for log in captured.logs)
    expected = {"ip": "10.0.0.1", "success": True, "endpoint": "/login", "user_agent": "curl", "user_id": "u1"}
    assert expected.items() <= attempt.items()
    assert {"current_count": 101, "limit": 100}.items() <= limit.items()
    assert (suspicious["severity"], suspicious["activity_type"]) == ("high", "sql_injection")
    assert suspicious["details"] == {"input": "' OR 1=1", "password": REDACTED}
    assert all(log.attributes["code.file.path"] == __file__ for log in captured.logs)


def test_security_and_audit_are_recorded_whatever_the_level():
    """A level of CRITICAL does not silence them."""
    with capture(level="CRITICAL") as captured:
        log_security_event("x", severity="low")
        event("user_login", user_id="u1")

    assert [log.logger for log in captured.logs] == ["security", "audit"]


def test_an_unknown_severity_is_refused():
    """The message says which there are."""
    with pytest.raises(SettingInvalid, match=r"severity of x is 'awful'; expected one of low, medium, high, critical"):
        log_security_event("x", severity="awful")


def test_every_type_of_event_has_its_name():
    """They are texts, fixed for dashboards and alerts."""
    assert [kind.value for kind in EventType] == [
        "user_registered", "user_login", "user_logout", "user_profile_updated", "dialog_created", "message_sent",
        "ai_response_generated", "handoff_requested", "handoff_accepted", "handoff_completed", "balance_topped_up",
        "balance_charged", "document_uploaded", "document_processed", "api_error", "rate_limit_exceeded",
        "security_violation",
    ]  # fmt: skip


def test_a_business_event_is_stored_with_who_what_and_when(captured):
    """Whose it is stands beside the context's fields, the rest in its data."""
    when = datetime.datetime(2026, 1, 15, 10, 30, 45, 123456, tzinfo=datetime.UTC)
    made = BusinessEvent(
        event_type=EventType.DOCUMENT_UPLOADED, user_id="u1", entity_id="d7", entity_type="document",
        data={"pages": 3, "token": "x"}, timestamp=when, request_id="r1",
    )  # fmt: skip
    log_business_event(made)

    [found] = captured.events
    assert found.name == "document_uploaded"
    assert found.attributes == {"user_id": "u1", "request_id": "r1"}
    assert found.data == {"pages": 3, "token": REDACTED, "entity_id": "d7", "entity_type": "document"}
    assert found.time == int(when.timestamp()) * 1_000_000_000 + 123_456_000
    assert captured.logs == []


def test_the_parts_of_a_business_event_stand_in_their_order():
    """Callers who name none of them have had this order from the start."""
    when = datetime.datetime(2026, 1, 15, tzinfo=datetime.UTC)

    made = BusinessEvent(EventType.USER_LOGIN, "u1", "d7", "document", {"pages": 3}, when, "r1")

    assert made == BusinessEvent(
        event_type="user_login", user_id="u1", entity_id="d7", entity_type="document", data={"pages": 3},
        timestamp=when, request_id="r1",
    )  # fmt: skip


def test_audited_events_are_logged_as_well(captured):
    """Five types from the start, and the user's own."""
    with sightline.context(request_id="r1"):
        for kind in EventType:
            event(kind, user_id="u1")
    audited.add("refund_granted")
    log_business_event("refund_granted", entity_id="o7", data={"amount": 5})
    audited.discard("refund_granted")

    assert [log.body for log in captured.logs] == [
        "user_registered", "user_login", "handoff_requested", "balance_topped_up", "security_violation",
        "refund_granted",
    ]  # fmt: skip
    first, last = captured.logs[0], captured.logs[-1]
    assert (first.logger, first.level) == ("audit", "INFO")
    assert {"event_type": "user_registered", "user_id": "u1", "request_id": "r1"}.items() <= first.attributes.items()
    assert {"entity_id": "o7", "amount": 5}.items() <= last.attributes.items()
    assert last.attributes["code.file.path"] == __file__
    assert len(captured.events) == len(EventType) + 1


def test_events_without_configure_are_dropped(tmp_path, monkeypatch):
    """Nothing raises and nothing is recorded, neither at once nor later."""
    monkeypatch.setenv("SIGHTLINE_HOME", str(tmp_path / "home"))
    event("user_login", user_id="u1")
    log_business_event("user_login", user_id="u1")
    logging.getLogger("audit").info("neither does this")
    with capture() as captured:
        event("user_registered", user_id="u2")

    assert [found.name for found in captured.events] == ["user_registered"]
    assert [log.body for log in captured.logs] == ["user_registered"]
    assert not (tmp_path / "home").exists()


def test_a_wrong_part_of_an_event_is_refused():
    """A typing error is told at once."""
    with pytest.raises(TypeError, match="usr_id"):
        log_business_event("user_login", usr_id="u1")
