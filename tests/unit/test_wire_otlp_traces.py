"""Spans of OTLP become rows of the table of spans."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.base.limits import MAX_ATTRIBUTES
from sightline.wire.otlp import decode_traces

START_NS = 1_763_640_000_123_456_789


def request_with_span(**fields):
    """A request with one span of a shop, and that span."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    resource_spans.resource.attributes.add(key="service.name").value.string_value = "shop"
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name, scope_spans.scope.version = "lib", "1.2"
    given_fields = {"trace_id": b"\xab" * 16, "span_id": b"\x01" * 8, "start_time_unix_nano": START_NS, **fields}
    return request, scope_spans.spans.add(**given_fields)


def full_request():
    """A request whose one span has every field."""
    request, span = request_with_span(
        parent_span_id=b"\x02" * 8,
        name="GET /",
        kind=2,
        end_time_unix_nano=START_NS + 1500,
        trace_state="a=b",
        status={"code": 2, "message": "broke"},
    )
    span.attributes.add(key="n").value.int_value = 7
    event = span.events.add(time_unix_nano=START_NS + 5, name="exception")
    event.attributes.add(key="exception.type").value.string_value = "ValueError"
    link = span.links.add(trace_id=b"\xcd" * 16, span_id=b"\x03" * 8, trace_state="x=y")
    link.attributes.add(key="why").value.bool_value = True
    return request


def rows_of(request):
    """The rows that *request* gives, with times as integers."""
    table = decode_traces(request.SerializeToString(), START_NS).tables["otel_traces"]
    return [{**row, "Timestamp": row["Timestamp"].value} for row in table.to_pylist()]


def test_every_column():
    """Each field of a span stands in the column that the Collector's exporter has for it."""
    (row,) = rows_of(full_request())

    assert [event.value for event in row.pop("Events.Timestamp")] == [START_NS + 5]
    assert row == {
        "Timestamp": START_NS,
        "TraceId": "ab" * 16,
        "SpanId": "01" * 8,
        "ParentSpanId": "02" * 8,
        "TraceState": "a=b",
        "SpanName": "GET /",
        "SpanKind": "Server",
        "ServiceName": "shop",
        "ResourceAttributes": [("service.name", "shop")],
        "ScopeName": "lib",
        "ScopeVersion": "1.2",
        "SpanAttributes": [("n", "7")],
        "Duration": 1500,
        "StatusCode": "Error",
        "StatusMessage": "broke",
        "Events.Name": ["exception"],
        "Events.Attributes": [[("exception.type", "ValueError")]],
        "Links.TraceId": ["cd" * 16],
        "Links.SpanId": ["03" * 8],
        "Links.TraceState": ["x=y"],
        "Links.Attributes": [[("why", "true")]],
    }


def test_resources_and_scopes_stay_with_their_spans():
    """Each span has the resource and the scope that it was sent under, whatever the order."""
    request = ExportTraceServiceRequest()
    for service in ("a", "b", "c"):
        resource_spans = request.resource_spans.add()
        resource_spans.resource.attributes.add(key="service.name").value.string_value = service
        for scope in ("x", "y"):
            scope_spans = resource_spans.scope_spans.add(scope={"name": scope})
            for number in range(2 if scope == "y" else 1):
                scope_spans.spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, name=f"{service}{scope}{number}")

    rows = rows_of(request)

    assert [row["SpanName"] for row in rows] == ["ax0", "ay0", "ay1", "bx0", "by0", "by1", "cx0", "cy0", "cy1"]
    assert all(row["SpanName"][:2] == row["ServiceName"] + row["ScopeName"] for row in rows)


@pytest.mark.parametrize(
    "fields",
    [
        {"trace_id": b""},
        {"trace_id": bytes(16)},
        {"trace_id": b"\x01" * 15},
        {"span_id": b"\x01" * 16},
        {"start_time_unix_nano": START_NS + 367 * 86_400 * 10**9},
        {"end_time_unix_nano": 2**64 - 1},
    ],
)
def test_invalid_spans_are_rejected_alone(fields):
    """A span with an invalid id or time is rejected and counted, the others are taken."""
    request, _ = request_with_span(**fields)
    request.resource_spans[0].scope_spans[0].spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, name="good")

    decoded = decode_traces(request.SerializeToString(), START_NS)

    assert (decoded.accepted, decoded.rejected) == (1, 1)
    assert decoded.reason == (
        "A span needs a trace id of 16 bytes, a span id of 8, and times no more than a year ahead."
    )
    assert decoded.tables["otel_traces"].column("SpanName").to_pylist() == ["good"]


def test_unknown_enumerations():
    """A kind or status that is not known yet is taken for none, and an end before the start for no time."""
    request, _ = request_with_span(kind=77, status={"code": 9}, end_time_unix_nano=1)

    (row,) = rows_of(request)

    assert (row["SpanKind"], row["StatusCode"], row["Duration"]) == ("Unspecified", "Unset", 0)


def test_too_many_attributes():
    """Of too many attributes the first are kept, and the last place says how many are not."""
    request, span = request_with_span()
    for number in range(MAX_ATTRIBUTES + 10):
        span.attributes.add(key=f"k{number}").value.int_value = number

    (row,) = rows_of(request)

    assert len(row["SpanAttributes"]) == MAX_ATTRIBUTES
    assert row["SpanAttributes"][-2:] == [("k254", "254"), ("sightline.dropped_attributes", "11")]


def test_resources_that_would_fill_the_memory():
    """A large resource with very many spans is refused before it is repeated for each of them."""
    request, _ = request_with_span()
    request.resource_spans[0].resource.attributes.add(key="big").value.string_value = "x" * 1_000_000
    for _ in range(400):
        request.resource_spans[0].scope_spans[0].spans.add(trace_id=b"t" * 16, span_id=b"s" * 8)

    with pytest.raises(BodyTooLarge, match=r"at most 268,435,456 are taken"):
        decode_traces(request.SerializeToString(), START_NS)


def test_empty_request():
    """A request without spans gives no rows and no complaint."""
    decoded = decode_traces(b"", START_NS)

    assert (decoded.tables, decoded.accepted, decoded.rejected, decoded.reason) == ({}, 0, 0, "")


def test_invalid_text():
    """Text that is no UTF-8 is refused, not stored."""
    request, _ = request_with_span(name="\x00\x00")
    body = request.SerializeToString().replace(b"\x2a\x02\x00\x00", b"\x2a\x02\xff\xfe")

    with pytest.raises(DecodeError, match="no Protobuf of ExportTraceServiceRequest"):
        decode_traces(body, START_NS)


@given(st.binary(max_size=300))
def test_random_bytes(body):
    """Random bytes are decoded or refused with our own error, never anything else."""
    with suppress(DecodeError):
        decode_traces(body, START_NS)


@given(st.data())
def test_broken_requests(data):
    """A request with bytes changed or cut off is decoded or refused with our own error, never anything else."""
    body = bytearray(full_request().SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)))
    with suppress(DecodeError):
        decode_traces(bytes(body[:cut]), START_NS)
