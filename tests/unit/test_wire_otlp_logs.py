"""Log records of OTLP become rows of the table of logs."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from sightline.base.errors import DecodeError
from sightline.wire.otlp import decode_logs

TIME_NS = 1_763_640_000_123_456_789
RECEIVED_NS = 1_763_650_000_000_000_000


def request_with(**fields):
    """A request with one record of a shop."""
    request = ExportLogsServiceRequest()
    resource_logs = request.resource_logs.add(schema_url="r/1")
    resource_logs.resource.attributes.add(key="service.name").value.string_value = "shop"
    scope_logs = resource_logs.scope_logs.add(schema_url="s/1", scope={"name": "shop.cart", "version": "3"})
    scope_logs.scope.attributes.add(key="team").value.string_value = "blue"
    scope_logs.log_records.add(**fields)
    return request


def row_of(request):
    """The one row that *request* gives."""
    (row,) = decode_logs(request.SerializeToString(), RECEIVED_NS).tables["otel_logs"].to_pylist()
    return {**row, "Timestamp": row["Timestamp"].value}


def test_every_column():
    """Each field of a record stands in the column that the Collector's exporter has for it."""
    request = request_with(
        time_unix_nano=TIME_NS,
        severity_number=9,
        severity_text="Information",
        body={"string_value": "paid"},
        attributes=[{"key": "order", "value": {"int_value": 7}}],
        flags=0x101,
        trace_id=b"\xab" * 16,
        span_id=b"\x01" * 8,
        event_name="order.paid",
    )

    assert row_of(request) == {
        "Timestamp": TIME_NS,
        "TraceId": "ab" * 16,
        "SpanId": "01" * 8,
        "TraceFlags": 1,
        "SeverityText": "Information",
        "SeverityNumber": 9,
        "Body": "paid",
        "ServiceName": "shop",
        "ResourceAttributes": [("service.name", "shop")],
        "ScopeName": "shop.cart",
        "ScopeVersion": "3",
        "ResourceSchemaUrl": "r/1",
        "ScopeSchemaUrl": "s/1",
        "ScopeAttributes": [("team", "blue")],
        "LogAttributes": [("order", "7")],
        "EventName": "order.paid",
    }


@pytest.mark.parametrize(
    ("fields", "expected_ns"),
    [
        ({"time_unix_nano": TIME_NS, "observed_time_unix_nano": 5}, TIME_NS),
        ({"observed_time_unix_nano": TIME_NS}, TIME_NS),
        ({}, RECEIVED_NS),
    ],
)
def test_time(fields, expected_ns):
    """A record without a time has the one at which it was observed, or else received."""
    assert row_of(request_with(**fields))["Timestamp"] == expected_ns


@pytest.mark.parametrize(
    ("fields", "level"),
    [
        ({"severity_number": 18}, ("ERROR", 18)),
        ({"severity_text": "warn"}, ("warn", 13)),
        ({"severity_number": 99}, ("", 0)),
        ({"severity_number": -1, "severity_text": "?"}, ("?", 0)),
    ],
)
def test_severity(fields, level):
    """A number without a text has our name for it, a text without a number the number that we have for it."""
    row = row_of(request_with(**fields))

    assert (row["SeverityText"], row["SeverityNumber"]) == level


@pytest.mark.parametrize("trace_id", [b"", b"short", bytes(16)])
def test_invalid_ids_are_none(trace_id):
    """A record with an invalid trace id is taken without one."""
    assert row_of(request_with(trace_id=trace_id))["TraceId"] == ""


def test_times_that_cannot_be_kept():
    """A record from the far future is rejected and counted."""
    decoded = decode_logs(request_with(time_unix_nano=2**63).SerializeToString(), RECEIVED_NS)

    assert (decoded.tables, decoded.accepted, decoded.rejected) == ({}, 0, 1)
    assert decoded.reason == "A log record's times must be no more than a year ahead."


@given(st.binary(max_size=300))
def test_random_bytes(body):
    """Random bytes are decoded or refused with our own error, never anything else."""
    with suppress(DecodeError):
        decode_logs(body, RECEIVED_NS)
