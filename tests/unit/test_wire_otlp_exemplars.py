"""Exemplars of OTLP's data points become rows of the series that counts them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.test_wire_otlp_metrics import RECEIVED_NS, ROUTE, TIME_NS, decode

from sightline.base.errors import DecodeError
from sightline.wire.otlp import decode_metrics

SPAN = {"trace_id": b"t" * 16, "span_id": b"s" * 8}


def seen(value, **more):
    """An exemplar of a value."""
    return {"as_double": value, "time_unix_nano": TIME_NS, **more}


def exemplars_of(*metrics):
    """The rows of what the metrics' points have seen."""
    tables = decode(*metrics).tables
    return tables["exemplar_points"].to_pylist() if "exemplar_points" in tables else []


def histogram(values, bounds):
    """A histogram of one point that has seen values."""
    point = {
        "time_unix_nano": TIME_NS, "explicit_bounds": bounds, "bucket_counts": [1] * (len(bounds) + 1),
        "attributes": ROUTE, "exemplars": [seen(value) for value in values],
    }  # fmt: skip
    return {"name": "wait", "unit": "s", "histogram": {"data_points": [point]}}


def test_every_column():
    """An exemplar says which series it is of, when, in which span, how much, and what the point leaves out."""
    filtered = [{"key": "user", "value": {"int_value": 7}}]
    point = {"as_int": 3, "attributes": ROUTE, "exemplars": [seen(1.5, filtered_attributes=filtered, **SPAN)]}
    [row] = exemplars_of({"name": "paid", "sum": {"is_monotonic": True, "data_points": [point]}})

    assert row.pop("Timestamp") == dt.datetime.fromtimestamp(TIME_NS / 10**9, dt.UTC)
    assert row == {
        "MetricName": "paid_total",
        "Labels": [("http_route", "/x")],
        "ResourceAttributes": [("service.name", "shop")],
        "TraceId": "74" * 16,
        "SpanId": "73" * 8,
        "Value": 1.5,
        "Attributes": [("user", "7")],
    }


def test_whole_numbers_and_times_that_are_missing():
    """A whole number is a value; without a time it has its point's or the server's; without a value it is none."""
    whole = {"as_int": 4}
    gauges = {"data_points": [{"as_int": 1, "time_unix_nano": TIME_NS, "exemplars": [whole, {}]},
                              {"as_int": 1, "exemplars": [whole]}]}  # fmt: skip
    rows = exemplars_of({"name": "g", "gauge": gauges})

    times = [dt.datetime.fromtimestamp(at / 10**9, dt.UTC) for at in (TIME_NS, RECEIVED_NS)]
    assert [(row["Value"], row["Timestamp"]) for row in rows] == [(4.0, times[0]), (4.0, times[1])]


@given(st.lists(st.floats(-5, 25)), st.lists(st.integers(0, 20), unique=True, max_size=9).map(sorted))
def test_a_histograms_are_of_their_buckets(values, bounds):
    """Each is of the bucket with the least bound that is not below it."""
    rows = exemplars_of(histogram(values, bounds))

    expected = [next((str(float(bound)) for bound in bounds if value <= bound), "+Inf") for value in values]
    assert [dict(row["Labels"])["le"] for row in rows] == expected
    assert all(row["MetricName"] == "wait_seconds_bucket" for row in rows)


def test_an_exponential_histograms_are_of_its_series():
    """Its buckets are no series, so they are of itself."""
    point = {"count": 1, "exemplars": [seen(2.0)]}
    [row] = exemplars_of({"name": "wait", "exponential_histogram": {"data_points": [point]}})

    assert (row["MetricName"], row["Labels"]) == ("wait", [])


def test_points_that_are_rejected_take_their_exemplars_along():
    """Nothing points to a series that is not stored; a time far ahead is left out by itself."""
    no_value = {"exemplars": [seen(1.0)]}
    far = seen(1.0, time_unix_nano=RECEIVED_NS * 2)

    assert exemplars_of({"name": "g", "gauge": {"data_points": [no_value]}}) == []
    assert exemplars_of({"name": "g", "gauge": {"data_points": [{"as_int": 1, "exemplars": [far]}]}}) == []


def test_nonsense_is_refused():
    """An exemplar that is no Protobuf makes the request one that cannot be decoded."""
    gauge = b"\x0a\x02g\x2a"[:3]
    point = b"\x31" + bytes(8) + b"\x2a\x02\xff\xff"
    wrapped = gauge + _field(5, _field(1, point))
    body = _field(1, _field(2, _field(2, b"\x0a\x01g" + wrapped[3:])))

    with pytest.raises(DecodeError):
        decode_metrics(body, RECEIVED_NS)


def _field(number, content):
    return bytes([number << 3 | 2, len(content)]) + content
