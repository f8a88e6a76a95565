"""Records of the common loggers and shippers, by the names of their fields."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.wire import log_object

TIME_NS = 1_795_170_645_123_000_000
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def told(found):
    """Everything that was read of a record, without what is empty."""
    record = log_object.read(found)
    return {name: value for name in record.__slots__ if (value := getattr(record, name))}


def test_a_line_of_our_own_format():
    """Every field of our JSON line stands where the SDK's own records have it."""
    line = {
        "timestamp": "2026-11-20T10:30:45.123Z", "level": "INFO", "logger": "shop.orders", "message": "paid",
        "function": "pay", "trace_id": TRACE, "span_id": SPAN, "application": "shop", "hostname": "web-1",
        "environment": "production", "order": 7, "exception": {"type": "E", "message": "m", "traceback": "t"},
    }  # fmt: skip

    assert told(line) == {
        "body": "paid", "time_ns": TIME_NS, "level": "INFO", "logger": "shop.orders", "trace": TRACE, "span": SPAN,
        "attributes": {
            "function": "pay", "order": 7,
            "exception.type": "E", "exception.message": "m", "exception.stacktrace": "t",
        },
        "resource": {"service.name": "shop", "host.name": "web-1", "deployment.environment.name": "production"},
    }  # fmt: skip


@pytest.mark.parametrize(
    "found",
    [
        {"@timestamp": "2026-11-20T10:30:45.123Z", "log.level": "error", "message": "m", "service": {"name": "s"}},
        {"@timestamp": "2026-11-20T10:30:45.123Z", "log": {"level": "error"}, "message": "m", "service.name": "s"},
        {"ts": 1_795_170_645.123, "level": "error", "msg": "m", "service": "s"},
        {"time": 1_795_170_645_123, "level": 50, "msg": "m", "app": "s"},
        {"Timestamp": "2026-11-20T10:30:45.123Z", "Level": "error", "Message": "m", "Application": "s"},
        {"@t": "2026-11-20T10:30:45.1230000Z", "@l": "error", "@m": "m", "application": "s"},
        {"timestamp": "2026-11-20T10:30:45.123Z", "level": "error", "event": "m", "service": "s"},
        {"timestamp": 1_795_170_645.123, "level": 3, "short_message": "m", "service": "s"},
    ],
    ids=["ecs flat", "ecs nested", "zap", "pino", "capitals", "serilog", "structlog", "gelf"],
)
def test_formats(found):
    """Time, level, message and service of each format are found."""
    record = log_object.read(found)

    assert (record.time_ns, record.level.upper()[:3], record.body) == (TIME_NS, "ERR", "m")
    assert record.resource == {"service.name": "s"}
    assert record.attributes == {}


@pytest.mark.parametrize(
    ("found", "level"),
    [
        ({"severityNumber": 1}, "TRACE"), ({"severity_number": 5}, "DEBUG"), ({"SEVERITY_NUMBER": "17"}, "ERROR"),
        ({"severityText": "", "severityNumber": 17}, "ERROR"), ({"severityNumber": 9, "severityText": ""}, "INFO"),
        ({"levelno": 40}, "ERROR"), ({"levelno": 30}, "WARNING"), ({"LEVELNO": "10"}, "DEBUG"),
        ({"levelno": 35}, "WARNING"), ({"level": 40}, "WARNING"), ({"level": 3}, "ERR"),
        ({"level": 17}, "ERROR"), ({"status": "Error"}, "Error"),
    ],
)  # fmt: skip
def test_a_level_is_read_by_its_fields_name(found, level):
    """A number is OpenTelemetry's, Python's, pino's or syslog's as the name of its field says; no text is no level."""
    assert log_object.read(found | {"msg": "m"}).level == level


@pytest.mark.parametrize("wrong", [{"severityNumber": 0}, {"severityNumber": 25}, {"levelno": 0}, {"levelno": -5}])
def test_a_number_that_is_no_level_stays(wrong):
    """A number outside its kind's range is an attribute."""
    assert told(wrong | {"msg": "m"}) == {"body": "m", "attributes": wrong}


@pytest.mark.parametrize("status", ["200", "404", "5", 200, 5, "ok", "active", True])
def test_a_status_is_no_level(status):
    """What an HTTP server answered, and what state something is in, stays an attribute."""
    assert told({"status": status, "msg": "GET /"}) == {"body": "GET /", "attributes": {"status": status}}


def test_a_status_that_was_chosen():
    """Where the user says that ``status`` is the level, it is."""
    assert log_object.read({"status": "urgent"}, log_object.roles(level="status")).level == "urgent"


def test_an_empty_text_comes_last():
    """A name with nothing in it does not keep out another one that has something."""
    found = told({"message": "", "msg": "m", "logger": "", "name": "shop"})

    assert found == {"body": "m", "logger": "shop", "attributes": {"message": "", "logger": ""}}


def test_what_is_not_what_its_name_says():
    """A value that does not fit its name is kept as an attribute, and so is the second of two names for one thing."""
    found = {"time": "soon", "level": [1], "trace_id": "none", "message": "m", "msg": "other", "nothing": None}

    assert told(found) == {
        "body": "m",
        "attributes": {"time": "soon", "level": [1], "trace_id": "none", "msg": "other"},
    }


def test_a_record_without_a_message():
    """The whole record is the body, as JSON, so that it can be read and found."""
    assert log_object.read({"a": 1}).body == '{"a":1}'


def test_names_that_were_chosen():
    """A name that was chosen comes before the usual ones."""
    found = {"created": 1_795_170_645.123, "time": "10:30", "what": {"was": "m"}, "message": "other"}
    record = log_object.read(found, log_object.roles(time="created", message="what.was"))

    assert (record.body, record.time_ns) == ("m", TIME_NS)
    assert record.attributes == {"time": "10:30", "message": "other"}


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), lambda inner: st.dictionaries(
    st.sampled_from(sorted(log_object.ROLES)) | st.text() | st.integers(), inner) | st.lists(inner)))  # fmt: skip
def test_anything(value):
    """Whatever a mapping holds, it is read."""
    record = log_object.read({"value": value} | (value if isinstance(value, dict) else {}))

    assert isinstance(record.body, str)


def test_a_line_that_is_no_object():
    """Lines that are no JSON object give None."""
    deep = '{"a":' * 10_000

    assert [log_object.read_line(line) for line in ("", "a", "[1]", "{", deep)] == [None] * 5
    assert log_object.read_line(msgspec.json.encode({"msg": "m"}).decode()).body == "m"
