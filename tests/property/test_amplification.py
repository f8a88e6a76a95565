"""A small body cannot become large: what is repeated for each of its records is bounded before it is repeated."""

import json
import struct
import tracemalloc

import msgpack
import pytest
from tests.support.hostile import MOST_BYTES, MOST_CPU_S, outcome
from tests.support.pprof import CPU, Writer, push
from tests.support.remote_write import field, varint

from sightline.wire.elasticsearch import decode_bulk
from sightline.wire.fluentd import Messages, decode_message
from sightline.wire.logfile.formats import decode as decode_file
from sightline.wire.logfile.source import Source
from sightline.wire.loki import decode_json, parse_labels
from sightline.wire.ndjson import decode_ndjson
from sightline.wire.otlp import decode_logs, decode_metrics, decode_traces, to_protobuf
from sightline.wire.pprof import decode_push
from sightline.wire.prometheus import KnownSeries, decode_v1, decode_v2
from sightline.wire.redact import Redactor
from sightline.wire.rum import decode as decode_beacon
from sightline.wire.sentry import Sender, decode_envelope, decode_event
from sightline.wire.syslog import Message, decode_messages

NOW_NS = 1_795_000_000_000_000_000
LEAVES = {str(number): 1 for number in range(250)}
WIDE = json.dumps({"a": {"x" * 200: LEAVES}}).encode() + b"\n"
LONG = json.dumps({"a": {"x" * 100_000: LEAVES}}).encode() + b"\n"
DATAGRAM = Message(b"<13>" + json.dumps({"a": {"x" * 50_000: LEAVES}}).encode(), NOW_NS)
NOTHINGS = b'{"a":[' + b"[]," * 10_000_000 + b"[]]}"
SOURCE = Source({"service.name": "shop"}, NOW_NS)


def fluentd(tag, record, count):
    """Decode one message of Fluentd, with as many entries."""
    messages = Messages()
    messages.feed(msgpack.packb([tag, [[1_795_000_000, record]] * count]))
    return decode_message(messages.next(), NOW_NS)


def stacks(count, labels):
    """Push a profile of so many stacks, with so many labels."""
    profile = Writer(*CPU)
    for number in range(count):
        profile.sample(f"main;f{number}", [1, 1])
    return push(({f"n{number}{'x' * 190}": "v" * 200 for number in range(labels)}, profile.bytes()))


def nested(count):
    """Write a stream of Loki whose lines have one large label, and so many lines."""
    lines = [[str(NOW_NS), ""]] * count
    return json.dumps({"streams": [{"stream": {"app": "x" * 100_000}, "values": lines}]}).encode()


def otlp(records, *, resource=b"", scope=b""):
    """Write a request of OTLP: records as they are, below what a resource and a scope say."""
    return field(1, resource + field(2, scope + records))


TEXT = b"x" * 50_000
SCOPE = field(1, field(1, TEXT) + field(2, TEXT)) + field(3, TEXT)
POINTS = field(1, b"\x19" + NOW_NS.to_bytes(8, "little") + b"\x21" + bytes(8)) * 5000
BUCKETS = field(6, bytes(8) * 400_000) + field(7, bytes(8) * 399_999)
EMPTY_JSON = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[' + b"{}," * 1_000_000 + b"{}]}]}]}"


def written(histogram, count):
    """Decode a series of remote write 1.0 with one long label, and so many native histograms."""
    label = field(1, field(1, b"__name__") + field(2, b"h")) + field(1, field(1, b"a") + field(2, TEXT * 2))
    timed = field(4, histogram + b"\x78" + varint(NOW_NS // 10**6))
    return decode_v1(field(1, label + timed * count), NOW_NS, KnownSeries())


def written_2(count):
    """Decode a request of remote write 2.0 whose series all have one long label."""
    symbols = b"".join(field(4, text) for text in (b"", b"__name__", b"m", b"a", TEXT * 2))
    series = field(5, field(1, bytes([1, 2, 3, 4])) + field(2, b"\x10" + varint(NOW_NS // 10**6)))
    return decode_v2(symbols + series * count, NOW_NS, KnownSeries())


CUSTOM = b"\x20" + varint(105) + field(16, b"".join(struct.pack("<d", bound) for bound in range(1000)))


def transaction(count):
    """Write an envelope of Sentry with a transaction that has so many spans, and says much of itself."""
    trace = {"trace_id": "a" * 32, "span_id": "b" * 16}
    long = dict.fromkeys(("release", "environment", "server_name", "transaction"), "x" * 100000)
    event = {**long, "contexts": {"trace": trace}, "spans": [{"span_id": "c" * 16}] * count}
    return b'{}\n{"type":"transaction"}\n' + json.dumps(event).encode()


def beacon(count):
    """Write a browser's beacon of so many events, on a page with a long address."""
    events = [{"k": "click", "el": "a", "t": NOW_NS // 10**6}] * count
    return json.dumps({"v": 1, "page": "http://shop/" + "x" * 200_000, "events": events}).encode()


HOSTILE = {
    "remote write 1, histograms": lambda: written(b"", 5000),
    "remote write 1, buckets": lambda: written(CUSTOM, 10),
    "remote write 1, empty series": lambda: decode_v1(b"\x0a\x00" * 6_000_000, NOW_NS, KnownSeries()),
    "remote write 1, empty samples": lambda: decode_v1(field(1, b"\x12\x00" * 6_000_000), NOW_NS, KnownSeries()),
    "remote write 2, one long symbol": lambda: written_2(5000),
    "remote write 2, empty series": lambda: decode_v2(b"\x2a\x00" * 6_000_000, NOW_NS, KnownSeries()),
    "remote write 2, empty samples": lambda: decode_v2(field(5, b"\x12\x00" * 6_000_000), NOW_NS, KnownSeries()),
    "otlp, long names of a scope": lambda: decode_logs(otlp(b"\x12\x00" * 4000, scope=SCOPE), NOW_NS),
    "otlp, empty records": lambda: decode_logs(otlp(b"\x12\x00" * 6_000_000), NOW_NS),
    "otlp, empty spans": lambda: decode_traces(otlp(b"\x12\x00" * 6_000_000), NOW_NS),
    "otlp, empty attributes": lambda: decode_logs(otlp(field(2, b"\x32\x00" * 6_000_000)), NOW_NS),
    "otlp, empty events": lambda: decode_traces(otlp(field(2, b"\x5a\x00" * 6_000_000)), NOW_NS),
    "otlp, empty points": lambda: decode_metrics(otlp(field(2, field(5, b"\x0a\x00" * 6_000_000))), NOW_NS),
    "otlp, empty values": lambda: decode_logs(
        otlp(field(2, field(5, field(5, b"\x0a\x00" * 4_000_000)))), NOW_NS,
    ),
    "otlp, a long description": lambda: decode_metrics(
        otlp(field(2, field(1, b"m") + field(2, TEXT * 2) + field(5, POINTS))), NOW_NS,
    ),
    "otlp, very many buckets": lambda: decode_metrics(
        otlp(field(2, field(1, b"m" * 1000) + field(9, field(1, BUCKETS)))), NOW_NS,
    ),
    "otlp, empty records of json": lambda: decode_logs(to_protobuf("logs", EMPTY_JSON), NOW_NS),
    "ndjson, one long name": lambda: decode_ndjson(LONG * 20, NOW_NS),
    "ndjson, wide names": lambda: decode_ndjson(WIDE * 8000, NOW_NS),
    "elasticsearch, one long name": lambda: decode_bulk((b'{"index":{}}\n' + LONG) * 20, NOW_NS),
    "log file, one long name": lambda: decode_file(LONG * 20, "json", SOURCE),
    "log file, no pairs": lambda: decode_file(b"a=1 b=2 " + b"x" * 500_000, "logfmt", SOURCE),
    "ndjson, broken lines": lambda: decode_ndjson(b"{}\n" + b"x\n" * 300_000, NOW_NS),
    "elasticsearch, nothings": lambda: decode_bulk(b'{"index":{}}\n{}\n' * 1_000_000, NOW_NS),
    "fluentd, one long name": lambda: fluentd("shop", json.loads(LONG), 20),
    "fluentd, a long tag": lambda: fluentd("t" * 50_000, {}, 10_000),
    "syslog, one long name": lambda: decode_messages([DATAGRAM] * 50, NOW_NS),
    "loki, one long label": lambda: decode_json(nested(10_000), NOW_NS),
    "pprof, many labels": lambda: decode_push(stacks(4000, 256), NOW_NS),
    "sentry, spans of a long release": lambda: decode_envelope(transaction(20_000), Sender("7"), NOW_NS, Redactor()),
    "browsers, a long address": lambda: decode_beacon(beacon(500), NOW_NS, Redactor()),
    "sentry, an event of nothings": lambda: decode_event(NOTHINGS, Sender("7"), NOW_NS, Redactor()),
}  # fmt: skip


@pytest.fixture
def peak():
    """Tell how many bytes Python held at most since the test began."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


def test_a_long_label(peak):
    """A long value of a label takes a few times its length while it is read."""
    assert parse_labels('{a="' + "x" * 1_000_000 + '"}') == {"a": "x" * 1_000_000}
    assert peak() < 10_000_000


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_small_body_becomes(name):
    """It is refused, or its rows take no more than a request's may; either takes seconds at most."""
    grown, cpu_s = outcome(HOSTILE[name])

    assert grown < MOST_BYTES
    assert cpu_s < MOST_CPU_S
