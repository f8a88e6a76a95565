"""JSON lines: every field, any value, and a handler that needs nothing else."""

from __future__ import annotations

import datetime
import json
import logging
import logging.config
import math
import os
import re
import threading
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sightline
from sightline.logging import JSONFormatter
from sightline.model.redacted import REDACTED


def line(message="hello", *args, level=logging.INFO, exc_info=None, formatter=None, **extra):
    """Format one record and read it back; it must be one line."""
    record = logging.getLogger("shop.orders").makeRecord(
        "shop.orders", level, __file__, 42, message, args, exc_info, "pay", extra
    )
    text = (formatter or JSONFormatter()).format(record)
    assert "\n" not in text
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_a_line_has_every_field_and_in_this_order():
    """Time in UTC to the millisecond, and where the record comes from."""
    found = line("paid %d", 7)

    assert list(found) == [
        "timestamp", "level", "logger", "message", "module", "function", "line", "thread", "process",
    ]  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found["timestamp"])
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(found["timestamp"])
    assert abs(age.total_seconds()) < 60
    assert (found["level"], found["logger"], found["message"]) == ("INFO", "shop.orders", "paid 7")
    assert (found["module"], found["function"], found["line"]) == ("test_json_format", "pay", 42)
    assert (found["thread"], found["process"]) == (threading.get_ident(), os.getpid())


def test_extra_fields_stand_at_top_level():
    """What the call gave as ``extra`` is beside the standard fields."""
    found = line(order=7, items=["tea"], nested={"a": 1})

    assert (found["order"], found["items"], found["nested"]) == (7, ["tea"], {"a": 1})


def test_context_fields_are_on_the_line():
    """Bound fields are there without the call saying them."""
    with sightline.context(request_id="r1", user_id="u1", session_id="s1", tenant="t"):
        found = line()

    assert [found[name] for name in ("request_id", "user_id", "session_id", "tenant")] == ["r1", "u1", "s1", "t"]


def test_within_a_span_its_ids_are_on_the_line():
    """Outside a span they are absent."""
    with sightline.span("work") as span:
        found = line()

    assert (found["trace_id"], found["span_id"]) == (span.trace_id, span.span_id)
    assert not {"trace_id", "span_id"} & line().keys()


def test_an_exception_has_type_message_and_traceback():
    """The traceback is one text with the causes."""
    try:
        try:
            raise KeyError("a")
        except KeyError as error:
            raise ValueError("bad") from error
    except ValueError as error:
        found = line(exc_info=(ValueError, error, error.__traceback__))["exception"]

    assert list(found) == ["type", "message", "traceback"]
    assert (found["type"], found["message"]) == ("ValueError", "bad")
    assert "KeyError: 'a'" in found["traceback"]
    assert 'raise ValueError("bad") from error' in found["traceback"]


def test_the_fields_of_elk_are_there_where_they_are_given():
    """Application, host and environment are on every line."""
    found = line(formatter=JSONFormatter(application="shop", hostname="h1", environment="production", fields={"a": 1}))

    assert (found["application"], found["hostname"], found["environment"], found["a"]) == (
        "shop",
        "h1",
        "production",
        1,
    )


def test_a_field_named_as_one_of_ours_does_not_replace_it():
    """It stands under ``extra.`` and its name."""
    found = line(level=logging.WARNING, logger="mine", timestamp=3)

    assert (found["logger"], found["extra.logger"], found["extra.timestamp"]) == ("shop.orders", "mine", 3)


def test_secrets_are_taken_out_of_fields_message_and_traceback():
    """By name and by look."""
    try:
        raise ValueError("password=hunter2hunter2")
    except ValueError as error:
        found = line(
            "token=abcdef0123456789 sent", password="x", user={"api_key": "y"},
            exc_info=(ValueError, error, error.__traceback__),
        )  # fmt: skip

    assert (found["password"], found["user"]) == (REDACTED, {"api_key": REDACTED})
    assert "abcdef0123456789" not in found["message"]
    assert "hunter2hunter2\n" not in found["exception"]["traceback"]
    assert "hunter2" not in found["exception"]["message"]


class Nasty:
    """Raises whatever is asked of it."""

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__

    def __eq__(self, other):
        raise RuntimeError("no comparison")

    __hash__ = None


def cycle():
    """Make a list that holds itself."""
    found = []
    found.append(found)
    return found


def deep():
    """Nest a list deeper than recursion goes."""
    found = []
    for _ in range(100_000):
        found = [found]
    return found


@pytest.mark.parametrize(
    "value",
    [b"\xff\x00", math.nan, math.inf, -math.inf, 2**200, "\ud800", "a\nb\0", cycle(), deep(), Nasty(), {Nasty: 1},
     {1: {2, 3}}, uuid.uuid4(), datetime.datetime.now(datetime.UTC), object, lambda: 0,
     "x" * 3_000_000, [["y" * 100] * 2000] * 20,
     ValueError(Nasty())],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_any_value_gives_one_line_of_json(value):
    """As a field, as the message and as its argument; of a megabyte at most."""
    for found in (line(value=value), line(value), line("%s", value), line("%d %d", value)):
        assert found["level"] == "INFO"
        assert len(json.dumps(found, ensure_ascii=False).encode("utf-8", "surrogatepass")) < 1_100_000


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
))  # fmt: skip
def test_random_values_give_one_line_of_json(value):
    """Whatever hypothesis thinks of."""
    found = line("m", value=value)

    assert found["message"] == "m"
    assert "value" in found


def test_a_record_built_by_hand_is_formatted():
    """Records that come over the network or out of a queue lack this or that."""
    found = json.loads(JSONFormatter().format(logging.makeLogRecord({"msg": "hello"})))

    assert found["message"] == "hello"


def test_a_formatter_of_dict_config_needs_nothing_else(capsys):
    """Named in ``dictConfig``, without ``configure``, the formatter works, its options too."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": "sightline.logging.JSONFormatter", "application": "shop"}},
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}},
            "loggers": {"alone": {"handlers": ["out"], "level": "INFO", "propagate": False}},
        }
    )
    logging.getLogger("alone").info("hello", extra={"order": 7})
    logging.getLogger("alone").handlers.clear()
    logging.getLogger("alone").propagate = True

    found = json.loads(capsys.readouterr().out)
    assert (found["message"], found["order"], found["application"]) == ("hello", 7, "shop")
