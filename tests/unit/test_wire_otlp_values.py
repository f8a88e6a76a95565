"""Attribute values of every type become strings."""

from __future__ import annotations

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from sightline.base.errors import DecodeError
from sightline.wire.otlp import decode_logs


def body_of(value: AnyValue) -> str:
    """What the body of a log record becomes."""
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    record.body.CopyFrom(value)
    return decode_logs(request.SerializeToString(), 1).tables["otel_logs"].column("Body").to_pylist()[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, ""),
        ({"string_value": "paid €"}, "paid €"),
        ({"string_value": ""}, ""),
        ({"int_value": -(2**63)}, "-9223372036854775808"),
        ({"int_value": 0}, "0"),
        ({"bool_value": True}, "true"),
        ({"bool_value": False}, "false"),
        ({"double_value": 12.5}, "12.5"),
        ({"double_value": float("nan")}, "nan"),
        ({"bytes_value": b"\x00\xff"}, "AP8="),
        ({"array_value": {"values": [{"int_value": 1}, {"string_value": "a"}, {}]}}, '[1,"a",null]'),
        ({"array_value": {}}, "[]"),
        (
            {"kvlist_value": {"values": [{"key": "a", "value": {"array_value": {"values": [{"bool_value": True}]}}}]}},
            '{"a":[true]}',
        ),
    ],
)
def test_each_type(value, text):
    """Strings stay, numbers and bools are written as in JSON, bytes in base64, lists and maps as JSON."""
    assert body_of(AnyValue(**value)) == text


def test_mixed_types_in_one_column():
    """Values of different types in one column keep their places."""
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    for number, value in enumerate(
        ({"string_value": "s"}, {"int_value": 1}, {"array_value": {}}, {}, {"double_value": 0.5})
    ):
        record.attributes.add(key=f"k{number}", value=value)

    (row,) = decode_logs(request.SerializeToString(), 1).tables["otel_logs"].to_pylist()

    assert row["LogAttributes"] == [("k0", "s"), ("k1", "1"), ("k2", "[]"), ("k3", ""), ("k4", "0.5")]


def test_deep_nesting():
    """A value that is nested to exhaust a stack is refused."""
    value = AnyValue(string_value="bottom")
    for _ in range(40):
        value = AnyValue(array_value={"values": [value]})

    with pytest.raises(DecodeError, match="nested deeper than 32 levels"):
        body_of(value)
