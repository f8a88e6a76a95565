"""OTLP's JSON becomes the same request in Protobuf."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sightline.base.errors import DecodeError
from sightline.wire.otlp import to_protobuf


def span_of(**fields):
    """Make a request of one span from JSON and give the span as Protobuf has it."""
    content = {"resourceSpans": [{"scopeSpans": [{"spans": [fields]}]}]}
    request = ExportTraceServiceRequest.FromString(to_protobuf("traces", json.dumps(content).encode()))
    return request.resource_spans[0].scope_spans[0].spans[0]


def test_identifiers_are_hex():
    """Identifiers are hexadecimal in either case, also in links."""
    span = span_of(traceId="5B8EFFF798038103D269B633813FC60C", spanId="eee19b7ec3c1b174", links=[{"spanId": "AB"}])

    assert span.trace_id.hex() == "5b8efff798038103d269b633813fc60c"
    assert (span.span_id.hex(), span.links[0].span_id) == ("eee19b7ec3c1b174", b"\xab")


def test_numbers_and_enumerations():
    """64-bit numbers come as strings or numbers, enumerations as numbers, or as Protobuf's names."""
    span = span_of(startTimeUnixNano="1544712660000000000", endTimeUnixNano=1544712661000000000, kind=2)

    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (1544712660000000000, 1544712661000000000)
    assert span.kind == 2
    assert span_of(kind="SPAN_KIND_CLIENT").kind == 3


def test_attributes():
    """Values of every type come through, and bytes as base64."""
    value = {"kvlistValue": {"values": [{"key": "a", "value": {"bytesValue": "AP8="}}]}}
    span = span_of(attributes=[{"key": "x", "value": value}, {"key": "traceId", "value": {"stringValue": "no hex"}}])

    assert span.attributes[0].value.kvlist_value.values[0].value.bytes_value == b"\x00\xff"
    assert span.attributes[1].value.string_value == "no hex"


def test_nulls():
    """A member that is null is as good as absent."""
    assert span_of(name=None, attributes=None, kind=2).kind == 2


def test_deep_values():
    """A value that is nested to exhaust a stack is refused."""
    value = {"stringValue": "bottom"}
    for _ in range(100):
        value = {"arrayValue": {"values": [value]}}

    with pytest.raises(DecodeError, match="nested deeper than 64 levels"):
        span_of(attributes=[{"key": "x", "value": value}])


def test_the_same_as_protobufs_own_reader():
    """Where Protobuf's own JSON and OTLP's agree, so do its reader and ours."""
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add(name="a", kind=3, end_time_unix_nano=2**63, flags=1)
    for value in ({"double_value": 0.1}, {"int_value": -5}, {"bool_value": True}, {"bytes_value": b"\xfb\xff"}, {}):
        span.attributes.add(key="k", value=value)
    span.events.add(name="e", time_unix_nano=1).attributes.add(
        key="l", value={"array_value": {"values": [{"int_value": 1}]}}
    )
    request.resource_spans[0].resource.dropped_attributes_count = 3
    body = json_format.MessageToJson(request, use_integers_for_enums=True).encode()

    assert ExportTraceServiceRequest.FromString(to_protobuf("traces", body)) == request


def test_unknown_names():
    """Names that the protocol does not know are ignored."""
    assert span_of(name="x", futureField={"a": [1]}).name == "x"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body is no JSON: Input data was truncated"),
        (b"[]", "The body is no ExportTraceServiceRequest: expected an object, got a list."),
        (b"\xff\xfe", "The body is no JSON"),
        (b"[" * 100_000, "The body is no JSON"),
        (b'{"resourceSpans":' + b'[{"scopeSpans":' * 500 + b"1" + b"}]" * 500 + b"}", "The body is no"),
        (b'{"resourceSpans":7}', "ExportTraceServiceRequest at resourceSpans: expected a list, got a number."),
        (
            b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}',
            r"at resourceSpans\[0\].scopeSpans\[0\].spans\[0\].traceId: expected hexadecimal digits, got 'xyz'",
        ),
        (b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":7}]}]}]}', "traceId: expected a string, got a number"),
        (b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"soon"}]}]}]}', "whole number, got 'soon'"),
        (b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":-1}]}]}]}', "out of range"),
    ],
)
def test_malformed(body, message):
    """Malformed JSON is refused with what is wrong and where."""
    with pytest.raises(DecodeError, match=message):
        to_protobuf("traces", body)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resourceSpans", "scopeSpans", "spans", "traceId", "attributes", "value"]), inner
        )
    ),
    max_leaves=12,
)


@given(_JSON)
def test_random_json(content):
    """JSON of any shape is taken or refused with our own error, never anything else."""
    with suppress(DecodeError):
        to_protobuf("traces", json.dumps(content).encode())
