"""Data points of OTLP become samples of series, named as Prometheus names them."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.wire.otlp import decode_metrics

TIME_NS = 1_763_640_000_123_000_000
RECEIVED_NS = 1_763_650_000_000_000_000
ROUTE = [{"key": "http.route", "value": {"string_value": "/x"}}]


def decode(*metrics):
    """Decode a request of a shop with *metrics*."""
    request = ExportMetricsServiceRequest()
    resource_metrics = request.resource_metrics.add()
    resource_metrics.resource.attributes.add(key="service.name").value.string_value = "shop"
    scope_metrics = resource_metrics.scope_metrics.add()
    for metric in metrics:
        scope_metrics.metrics.add(**metric)
    return decode_metrics(request.SerializeToString(), RECEIVED_NS)


def samples_of(*metrics):
    """Name, labels and value of every sample."""
    rows = decode(*metrics).tables["metric_points"].to_pylist()
    return [(row["MetricName"], dict(row["Labels"]), row["Value"]) for row in rows]


def test_every_column():
    """A sample says all that its metric, its resource and itself say."""
    point = {"as_int": 3, "time_unix_nano": TIME_NS, "attributes": ROUTE}
    (row,) = (
        decode(
            {
                "name": "http.server.requests",
                "unit": "{request}",
                "description": "Requests.",
                "sum": {"is_monotonic": True, "aggregation_temporality": 1, "data_points": [point]},
            }
        )
        .tables["metric_points"]
        .to_pylist()
    )

    assert row.pop("Timestamp").timestamp() == 1_763_640_000.123
    assert row == {
        "MetricName": "http_server_requests_total",
        "MetricFamily": "http.server.requests",
        "MetricType": "counter",
        "Unit": "{request}",
        "Description": "Requests.",
        "ServiceName": "shop",
        "ResourceAttributes": [("service.name", "shop")],
        "Labels": [("http_route", "/x")],
        "Temporality": "delta",
        "Value": 3.0,
    }


def test_sum_that_may_fall():
    """A sum that is not monotonic is a gauge that keeps its temporality."""
    (row,) = (
        decode({"name": "queue", "sum": {"aggregation_temporality": 2, "data_points": [{"as_int": 0}]}})
        .tables["metric_points"]
        .to_pylist()
    )

    assert (row["MetricName"], row["MetricType"], row["Temporality"], row["Value"]) == (
        "queue",
        "gauge",
        "cumulative",
        0,
    )
    assert row["Timestamp"].timestamp() == RECEIVED_NS / 1e9


def test_gauge():
    """A gauge is one sample a point."""
    points = [{"as_double": math.inf}, {"as_int": -2, "attributes": ROUTE}]

    samples = samples_of({"name": "temperature", "unit": "Cel", "gauge": {"data_points": points}})

    assert samples == [("temperature_celsius", {}, math.inf), ("temperature_celsius", {"http_route": "/x"}, -2.0)]


def test_histogram():
    """A histogram is a counter for each bucket, cumulative in le, with sum and count."""
    points = [
        {"count": 6, "sum": 3.5, "bucket_counts": [1, 2, 3], "explicit_bounds": [0.1, 5], "attributes": ROUTE},
        {"count": 4},
    ]

    samples = samples_of({"name": "http.duration", "unit": "s", "histogram": {"data_points": points}})

    assert samples == [
        ("http_duration_seconds_count", {"http_route": "/x"}, 6.0),
        ("http_duration_seconds_count", {}, 4.0),
        ("http_duration_seconds_sum", {"http_route": "/x"}, 3.5),
        ("http_duration_seconds_bucket", {"le": "0.1", "http_route": "/x"}, 1.0),
        ("http_duration_seconds_bucket", {"le": "5.0", "http_route": "/x"}, 3.0),
        ("http_duration_seconds_bucket", {"le": "+Inf", "http_route": "/x"}, 6.0),
        ("http_duration_seconds_bucket", {"le": "+Inf"}, 4.0),
    ]


def test_summary():
    """A summary is a series for each quantile, with sum and count."""
    quantiles = [{"quantile": 0.5, "value": 9}, {"quantile": 1, "value": 10}]

    samples = samples_of(
        {"name": "q", "summary": {"data_points": [{"count": 2, "sum": 1, "quantile_values": quantiles}]}}
    )

    assert samples == [
        ("q_count", {}, 2.0),
        ("q_sum", {}, 1.0),
        ("q", {"quantile": "0.5"}, 9.0),
        ("q", {"quantile": "1.0"}, 10.0),
    ]


def test_exponential_histogram():
    """An exponential histogram is kept whole, and has sum and count as series."""
    point = {
        "count": 5,
        "sum": 12.0,
        "scale": -1,
        "zero_count": 1,
        "zero_threshold": 0.5,
        "positive": {"offset": 3, "bucket_counts": [1, 2]},
        "negative": {"offset": -4, "bucket_counts": [1]},
        "max": 9.0,
    }
    decoded = decode({"name": "size", "unit": "By", "exponential_histogram": {"data_points": [point]}})

    (row,) = decoded.tables["histogram_points"].to_pylist()
    names = decoded.tables["metric_points"].column("MetricName").to_pylist()
    assert names == ["size_bytes_count", "size_bytes_sum"]
    assert {name: row[name] for name in list(row)[9:]} == {
        "Count": 5,
        "Sum": 12.0,
        "Min": None,
        "Max": 9.0,
        "Scale": -1,
        "ZeroCount": 1,
        "ZeroThreshold": 0.5,
        "PositiveOffset": 3,
        "PositiveBuckets": [1, 2],
        "NegativeOffset": -4,
        "NegativeBuckets": [1],
    }
    assert (row["MetricName"], row["MetricFamily"]) == ("size_bytes", "size")


@pytest.mark.parametrize(
    "metric",
    [
        {"name": "", "gauge": {"data_points": [{"as_int": 1}]}},
        {"name": "x", "gauge": {"data_points": [{}]}},
        {"name": "x", "gauge": {"data_points": [{"as_int": 1, "time_unix_nano": 2**63}]}},
        {"name": "x", "histogram": {"data_points": [{"bucket_counts": [1, 2], "explicit_bounds": [1, 2]}]}},
    ],
)
def test_invalid_points_are_rejected_alone(metric):
    """A point that is no sample is rejected and counted, the others are taken."""
    decoded = decode(metric, {"name": "good", "gauge": {"data_points": [{"as_int": 1}]}})

    assert (decoded.accepted, decoded.rejected) == (1, 1)
    assert decoded.reason.startswith("A data point needs a metric with a name, a value,")
    assert decoded.tables["metric_points"].column("MetricName").to_pylist() == ["good"]


def test_points_without_a_value():
    """A point that says that there is no value is taken, and nothing is stored for it."""
    decoded = decode({"name": "x", "gauge": {"data_points": [{"flags": 1}]}})

    assert (decoded.tables, decoded.accepted, decoded.rejected) == ({}, 1, 0)


def test_labels_that_would_fill_the_memory():
    """Large labels on very many buckets are refused before they are repeated for each of them."""
    big = [{"key": "k", "value": {"string_value": "x" * 1_000_000}}]
    point = {"attributes": big, "bucket_counts": [0] * 400, "explicit_bounds": list(range(399))}

    with pytest.raises(BodyTooLarge, match="at most 268,435,456 are taken"):
        decode({"name": "x", "histogram": {"data_points": [point]}})


@given(st.binary(max_size=300))
def test_random_bytes(body):
    """Random bytes are decoded or refused with our own error, never anything else."""
    with suppress(DecodeError):
        decode_metrics(body, RECEIVED_NS)


@given(st.data())
def test_broken_requests(data):
    """A request with bytes changed or cut off is decoded or refused with our own error, never anything else."""
    request = ExportMetricsServiceRequest()
    scope = request.resource_metrics.add().scope_metrics.add()
    histogram = {"count": 6, "sum": 1.0, "bucket_counts": [1, 2], "explicit_bounds": [1.0], "attributes": ROUTE}
    scope.metrics.add(name="h", histogram={"data_points": [histogram, histogram]})
    scope.metrics.add(name="s", sum={"is_monotonic": True, "data_points": [{"as_int": 1}]})
    scope.metrics.add(name="q", summary={"data_points": [{"quantile_values": [{"quantile": 0.5}]}]})
    body = bytearray(request.SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with suppress(DecodeError):
        decode_metrics(bytes(body[: data.draw(st.integers(0, len(body)))]), RECEIVED_NS)
