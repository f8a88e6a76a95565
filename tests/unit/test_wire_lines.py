"""Records to lines and back."""

from __future__ import annotations

import dataclasses
import datetime
import json
import uuid
from pathlib import Path

import pytest

from sightline.base.errors import DecodeError
from sightline.base.limits import MAX_LINE_BYTES
from sightline.model.event import EventRecord
from sightline.model.log import LogRecord
from sightline.model.metric import MetricRecord, Sample
from sightline.model.profile import ProfileRecord, Stack
from sightline.model.span import ERROR, SERVER, SpanEvent, SpanLink, SpanRecord
from sightline.wire.lines import decode, encode

INSTANCE = "0123456789abcdef"
GOLDEN = Path(__file__).parent.parent / "golden" / "lines.jsonl"

RECORDS = [
    LogRecord(1, INSTANCE, "a" * 32, "b" * 16, 9, "INFO", "shop", "paid\nin full", {"order": 7, "ok": True, "x": None}),
    LogRecord(2, INSTANCE, body="naïve ☃"),
    SpanRecord(
        3, INSTANCE, "a" * 32, "b" * 16, "c" * 16, "GET /items/{id}", SERVER, 1500, ERROR, "boom", "scope", "1.0",
        "k=v", {"http.route": "/items/{id}", "list": [1, "2"], "map": {"a": {"b": 1}}},
        [SpanEvent(4, "exception", {"exception.type": "ValueError"})], [SpanLink("d" * 32, "e" * 16, "", {"a": 1})],
    ),
    SpanRecord(5, INSTANCE, "a" * 32, "b" * 16, name="quick"),
    MetricRecord(
        6, INSTANCE, "http_requests", "counter", "", "Requests.",
        [Sample("http_requests_total", 3.0, {"method": "GET"}), Sample("http_requests_total", "nan")],
    ),
    EventRecord(7, INSTANCE, "a" * 32, "b" * 16, "order_paid", {"user_id": "u1"}, {"amount": 2.5}),
    ProfileRecord(8, INSTANCE, 15, [
        Stack("__main__:<module>;shop:pay", 3, 150, 120, "MainThread", "a" * 32, "b" * 16, "POST /pay"),
        Stack("threading:wait", 1, 50),
    ]),
]  # fmt: skip


def test_lines_are_as_the_format_says():
    """The lines of one record of each kind are, byte for byte, those of the golden file."""
    assert b"".join(encode(record) + b"\n" for record in RECORDS) == GOLDEN.read_bytes()


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_reads_back(record):
    """Decode of encode is the identity."""
    assert decode(encode(record)) == record


class Unshowable:
    """Raises where others show themselves."""

    def __str__(self):
        raise RuntimeError

    __repr__ = __str__


@dataclasses.dataclass
class Order:
    """A dataclass, as users have them."""

    number: int


def cycle():
    """Make a list that holds itself."""
    held = []
    held.append(held)
    return held


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (10**40, 10**40),
        (float("nan"), None),
        ("\ud800lone", "\\ud800lone"),
        ({1: {"a"}}, {"1": ["a"]}),
        (Unshowable(), f"<{__name__}.Unshowable that cannot be shown>"),
        (Order(3), {"number": 3}),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC), "2026-01-02T00:00:00Z"),
        (object, "<class 'object'>"),
    ],
)
def test_any_value_becomes_json(value, expected):
    """A value that JSON cannot hold becomes text or its plain parts, and nothing raises."""
    found = json.loads(encode(LogRecord(1, INSTANCE, attributes={"value": value})))["attributes"]["value"]

    assert found == expected


def test_a_cycle_ends():
    """A list that holds itself is cut at a depth, not followed for ever."""
    line = encode(LogRecord(1, INSTANCE, attributes={"value": cycle()}))

    assert len(json.dumps(json.loads(line))) < 1000


def test_bytes_that_come_with_a_bad_value_are_as_without_it():
    """In a record that had to be tamed, bytes are base64, as in every other."""
    found = json.loads(encode(LogRecord(1, INSTANCE, body="\ud800", attributes={"value": b"caf\xe9"})))

    assert found["attributes"]["value"] == "Y2Fm6Q=="


def test_a_record_that_is_too_long_is_shortened_and_marked():
    """Texts are cut with a note of how much is missing; the line fits and says that it was shortened."""
    line = encode(LogRecord(1, INSTANCE, body="x" * (2 * MAX_LINE_BYTES), attributes={"small": 1}))

    found = json.loads(line)
    assert len(line) <= MAX_LINE_BYTES
    assert found["attributes"] == {"small": 1, "sightline.shortened": True}
    assert found["body"].endswith("characters more)")


def test_a_record_of_endless_small_values_fits_too():
    """Where shortening texts is not enough, what every record has is kept."""
    fields = {f"k{n}": {f"j{m}": "v" * 30 for m in range(900)} for n in range(900)}

    line = encode(LogRecord(1, INSTANCE, body="b", attributes=fields))

    assert len(line) <= MAX_LINE_BYTES
    assert json.loads(line)["attributes"]["sightline.shortened"] is True


@pytest.mark.parametrize("line", [b"", b"{}", b"[1]", b'{"kind":"nothing"}', b'{"kind":"log","time":"x"}', b"\xff"])
def test_what_is_no_record_is_told(line):
    """Bytes that are no valid line raise one error, which says why."""
    with pytest.raises(DecodeError, match="no valid record"):
        decode(line)
