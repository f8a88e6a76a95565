"""Errors that are tracked, and what is recorded of them."""

from __future__ import annotations

import asyncio
import threading

import pytest
from fastapi import FastAPI
from flask import Flask
from starlette.testclient import TestClient

import sightline
from sightline.errors import ErrorCategory, ErrorSeverity, error_counts, fingerprint, track_error
from sightline.model.redacted import REDACTED
from sightline.sdk.errors import LOGGER
from sightline.testing import capture


class PaymentRefused(Exception):
    """An error of a shop."""


def refuse(card="4111 1111 1111 1111"):
    """Fail as a shop does."""
    basket = {"items": 3, "token": "abc", "note": "Bearer abcdef0123456789"}
    raise PaymentRefused(f"refused with {len(basket)} for {card}")


def caught(function, *arguments):
    """Give what *function* raises."""
    try:
        function(*arguments)
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def errors(captured):
    """Give the errors among the logs."""
    return [log for log in captured.logs if log.logger == LOGGER]


def test_an_error_is_a_log_line_with_all_that_is_known_of_it():
    """Level, type, message, traceback, category, severity, fingerprint, context and span are on the one line."""
    error = caught(refuse, "nobody")
    with capture() as captured, sightline.context(request_id="r1", user_id="u1"), sightline.span("pay"):
        name = track_error(error, ErrorCategory.BUSINESS_LOGIC, ErrorSeverity.HIGH, {"order": 7, "password": "x"})

    [log], [span] = errors(captured), captured.spans
    told = log.attributes
    assert (log.level, log.severity, log.body) == ("ERROR", 17, "PaymentRefused: refused with 3 for nobody")
    assert told["exception.type"].endswith("test_errors.PaymentRefused")
    assert told["exception.message"] == "refused with 3 for nobody"
    assert "raise PaymentRefused(f" in told["exception.stacktrace"]
    assert (told["error.category"], told["error.severity"]) == ("business_logic", "high")
    assert told["error.fingerprint"] == name == fingerprint(error)
    assert (told["request_id"], told["user_id"], told["order"]) == ("r1", "u1", 7)
    assert (told["code.function.name"], told["error.handled"]) == ("refuse", True)
    assert told["password"] == REDACTED
    assert (log.trace, log.span) == (span.trace, span.span)


def test_an_error_is_counted_by_category_and_type():
    """Two errors of one kind count two, in the process and as a counter that is recorded."""
    before = error_counts().get("database:PaymentRefused", 0)
    with capture() as captured:
        for _ in range(2):
            track_error(caught(refuse), category="database", severity="low")

    assert error_counts()["database:PaymentRefused"] == before + 2
    labels = {"category": "database", "type": "PaymentRefused", "severity": "low"}
    samples = [sample for metric in captured.metrics if metric.name == "sightline_errors" for sample in metric.samples]
    assert [sample.value for sample in samples if sample.attributes == labels] == [2.0]


def test_words_that_are_no_category_or_severity_are_refused():
    """A wrong word is the caller's mistake, and is said at once."""
    with pytest.raises(ValueError, match="'weather' is not a valid ErrorCategory"):
        track_error(ValueError(), category="weather")
    with pytest.raises(ValueError, match="'awful' is not a valid ErrorSeverity"):
        track_error(ValueError(), severity="awful")


def test_nothing_is_recorded_before_configure():
    """Without ``configure`` the fingerprint is given, and nothing raises."""
    assert track_error(caught(refuse)) == fingerprint(caught(refuse))


def test_messages_and_tracebacks_carry_no_secret():
    """A card number in the message is taken out of message, body and traceback."""
    with capture() as captured:
        track_error(caught(refuse))

    assert b"4111" not in b"".join(captured.lines)
    assert REDACTED in errors(captured)[0].attributes["exception.message"]


def test_locals_are_recorded_on_request_and_without_secrets():
    """With ``capture_locals`` each frame of the application has its variables, cleaned by name and by value."""
    with capture(capture_locals=True) as captured:
        track_error(caught(refuse))

    frame = errors(captured)[0].attributes["error.locals"][-1]
    assert frame["function"] == "refuse"
    assert frame["locals"]["basket"] == {"items": 3, "token": REDACTED, "note": f"Bearer {REDACTED}"}
    assert frame["locals"]["card"] == REDACTED


def call(headers, client):
    """Fail with headers as servers have them, and an object that tells much of itself."""
    raise ConnectionError(f"{len(headers)} headers were sent by {type(client).__name__}")


def test_locals_are_cleaned_by_the_names_in_pairs_and_in_long_representations():
    """What is too long is cut after the search: what is left of a secret would have lost its name."""
    client = type("Client", (), {"__repr__": lambda _: f"Client({'x' * 200}, password='{'hunter2 ' * 100}')"})()
    with capture(capture_locals=True) as captured:
        track_error(caught(call, [(b"accept", b"*/*"), (b"x-api-key", b"hunter2")], client))

    told = errors(captured)[0].attributes["error.locals"][-1]["locals"]
    assert told["headers"] == [["b'accept'", "b'*/*'"], ["b'x-api-key'", REDACTED]]
    assert "hunter2" not in told["client"]


def test_locals_are_not_recorded_unless_asked_for():
    """By default no variable's value leaves the process."""
    with capture() as captured:
        track_error(caught(refuse))

    assert "error.locals" not in errors(captured)[0].attributes


class Hostile:
    """Its text cannot be had."""

    def __repr__(self):
        raise RuntimeError("no")


def test_values_that_resist_do_no_harm():
    """Locals that cannot be shown, are endless or huge are told in short."""

    def fail():
        hostile, huge, endless = Hostile(), "x" * 10_000_000, []
        endless.append(endless)
        raise KeyError(len(huge), type(hostile), len(endless))

    with capture(capture_locals=True) as captured:
        track_error(caught(fail))

    [line] = [line for line in captured.lines if LOGGER.encode() in line]
    assert len(line) < 20_000
    assert "Hostile" in errors(captured)[0].attributes["error.locals"][-1]["locals"]["hostile"]


def test_causes_are_told_from_the_outermost_on():
    """The chain names each exception and how it came to the one before."""

    def fail():
        try:
            refuse("x")
        except PaymentRefused as error:
            raise KeyError("order") from error

    with capture() as captured:
        track_error(caught(fail))

    told = errors(captured)[0].attributes
    assert [(link["type"].rpartition(".")[2], link["relation"]) for link in told["error.chain"]] == [
        ("KeyError", "raised"),
        ("PaymentRefused", "cause"),
    ]
    assert "The above exception was the direct cause" in told["exception.stacktrace"]


def test_members_of_a_group_are_told_with_their_fingerprints():
    """An exception group says what is in it, and each member is found again by its own fingerprint."""
    member = caught(refuse, "x")
    with capture() as captured:
        track_error(ExceptionGroup("several", [member, ValueError("y")]))

    told = errors(captured)[0].attributes
    assert [member["message"] for member in told["error.members"]] == ["refused with 3 for x", "y"]
    assert told["error.members"][0]["fingerprint"] == fingerprint(member)


def test_an_endless_chain_is_cut():
    """A thousand exceptions that caused each other make one line of bounded size."""
    error = ValueError("first")
    for number in range(1000):
        outer = ValueError(f"number {number}")
        outer.__cause__ = error
        error = outer
    with capture() as captured:
        track_error(error)

    told = errors(captured)[0].attributes
    assert len(told["error.chain"]) == 10
    assert len(told["exception.stacktrace"]) < 10_000


def test_exceptions_of_threads_and_tasks_are_recorded_and_the_host_still_hears_of_them(monkeypatch):
    """A thread's and a task's exception are each recorded once, and the hooks of the host are called."""
    heard = []
    monkeypatch.setattr(threading, "excepthook", lambda args: heard.append(args.exc_type))

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(type(context["exception"])))
        asyncio.get_running_loop().call_soon(refuse, "x")
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    with capture() as captured:
        thread = threading.Thread(target=refuse, args=("x",), name="payer")
        thread.start()
        thread.join()
        asyncio.run(main())

    told = [log.attributes for log in errors(captured)]
    assert [one["error.mechanism"] for one in told] == ["threading.excepthook", "asyncio"]
    assert [one["error.handled"] for one in told] == [False, False]
    assert heard == [PaymentRefused, PaymentRefused]


def test_an_error_that_was_tracked_is_not_recorded_again_where_it_ends(monkeypatch):
    """An exception that was tracked and then raised on stands in one record."""
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def work():
        try:
            refuse("x")
        except PaymentRefused as error:
            track_error(error)
            raise

    with capture() as captured:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert len(errors(captured)) == 1


def test_capturing_can_be_turned_off(monkeypatch):
    """With ``capture_errors=False`` the host's hook stays in its place."""

    def own(_):
        return None

    monkeypatch.setattr(threading, "excepthook", own)
    with capture(capture_errors=False):
        assert threading.excepthook is own


def test_shutdown_puts_the_hosts_hooks_back(monkeypatch):
    """After ``shutdown`` the hooks are those that were there before."""

    def own(_):
        return None

    monkeypatch.setattr(threading, "excepthook", own)
    with capture():
        assert threading.excepthook is not own

    assert threading.excepthook is own


def test_what_leaves_a_request_is_recorded_within_its_trace():
    """An exception of a FastAPI or Flask endpoint is an error of the request, with its ids; the client sees a 500."""
    app = FastAPI()
    app.get("/pay")(lambda: refuse("x"))
    flask = Flask("shop")
    flask.add_url_rule("/pay", view_func=lambda: refuse("x"))
    with capture() as captured:
        client = TestClient(sightline.instrument(app), raise_server_exceptions=False)
        assert client.get("/pay", headers={"X-Request-ID": "r1"}).status_code == 500
        assert sightline.instrument(flask).test_client().get("/pay", buffered=True).status_code == 500

    for log, span in zip(errors(captured), captured.spans, strict=True):
        assert log.attributes["error.mechanism"] == "request"
        assert (log.trace, log.span) == (span.trace, span.span)
    assert errors(captured)[0].attributes["request_id"] == "r1"
