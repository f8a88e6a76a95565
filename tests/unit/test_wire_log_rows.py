"""Records that come one by one become a block of the table of logs."""

import pytest

from sightline.base.errors import BodyTooLarge
from sightline.base.limits import MAX_AHEAD_NS, MAX_ATTRIBUTES, MAX_BODY_BYTES
from sightline.wire.log_rows import DROPPED_ATTRIBUTES, LogRows

RECEIVED_NS = 1_763_650_000_000_000_000


def test_every_column():
    """Each argument stands in its column, values as text."""
    rows = LogRows(RECEIVED_NS)
    rows.add(
        "paid", time_ns=7, level="warn", attributes={"n": 7, "ok": True, "list": [1], "text": "t", "none": None},
        resource={"service.name": "shop", "host.name": "a"}, logger="l", trace="t", span="s", event="e",
    )  # fmt: skip
    (row,) = rows.table().to_pylist()

    assert row.pop("Timestamp").value == 7
    assert row == {
        "TraceId": "t", "SpanId": "s", "SeverityText": "WARNING", "SeverityNumber": 13, "ServiceName": "shop",
        "Body": "paid", "ResourceAttributes": [("service.name", "shop"), ("host.name", "a")], "ScopeName": "l",
        "LogAttributes": [("n", "7"), ("ok", "true"), ("list", "[1]"), ("text", "t"), ("none", "null")],
        "EventName": "e",
    }  # fmt: skip


def test_resources_of_many_records():
    """Each record has its own resource, whether it is one object again or another that is equal."""
    rows = LogRows(RECEIVED_NS)
    shop = {"service.name": "shop"}
    for resource in (shop, shop, {"service.name": "pay"}, dict(shop), None):
        rows.add("", resource=resource)
    table = rows.table()

    assert table["ServiceName"].to_pylist() == ["shop", "shop", "pay", "shop", ""]
    assert [dict(about).get("service.name", "") for about in table["ResourceAttributes"].to_pylist()] == [
        "shop", "shop", "pay", "shop", "",
    ]  # fmt: skip


def test_bounds():
    """Too many attributes are counted, times too far ahead rejected, lone surrogates replaced."""
    rows = LogRows(RECEIVED_NS)
    rows.add("ahead", time_ns=RECEIVED_NS + MAX_AHEAD_NS + 1)
    rows.add("\ud800", attributes={f"a{number}": "" for number in range(MAX_ATTRIBUTES + 5)})
    decoded = rows.decoded()
    (row,) = decoded.tables["otel_logs"].to_pylist()

    assert (decoded.accepted, decoded.rejected) == (1, 1)
    assert "year ahead" in decoded.reason
    assert row["Body"] == "?"
    assert row["LogAttributes"][-1] == (DROPPED_ATTRIBUTES, "6")


def test_a_resource_that_is_repeated_too_often():
    """A large resource, repeated for every record, is refused before it fills the memory."""
    rows = LogRows(RECEIVED_NS)
    large = {"label": "x" * (MAX_BODY_BYTES // 100)}

    with pytest.raises(BodyTooLarge, match="repeated for each"):
        for _ in range(101):
            rows.add("", resource=large)


def test_no_records():
    """Without records there is no table to store."""
    assert LogRows(RECEIVED_NS).decoded().tables == {}
    assert LogRows(RECEIVED_NS).table().num_rows == 0
