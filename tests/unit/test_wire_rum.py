"""What becomes of a browser's beacon."""

import json

import pytest
from tests.support.envelopes import BEACON, SPAN, TRACE

from sightline.base.errors import DecodeError
from sightline.wire.redact import Redactor
from sightline.wire.rum import decode

NOW_NS = 1_790_000_000_000_000_000


def rows(table="events", **changes):
    """Decode the beacon with changes, and give one table's rows."""
    decoded = decode(json.dumps({**BEACON, **changes}).encode(), NOW_NS, Redactor()).decoded
    return decoded.tables[table].to_pylist(maps_as_pydicts="strict")


def test_each_kind():
    """Each kind of thing is an event of its own name, with the session, the user and the page."""
    found = {row["EventName"]: row for row in rows()}
    page, vital, request = (found[f"rum.{name}"] for name in ("page_load", "web_vital", "request"))

    assert sorted(found) == [
        "rum.click", "rum.error", "rum.page_load", "rum.request", "rum.route_change", "rum.submit", "rum.web_vital",
    ]  # fmt: skip
    assert (page["ServiceName"], page["SessionId"], page["UserId"]) == ("shop-web", TRACE, "u5")
    assert (page["Data"]["load_ms"], page["Data"]["first_byte_ms"], page["Data"]["path"]) == (
        "812.5",
        "90.0",
        "/orders",
    )
    assert (vital["Data"]["name"], vital["Data"]["value"], vital["Data"]["rating"]) == ("LCP", "1200.5", "good")
    assert (request["TraceId"], request["SpanId"], request["Data"]["method"]) == (TRACE, SPAN, "POST")


def test_no_value_of_a_query_is_kept():
    """Addresses keep the names in their queries, and none of the values."""
    found = str(rows()) + str(rows("otel_logs"))

    assert "token=[REDACTED]" in found
    assert "hunter2" not in found
    assert "4111" not in found


def test_an_error_is_grouped():
    """An error is one of the errors too, named the same in the next release's bundle."""
    (log,) = rows("otel_logs")
    moved = json.loads(json.dumps(BEACON).replace("shop-4f3a91bc.js:1:2", "shop-77aa01de.js:9:9"))
    (again,) = rows("otel_logs", events=moved["events"])

    assert (log["Body"], log["ScopeName"]) == ("TypeError: x is undefined", "sightline.errors")
    assert log["LogAttributes"]["code.file.path"] == "/assets/shop.js"
    assert log["LogAttributes"]["session_id"] == TRACE
    assert log["LogAttributes"]["error.fingerprint"] == again["LogAttributes"]["error.fingerprint"]


def test_no_secret_of_a_stack_is_left():
    """A file and a function are searched, too, not the stack's text alone."""
    key = "ghp_" + "a1B2" * 9
    stack = f"Error: x\n    at password=hunter2 (http://shop/{key}/shop.js:1:2)"

    (log,) = rows("otel_logs", events=[{"k": "error", "type": "Error", "message": "x", "stack": stack}])

    assert log["LogAttributes"]["code.line.number"] == "1"
    assert "[REDACTED]" in log["LogAttributes"]["code.file.path"]
    assert key not in str(log)
    assert "hunter2" not in str(log)


def test_a_clock_that_is_off():
    """The times of a browser whose clock is a day late are set right."""
    (row,) = rows(sent=1_789_913_600_000, events=[{"k": "click", "t": 1_789_913_599_000, "el": "a"}])

    assert row["Timestamp"].timestamp() == 1_789_999_999


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"k": []},
        {"k": "page"},
        {"k": "vital", "n": [], "v": 1},
        {"k": "vital", "n": "LCP", "v": -1},
        {"k": "click"},
        7,
    ],
)
def test_what_cannot_be_read(told):
    """A thing that cannot be read is rejected by itself."""
    decoded = decode(json.dumps({"events": [told, {"k": "click", "el": "a"}]}).encode(), NOW_NS, Redactor()).decoded

    assert (decoded.accepted, decoded.rejected) == (1, 1)


@pytest.mark.parametrize("body", [b"", b"[]", b"x", b"{" * 100_000, b" " * 300_000])
def test_what_is_no_beacon(body):
    """What is no beacon, or too long, is refused."""
    with pytest.raises(DecodeError, match="beacon"):
        decode(body, NOW_NS, Redactor())
