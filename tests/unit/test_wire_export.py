"""Our records as OTLP, decoded by OpenTelemetry's own messages."""

import json

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sightline.model.event import EventRecord
from sightline.model.log import LogRecord
from sightline.model.metric import MetricRecord, Sample
from sightline.model.span import CONSUMER, ERROR, OK, SERVER, SpanEvent, SpanLink, SpanRecord
from sightline.wire.export import Export, rejected
from sightline.wire.lines import encode

INSTANCE = "0123456789abcdef"
MESSAGES = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}


def exported(signal, *records, resource=None):
    """Export records, and read the request as a receiver does: ids are hex, where protobuf's JSON has base64."""
    export = Export()
    export.add(resource or {"service.name": "shop"}, b"".join(encode(record) + b"\n" for record in records))
    told = json.loads(export.body(signal))
    _hex_to_base64(told)
    return json_format.ParseDict(told, MESSAGES[signal]())


def _hex_to_base64(found):
    import base64

    if isinstance(found, list):
        for item in found:
            _hex_to_base64(item)
    elif isinstance(found, dict):
        for key, item in found.items():
            if key in {"traceId", "spanId", "parentSpanId"}:
                found[key] = base64.b64encode(bytes.fromhex(item)).decode()
            else:
                _hex_to_base64(item)


def plain(found):
    """Give an ``AnyValue`` as a Python value."""
    kind = found.WhichOneof("value")
    if kind == "array_value":
        return [plain(item) for item in found.array_value.values]
    if kind == "kvlist_value":
        return attributes(found.kvlist_value.values)
    return getattr(found, kind) if kind else None


def attributes(found):
    """Give attributes as a mapping."""
    return {item.key: plain(item.value) for item in found}


def test_a_span_keeps_everything():
    """Ids, kind, times, status, attributes with their types, events and links arrive equal."""
    told = {"a": 1, "b": 2.5, "c": True, "d": "x", "e": [1, "2"], "f": {"g": None}, "h": 2**70}
    record = SpanRecord(
        3, INSTANCE, "a" * 32, "b" * 16, "c" * 16, "GET /items/{id}", SERVER, 1500, ERROR, "boom", "scope", "1.0",
        "k=v", told, [SpanEvent(4, "exception", {"exception.type": "ValueError"})],
        [SpanLink("d" * 32, "e" * 16, "x=y", {"n": 1})],
    )  # fmt: skip

    (resource,) = exported("traces", record).resource_spans

    (scope,) = resource.scope_spans
    (span,) = scope.spans
    assert (scope.scope.name, scope.scope.version) == ("scope", "1.0")
    assert (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()) == ("a" * 32, "b" * 16, "c" * 16)
    assert (span.name, span.kind, span.trace_state) == ("GET /items/{id}", span.SPAN_KIND_SERVER, "k=v")
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (3, 1503)
    assert (span.status.code, span.status.message) == (span.status.STATUS_CODE_ERROR, "boom")
    assert attributes(span.attributes) == {**told, "h": str(2**70)}
    assert [(e.time_unix_nano, e.name, attributes(e.attributes)) for e in span.events] == [
        (4, "exception", {"exception.type": "ValueError"})
    ]
    assert [(k.trace_id.hex(), k.span_id.hex(), k.trace_state, attributes(k.attributes)) for k in span.links] == [
        ("d" * 32, "e" * 16, "x=y", {"n": 1})
    ]


def test_a_span_that_has_nothing_special_says_little():
    """Internal kind, no status and no parent are what OTLP means by them."""
    records = [
        SpanRecord(5, INSTANCE, "a" * 32, "b" * 16, name="quick"),
        SpanRecord(5, INSTANCE, "a" * 32, "c" * 16, span_kind=CONSUMER, status=OK),
    ]

    quick, other = exported("traces", *records).resource_spans[0].scope_spans[0].spans

    assert (quick.kind, quick.status.code, quick.parent_span_id) == (quick.SPAN_KIND_INTERNAL, 0, b"")
    assert (other.kind, other.status.code) == (other.SPAN_KIND_CONSUMER, other.status.STATUS_CODE_OK)


def test_logs_and_events_are_log_records():
    """A log keeps level, logger and ids; an event has its name and everything it carries."""
    log = LogRecord(1, INSTANCE, "a" * 32, "b" * 16, 17, "ERROR", "shop.orders", "refused\n", {"order": 7})
    event = EventRecord(7, INSTANCE, "a" * 32, "b" * 16, "order_paid", {"user_id": "u1"}, {"amount": 2.5})

    (resource,) = exported("logs", log, event, resource={"service.name": "shop", "process.pid": "42"}).resource_logs

    first, second = (scope.log_records[0] for scope in resource.scope_logs)
    assert attributes(resource.resource.attributes) == {"service.name": "shop", "process.pid": 42}
    assert resource.scope_logs[0].scope.name == "shop.orders"
    assert (first.severity_number, first.severity_text, first.body.string_value) == (17, "ERROR", "refused\n")
    assert (first.trace_id.hex(), first.span_id.hex(), attributes(first.attributes)) == (
        "a" * 32, "b" * 16, {"order": 7},
    )  # fmt: skip
    assert (second.event_name, attributes(second.attributes)) == ("order_paid", {"user_id": "u1", "amount": 2.5})


def metric(*records):
    """Export metrics, and give the only scope's."""
    return exported("metrics", *records).resource_metrics[0].scope_metrics[0].metrics


def test_counters_are_cumulative_monotonic_sums():
    """``_created`` becomes the start; labels and the value stay."""
    labels = {"method": "GET"}
    samples = [Sample("http_requests_total", 3.0, labels), Sample("http_requests_created", 1.5, labels)]

    (found,) = metric(MetricRecord(6, INSTANCE, "http_requests", "counter", "", "Requests.", samples))

    (point,) = found.sum.data_points
    assert (found.name, found.description) == ("http_requests_total", "Requests.")
    assert (found.sum.is_monotonic, found.sum.aggregation_temporality) == (True, 2)
    assert (point.as_double, point.time_unix_nano, point.start_time_unix_nano) == (3.0, 6, 1_500_000_000)
    assert attributes(point.attributes) == labels


@pytest.mark.parametrize(("said", "meant"), [(2.5, "2.5"), ("nan", "nan"), ("inf", "inf"), ("-inf", "-inf")])
def test_gauges_keep_what_is_no_finite_number(said, meant):
    """Every value arrives, whether JSON has a number for it or not."""
    (found,) = metric(MetricRecord(6, INSTANCE, "load", "gauge", samples=[Sample("load", said)]))

    assert str(found.gauge.data_points[0].as_double) == meant


def test_histograms_have_counts_for_each_bucket_alone():
    """Buckets that count those below them become bounds and counts of their own, series by series."""
    samples = [
        Sample(f"latency_{suffix}", value, {"method": method, **({"le": le} if le else {})})
        for method, scale in (("GET", 1), ("PUT", 2))
        for suffix, le, value in (
            ("bucket", "0.1", 2.0 * scale), ("bucket", "1.0", 5.0 * scale), ("bucket", "+Inf", 6.0 * scale),
            ("sum", "", 4.5 * scale), ("count", "", 6.0 * scale),
        )
    ]  # fmt: skip

    (found,) = metric(MetricRecord(6, INSTANCE, "latency", "histogram", "seconds", samples=samples))

    get, put = found.histogram.data_points
    assert found.histogram.aggregation_temporality == 2
    assert (list(get.explicit_bounds), list(get.bucket_counts), get.count, get.sum) == ([0.1, 1.0], [2, 3, 1], 6, 4.5)
    assert (attributes(put.attributes), list(put.bucket_counts), put.sum) == ({"method": "PUT"}, [4, 6, 2], 9.0)


def test_summaries_keep_their_quantiles():
    """A summary's quantiles, sum and count arrive."""
    samples = [Sample("s", 0.2, {"quantile": "0.5"}), Sample("s_sum", 9.0), Sample("s_count", 4.0)]

    (found,) = metric(MetricRecord(6, INSTANCE, "s", "summary", samples=samples))

    (point,) = found.summary.data_points
    assert (point.count, point.sum) == (4, 9.0)
    assert [(q.quantile, q.value) for q in point.quantile_values] == [(0.5, 0.2)]


BUCKETS = {"1.0": 2.0, "+Inf": 3.0}


@pytest.mark.parametrize(
    "wrong",
    [
        {"1.0": "nan"}, {"+Inf": "nan"}, {"+Inf": "inf"}, {"1.0": 4.0}, {"1.0": -1.0}, {"+Inf": 1e300}, {"nan": 2.5},
    ],
)  # fmt: skip
def test_a_histogram_whose_counts_are_none_is_left_out_alone(wrong):
    """Its family's other series and all other records are sent, and the point is counted."""
    kinds = {"good": BUCKETS, "bad": {**BUCKETS, **wrong}}
    samples = [
        Sample("latency_bucket", value, {"kind": kind, "le": le})
        for kind, buckets in kinds.items()
        for le, value in buckets.items()
    ]
    export = Export()

    export.add({}, encode(MetricRecord(6, INSTANCE, "latency", "histogram", samples=samples)) + b"\n")

    (found,) = json.loads(export.body("metrics"))["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
    assert [point["bucketCounts"] for point in found["histogram"]["dataPoints"]] == [["2", "1"]]
    assert export.skipped == 1


@pytest.mark.parametrize("count", ["nan", "inf", -1.0])
def test_a_summary_whose_count_is_none_is_left_out(count):
    """What counts nothing is no summary; the family is gone where none is left, and counted."""
    export = Export()

    export.add({}, encode(MetricRecord(6, INSTANCE, "s", "summary", samples=[Sample("s_count", count)])) + b"\n")

    assert (export.body("metrics"), export.skipped) == (b"", 1)


def test_a_start_that_is_no_time_is_left_out():
    """The point itself is sent."""
    samples = [Sample("jobs_total", 3.0), Sample("jobs_created", "nan")]

    (found,) = metric(MetricRecord(6, INSTANCE, "jobs", "counter", samples=samples))

    assert (found.sum.data_points[0].as_double, found.sum.data_points[0].start_time_unix_nano) == (3.0, 0)


def test_a_record_that_cannot_be_said_costs_only_itself():
    """A bucket named by no number is left out and counted, and the next record is sent."""
    export = Export()
    wrong = MetricRecord(6, INSTANCE, "latency", "histogram", samples=[Sample("latency_bucket", 1.0, {"le": "few"})])

    export.add({}, encode(wrong) + b"\n" + encode(LogRecord(1, INSTANCE, body="good")) + b"\n")

    assert b"good" in export.body("logs")
    assert (export.skipped, export.unread) == (1, 0)


def test_a_record_of_endless_depth_costs_only_itself():
    """What is nested deeper than Python can follow is left out and counted, and no empty request is made of it."""
    export, nested = Export(), b"[" * 600 + b"]" * 600
    line = b'{"kind":"log","time":1,"instance":"0123456789abcdef","attributes":{"a":%s}}'

    export.add({}, line % nested + b"\n")

    assert (export.skipped, export.body("logs")) == (1, b"")


def test_a_line_that_is_no_record_is_counted_and_costs_only_itself():
    """What cannot be read is left out."""
    export = Export()

    export.add({}, b"{broken\n" + encode(LogRecord(1, INSTANCE, body="good")) + b"\n")

    assert export.unread == 1
    assert b"good" in export.body("logs")
    assert export.body("traces") == b""


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"{}", (0, "")),
        (b"", (0, "")),
        (b"\x0a\x02", (0, "")),
        (b'{"partialSuccess":{}}', (0, "")),
        (b'{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}', (3, "too old")),
        (b'{"partialSuccess":{"rejectedDataPoints":2}}', (2, "")),
    ],
)
def test_a_partial_success_is_understood(answer, expected):
    """How many records were rejected, and why, in any answer."""
    assert rejected(answer) == expected
