"""Requests of Prometheus remote write become rows: series once, samples by their number."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.remote_write import STALE, compress, family_1, field, request_2, sample, series_1, varint

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.wire import snappy
from sightline.wire.prometheus import KnownSeries, decode_v1, decode_v2
from sightline.wire.prometheus.known import RETELL_S
from sightline.wire.prometheus.messages import Histogram

NOW_MS = 1_763_640_000_123
NOW_NS = NOW_MS * 10**6
UP = {"__name__": "up", "job": "shop", "instance": "web-1:80", "zone": "a"}
VALUES = st.one_of(st.floats(), st.just(0.0), st.just(-0.0), st.just(STALE))


def bits(written):
    """Number, time and the value's bytes of every sample."""
    rows = written.decoded.tables["metric_samples"].to_pylist() if "metric_samples" in written.decoded.tables else []
    return sorted((row["SeriesId"], row["Timestamp"], struct.pack("<d", row["Value"])) for row in rows)


def described(written):
    """What is said of the only series."""
    [row] = written.decoded.tables["metric_series"].to_pylist()
    return row


def learned(body, decode=decode_v1):
    """A memory that has stored *body*."""
    known = KnownSeries()
    known.remember(decode(body, NOW_NS, known).fresh, NOW_MS / 1000)
    return known


def test_every_column():
    """A series says its name, its labels, and its job and instance as the resource."""
    row = described(decode_v1(series_1(UP, (NOW_MS, 1.5)), NOW_NS, KnownSeries()))

    assert (row["MetricName"], row["MetricFamily"], row["MetricType"], row["ServiceName"]) == ("up", "up", "", "shop")
    assert row["Labels"] == [("zone", "a")]
    assert row["ResourceAttributes"] == [("service.name", "shop"), ("service.instance.id", "web-1:80")]


def test_both_versions_give_the_same():
    """The same series and samples have the same numbers in both versions."""
    samples = [(NOW_MS, 1.5), (NOW_MS + 1000, 0.0)]
    first = decode_v1(series_1(UP, *samples), NOW_NS, KnownSeries())
    second = decode_v2(request_2((UP, samples)), NOW_NS, KnownSeries())

    assert bits(first) == bits(second)
    assert described(first) == described(second)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(1, NOW_MS), VALUES), max_size=4), st.text("ab\x12\x07\x10\x09", max_size=30))
def test_known_series(samples, label):
    """Samples of a series that is known are the same, to the last bit, as when it was new; it is told only once."""
    body = series_1({**UP, "zone": label}, *samples)
    new = decode_v1(body, NOW_NS, KnownSeries())
    known = learned(series_1({**UP, "zone": label}, (NOW_MS, 1)))
    again = decode_v1(body, NOW_NS, known)

    assert bits(again) == bits(new)
    assert "metric_series" not in again.decoded.tables


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(1, NOW_MS), VALUES), max_size=4))
def test_known_series_of_version_2(samples):
    """In version 2 too, though its strings stand elsewhere in the next request."""
    other = {"__name__": "down", "zone": "b"}
    known = learned(request_2((UP, [(NOW_MS, 1)])), decode_v2)
    again = decode_v2(request_2((other, []), (UP, samples)), NOW_NS, known)

    assert bits(again) == bits(decode_v2(request_2((UP, samples)), NOW_NS, KnownSeries()))
    assert "metric_series" not in again.decoded.tables


def test_stale_marker():
    """The marker of a series that ended keeps its bits."""
    written = decode_v1(series_1(UP, (NOW_MS, STALE)), NOW_NS, KnownSeries())

    assert bits(written)[0][2] == struct.pack("<Q", 0x7FF0000000000002)


def test_families():
    """Type, unit and help come apart from samples in version 1; series that are known are told again."""
    counter = {"__name__": "bytes_total", "job": "shop"}
    known = learned(series_1(counter, (NOW_MS, 1)))
    decode_v1(family_1("bytes_total", 1, "All bytes.", "bytes"), NOW_NS, known)
    row = described(decode_v1(series_1(counter, (NOW_MS, 2)), NOW_NS, known))

    assert (row["MetricType"], row["Unit"], row["Description"]) == ("counter", "bytes", "All bytes.")
    assert row["Temporality"] == "cumulative"


def test_families_of_version_2():
    """In version 2 they stand at each series; a histogram's series have the family without their ending."""
    bucket = {"__name__": "took_bucket", "le": "1"}
    row = described(decode_v2(request_2((bucket, [(NOW_MS, 1)]), kind=3, help_text="How long."), NOW_NS, KnownSeries()))

    assert (row["MetricFamily"], row["MetricType"], row["Description"]) == ("took", "histogram", "How long.")


def test_told_again():
    """A series is described again after a while, which keeps the time fresh at which it was last seen."""
    body = series_1(UP, (NOW_MS, 1))
    written = decode_v1(body, NOW_NS + (RETELL_S + 1) * 10**9, learned(body))

    assert written.fresh


def test_no_more_than_there_is_room_for():
    """Series beyond the bound are stored, and told each time."""
    known = KnownSeries(max_series=1)
    body = series_1(UP, (NOW_MS, 1)) + series_1({**UP, "zone": "b"}, (NOW_MS, 1))
    known.remember(decode_v1(body, NOW_NS, known).fresh, NOW_MS / 1000)
    written = decode_v1(body, NOW_NS, known)

    assert (written.samples, len(written.fresh)) == (2, 1)


@pytest.mark.parametrize(
    "labels",
    [{"job": "shop"}, {"__name__": ""}, {"__name__": "up", "": "x"}, dict.fromkeys(map(str, range(256)), "x") | UP],
)
def test_labels_that_are_none(labels):
    """A series without a name, with an empty label or with too many is refused alone, and the reason says so."""
    good = series_1(UP, (NOW_MS, 1))
    written = decode_v1(series_1(labels, (NOW_MS, 1)) + good, NOW_NS, KnownSeries())

    assert (written.samples, written.decoded.rejected) == (1, 1)
    assert "__name__" in written.decoded.reason


@pytest.mark.parametrize("time_ms", [-5, 0, NOW_MS + 367 * 86_400_000])
def test_times_that_are_none(time_ms):
    """A sample before 1970 or more than a year ahead is refused alone."""
    written = decode_v1(series_1(UP, (time_ms, 1), (NOW_MS, 1)), NOW_NS, KnownSeries())

    assert (written.samples, written.decoded.rejected) == (1, 1)


def test_native_histogram():
    """Spans and deltas become dense buckets, numbered by their lower bounds; a gap is zeros."""
    histogram = Histogram(
        count_int=9, sum=7.5, schema=2, zero_threshold=1e-9, zero_count_int=1, timestamp=NOW_MS,
        positive_deltas=[3, -1, 1], positive_spans=[{"offset": 4, "length": 2}, {"offset": 2, "length": 1}],
    )  # fmt: skip
    body = series_1(UP, more=field(4, histogram.SerializeToString()))
    written = decode_v1(body, NOW_NS, KnownSeries())
    [row] = written.decoded.tables["histogram_points"].to_pylist()

    assert (row["Scale"], row["PositiveOffset"], row["PositiveBuckets"]) == (2, 3, [3, 2, 0, 0, 3])
    assert (row["Count"], row["Sum"], row["ZeroCount"], written.histograms) == (9, 7.5, 1, 1)


def test_custom_buckets():
    """A native histogram with bounds of its own becomes the classic, cumulative series; the last bound is infinite."""
    histogram = Histogram(
        count_int=6, sum=7.5, schema=-53, timestamp=NOW_MS, custom_values=[0.5, 1, 5],
        positive_deltas=[2, 1, -2], positive_spans=[{"offset": 0, "length": 2}, {"offset": 1, "length": 1}],
    )  # fmt: skip
    written = decode_v1(series_1(UP, more=field(4, histogram.SerializeToString())), NOW_NS, KnownSeries())
    rows = written.decoded.tables["metric_points"].to_pylist()

    assert [(dict(row["Labels"])["le"], row["Value"]) for row in rows if row["MetricName"] == "up_bucket"] == [
        ("0.5", 2), ("1.0", 5), ("5.0", 5), ("+Inf", 6),
    ]  # fmt: skip
    assert [(row["MetricName"], row["Value"]) for row in rows[4:]] == [("up_count", 6), ("up_sum", 7.5)]
    assert (written.histograms, written.decoded.accepted) == (1, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"schema": -54},
        {"schema": -53, "custom_values": [2, 1]},
        {"schema": -53, "positive_deltas": [1, 1], "positive_spans": [{"length": 2}]},
        {"positive_deltas": [1]},
        {"positive_spans": [{"offset": 1, "length": 2**31}]},
    ],
)
def test_native_histograms_that_are_none(wrong):
    """Unknown schemas, bounds out of order, buckets without bound or span and spans without end are refused alone."""
    histogram = Histogram(timestamp=NOW_MS, **wrong)
    written = decode_v1(series_1(UP, more=field(4, histogram.SerializeToString())), NOW_NS, KnownSeries())

    assert (written.histograms, written.decoded.rejected) == (0, 1)


SEEN = {"trace_id": "AB" * 16, "span_id": "cd" * 8, "user": "7"}


def exemplar_1(labels, time_ms=NOW_MS):
    """Encode an exemplar of version 1, whose value is 2."""
    named = b"".join(field(1, field(1, k.encode()) + field(2, v.encode())) for k, v in labels.items())
    return field(3, named + b"\x11" + struct.pack("<d", 2.0) + b"\x18" + varint(time_ms))


def test_exemplars():
    """They are rows of their series, also of one that brings nothing else; a trace has a column of its own."""
    bodies = [series_1(UP, (NOW_MS, 1), more=exemplar_1(SEEN)), series_1(UP, more=exemplar_1({"traceID": "ef"}))]
    written = decode_v1(b"".join(bodies), NOW_NS, KnownSeries())

    rows = written.decoded.tables["metric_exemplars"].to_pylist()
    number = written.decoded.tables["metric_samples"]["SeriesId"][0].as_py()
    assert (written.exemplars, written.samples, written.decoded.rejected) == (2, 1, 0)
    assert {row["SeriesId"] for row in rows} == {number}
    assert [(row["TraceId"], row["SpanId"], row["Value"], row["Attributes"]) for row in rows] == [
        ("ab" * 16, "cd" * 8, 2.0, [("user", "7")]), ("ef", "", 2.0, []),
    ]  # fmt: skip


def test_exemplars_of_version_2():
    """Their labels are indices into the request's strings, as those of the series are."""
    symbols = b"".join(field(4, text.encode()) for text in ("", "__name__", "up", "trace_id", "AB"))
    exemplar = field(4, field(1, b"\x03\x04") + b"\x11" + struct.pack("<d", 2.0) + b"\x18" + varint(NOW_MS))
    body = symbols + field(5, field(1, b"\x01\x02") + field(2, sample(NOW_MS, 1)) + exemplar)
    tables = decode_v2(body, NOW_NS, KnownSeries()).decoded.tables

    [row] = tables["metric_exemplars"].to_pylist()
    assert (row["SeriesId"], row["TraceId"]) == (tables["metric_samples"]["SeriesId"][0].as_py(), "ab")


def test_exemplars_that_are_none():
    """Those of impossible times or of series without a name are left out; strings that are not there are a fault."""
    far, nameless = exemplar_1(SEEN, 2 * NOW_MS), series_1({"a": "b"}, more=exemplar_1(SEEN))
    written = decode_v1(series_1(UP, (NOW_MS, 1), more=far) + nameless, NOW_NS, KnownSeries())

    assert (written.exemplars, "metric_exemplars" in written.decoded.tables) == (0, False)
    with pytest.raises(DecodeError, match="exemplar's labels_refs"):
        symbols = b"".join(field(4, text) for text in (b"", b"__name__", b"up"))
        decode_v2(symbols + field(5, field(1, b"\x01\x02") + field(4, field(1, b"\x09\x00"))), NOW_NS, KnownSeries())


def test_strings_that_are_not_there():
    """A reference beyond the table of strings is the request's fault."""
    with pytest.raises(DecodeError, match="points to string 9 of 1"):
        decode_v2(field(4, b"") + field(5, field(1, b"\x09\x00")), NOW_NS, KnownSeries())


def test_bombs():
    """A body that says it is larger than the limit is refused before anything is decompressed."""
    with pytest.raises(BodyTooLarge, match="4,294,967,295 bytes"):
        snappy.decompress(varint(2**32 - 1) + b"x")


@given(st.binary(max_size=200))
def test_snappy(content):
    """Whatever was compressed comes back."""
    assert snappy.decompress(compress(content)) == content
