"""Whatever comes as a profile is decoded or refused, and nothing else happens."""

import gzip

from tests.support.fuzz import MUTATIONS, fuzz
from tests.support.pprof import CPU, OPENTELEMETRY_CPU, Writer, opentelemetry, push

from sightline.wire.pprof import Origin, decode, decode_otlp, decode_push

NOW_NS = 1_790_000_000_000_000_000
SPAN = {"thread": "main", "trace_id": "ab" * 16, "span_id": "cd" * 8, "span_name": "GET /"}
PROFILE = (
    Writer(*CPU, time_ns=NOW_NS, duration_ns=10**9)
    .period("cpu", "nanoseconds", 10**7)
    .sample("main.go:main;pay.go:pay+pay.go:add", [3, 3 * 10**7], SPAN)
    .sample("main.go:main", [1, 10**7])
    .bytes()
)


def taken(decoded):
    """Hold that rows are counted right."""
    assert decoded.accepted == sum(table.num_rows for table in decoded.tables.values())


def test_mutations_of_profiles():
    """A mutated profile, compressed or not, gives rows or one of our errors; some still give rows."""
    bodies = (PROFILE, PROFILE, gzip.compress(PROFILE))

    assert fuzz(lambda body: taken(decode(body, Origin(NOW_NS))), bodies, count=MUTATIONS // 2) > MUTATIONS // 200


def test_mutations_of_pushes():
    """A mutated push of two profiles gives rows or one of our errors."""
    bodies = (push(({"service_name": "shop"}, PROFILE), ({"zone": "a"}, gzip.compress(PROFILE))),)

    assert fuzz(lambda body: taken(decode_push(body, NOW_NS)), bodies, count=MUTATIONS // 4) > MUTATIONS // 400


def test_mutations_of_opentelemetry():
    """A mutated request of OpenTelemetry gives rows or one of our errors, whatever its numbers refer to."""
    bodies = (opentelemetry(OPENTELEMETRY_CPU),)

    assert fuzz(lambda body: taken(decode_otlp(body, NOW_NS)), bodies, count=MUTATIONS // 4) > MUTATIONS // 400
