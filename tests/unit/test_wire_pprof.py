"""What becomes of a profile in pprof's format."""

import gzip

import pytest
from opentelemetry.proto.collector.profiles.v1development.profiles_service_pb2 import ExportProfilesServiceResponse
from tests.support.pprof import CPU, OPENTELEMETRY_CPU, Writer, opentelemetry, push

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.wire.pprof import MAX_PROFILE_BYTES, Origin, answer_otlp, decode, decode_otlp, decode_push

NOW_NS = 1_790_000_000_000_000_000
ORIGIN = Origin(NOW_NS, {"service.name": "shop"})
MS = 10**6


def rows(profile, *columns):
    """Decode a profile, and give some columns of its rows."""
    found = decode(profile, ORIGIN).tables["profiles"].to_pylist(maps_as_pydicts="strict")
    return [tuple(row[name] for name in columns) for row in found]


def test_a_profile_of_cpu():
    """Each stack is a row, the outermost function first, with its samples, its time and who was profiled."""
    written = Writer(*CPU, time_ns=NOW_NS - 10**10, duration_ns=10**10)
    written.sample("main.go:main;pay.go:pay", [3, 30 * MS]).sample("main.go:main", [1, 10 * MS])

    (first, second) = decode(written.bytes(), ORIGIN).tables["profiles"].to_pylist(maps_as_pydicts="strict")

    assert (first["Stack"], second["Stack"]) == (["main.go:main", "pay.go:pay"], ["main.go:main"])
    assert (first["Samples"], first["CpuNanoseconds"], first["WallNanoseconds"]) == (3, 30 * MS, 0)
    assert (first["ServiceName"], first["Duration"]) == ("shop", 10**10)
    assert first["Timestamp"].timestamp() == NOW_NS / 1e9 - 10


def test_compressed():
    """A profile may be compressed by gzip, as nearly all are."""
    plain = Writer(*CPU).sample("main", [1, MS]).bytes()

    assert decode(gzip.compress(plain), ORIGIN).tables == decode(plain, ORIGIN).tables


def test_the_same_stack_is_one_row():
    """Samples of one stack, thread and span are added up; those of another thread or span stay apart."""
    span = {"trace_id": "ab" * 16, "span_id": "cd" * 8, "span_name": "GET /"}
    written = Writer(*CPU).sample("main", [1, 5]).sample("main", [2, 7]).sample("main", [1, 1], {"thread": "worker"})
    written.sample("main", [1, 2], span).sample("main", [1, 3], {"kind": "any"})

    assert rows(written.bytes(), "Samples", "CpuNanoseconds", "ThreadName", "TraceId", "SpanId", "SpanName") == [
        (4, 15, "", "", "", ""),
        (1, 1, "worker", "", "", ""),
        (1, 2, "", "ab" * 16, "cd" * 8, "GET /"),
    ]


def test_lines_of_the_same_functions_are_one_row():
    """A function that was seen at two of its lines has one row; rows are of functions."""
    written = Writer(*CPU).sample("main;f", [1, 5]).sample("main;g", [2, 7]).bytes().replace(b"\x32\x01g", b"\x32\x01f")

    assert rows(written, "Stack", "Samples", "CpuNanoseconds") == [(["main", "f"], 3, 12)]


def test_a_thread_by_number():
    """A label that is a number names its thread by that."""
    written = Writer(*CPU).sample("main", [1, 5], {"thread_id": 4711})

    assert rows(written.bytes(), "ThreadName") == [("4711",)]


@pytest.mark.parametrize(
    ("types", "period", "values", "expected"),
    [
        ((("samples", "count"), ("wall", "microseconds")), None, [2, 5], (2, 5000, 0)),
        ((("wall", "nanoseconds"), ("cpu", "nanoseconds")), ("cpu", "nanoseconds", 10), [50, 30], (5, 50, 30)),
        ((("samples", "count"),), ("cpu", "milliseconds", 10), [4], (4, 0, 40 * MS)),
        ((("samples", "count"),), ("wall", "seconds", 1), [4], (4, 4000 * MS, 0)),
        ((("contentions", "count"), ("delay", "nanoseconds")), None, [4, 9], (4, 9, 0)),
        ((("alloc_space", "bytes"), ("cpu", "seconds")), None, [77, 1], (1, 0, 1000 * MS)),
    ],
)
def test_types(types, period, values, expected):
    """A profile names the types of its values itself; times of all units, and samples of a period, are kept."""
    written = Writer(*types)
    if period:
        written.period(*period)
    written.sample("main", values)

    assert rows(written.bytes(), "Samples", "WallNanoseconds", "CpuNanoseconds") == [expected]


def test_functions_that_were_inlined():
    """A place of several functions shows all of them, the caller first; a place of none shows its address."""
    written = Writer(*CPU).sample("a:main;a:outer+a:inner", [1, 1])
    bare = Writer(*CPU).sample("main", [1, 1]).bytes().replace(b"\x22\x04\x08d\x10\x07", b"\x2a\x04\x08d\x10\x07")

    assert rows(written.bytes(), "Stack") == [(["a:main", "a:outer", "a:inner"],)]
    assert rows(bare, "Stack") == [(["0x4001"],)]


def test_a_deep_stack_keeps_its_innermost_functions():
    """Of a stack that is too deep, the outermost frames are left out."""
    deep = ";".join(f"f{at}" for at in range(600))
    ((stack,),) = rows(Writer(*CPU).sample(deep, [1, 1]).bytes(), "Stack")

    assert (len(stack), stack[0], stack[-1]) == (512, "f88", "f599")


def test_what_is_rejected():
    """A sample without a stack or with another number of values is rejected, and the others are kept."""
    written = Writer(*CPU).sample("", [1, 1]).sample("main", [1]).sample("main", [1, 1]).sample("idle", [0, 0])
    decoded = decode(written.bytes(), ORIGIN)

    assert (decoded.accepted, decoded.rejected) == (1, 2)
    assert "a stack and a value of each type" in decoded.reason


def test_times_that_cannot_be():
    """A profile without a time, or from far in the future, was taken until now."""
    for time_ns in (0, NOW_NS * 2):
        ((start,),) = rows(Writer(*CPU, time_ns=time_ns, duration_ns=10**9).sample("f", [1, 1]).bytes(), "Timestamp")

        assert start.timestamp() == NOW_NS / 1e9 - 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"\xff", "no Protobuf of perftools.profiles.Profile"),
        (b"", "The profile is of nothing; only those of time are kept"),
        (Writer(("space", "bytes")).sample("f", [1]).bytes(), "The profile is of space in bytes; only those of time"),
        (gzip.compress(bytes(1000), mtime=0)[:-9], "The profile's compressed content is cut short."),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xff\xff", "The profile cannot be decompressed"),
    ],
)
def test_what_is_no_profile_of_time(body, message):
    """What cannot be taken is refused with its reason."""
    with pytest.raises(DecodeError, match=message):
        decode(body, ORIGIN)


def test_too_large():
    """A profile that grows too large is refused before it is decompressed to its end, and so are endless stacks."""
    with pytest.raises(BodyTooLarge, match="more than 8,388,608 bytes, decompressed"):
        decode(gzip.compress(bytes(MAX_PROFILE_BYTES + 1)), ORIGIN)
    many = Writer(*CPU)
    long = ";".join(f"{'x' * 280}{at}" for at in range(500))
    for number in range(600):
        many.sample(f"{long};f{number}", [1, 1])
    with pytest.raises(BodyTooLarge, match="at most 67,108,864 are taken"):
        decode(many.bytes(), ORIGIN)


def test_pushed():
    """Labels of a push describe the sender, but for hidden ones; each profile has its own."""
    profile = Writer(*CPU).sample("main", [1, 1]).bytes()
    body = push(({"service_name": "a", "__name__": "process_cpu", "zone": "z"}, profile), ({}, gzip.compress(profile)))
    found = decode_push(body, NOW_NS)

    assert found.tables["profiles"]["ServiceName"].to_pylist() == ["a", "unknown_service"]
    assert dict(found.tables["profiles"]["ResourceAttributes"][0].as_py()) == {"service.name": "a", "zone": "z"}


def test_pushed_with_a_profile_of_memory():
    """What a client sends along that has no time is rejected by itself; a push of nothing else is refused."""
    memory = Writer(("inuse_space", "bytes")).sample("main", [1]).bytes()
    found = decode_push(push(({}, memory), ({}, Writer(*CPU).sample("main", [1, 1]).bytes())), NOW_NS)

    assert (found.accepted, found.rejected) == (1, 1)
    assert "inuse_space in bytes" in found.reason
    with pytest.raises(DecodeError, match="inuse_space in bytes"):
        decode_push(push(({}, memory)), NOW_NS)


def test_what_is_no_push():
    """Too much at once and what is no such request is refused."""
    with pytest.raises(BodyTooLarge, match="more than 64 profiles"):
        decode_push(push(*[({}, b"")] * 65), NOW_NS)
    with pytest.raises(BodyTooLarge, match="at most 8,388,608 are taken"):
        decode_push(bytes(MAX_PROFILE_BYTES + 1), NOW_NS)
    with pytest.raises(DecodeError, match=r"no Protobuf of push\.v1\.PushRequest"):
        decode_push(b"\xff", NOW_NS)
    assert decode_push(b"", NOW_NS).tables == {}


def test_opentelemetry():
    """A profile of OpenTelemetry is read with the tables of its request: functions, threads, spans and resource."""
    body = opentelemetry(OPENTELEMETRY_CPU)
    (row,) = decode_otlp(body, NOW_NS).tables["profiles"].to_pylist(maps_as_pydicts="strict")

    assert (row["Stack"], row["Samples"], row["CpuNanoseconds"]) == (["main", "shop.py:pay"], 3, 30 * MS)
    assert (row["ServiceName"], row["ThreadName"], row["Duration"]) == ("shop", "worker", 10**9)
    assert (row["TraceId"], row["SpanId"]) == ((b"t" * 16).hex(), (b"s" * 8).hex())


def test_opentelemetry_without_time():
    """A profile of memory is rejected by itself, which the answer says."""
    memory = {"sample_type": {"type_strindex": 8, "unit_strindex": 9}}
    decoded = decode_otlp(opentelemetry(memory, OPENTELEMETRY_CPU), NOW_NS)
    told = ExportProfilesServiceResponse.FromString(answer_otlp(decoded)).partial_success

    assert (decoded.accepted, told.rejected_profiles) == (1, 1)
    assert "space in bytes" in told.error_message


def test_opentelemetry_with_samples_that_are_none():
    """Samples without a stack are no profiles: none is said to be refused, and the message tells of the samples."""
    empty = {**OPENTELEMETRY_CPU, "samples": [*OPENTELEMETRY_CPU["samples"], *[{"values": [1]}] * 3]}
    decoded = decode_otlp(opentelemetry(empty), NOW_NS)
    told = ExportProfilesServiceResponse.FromString(answer_otlp(decoded)).partial_success

    assert (decoded.accepted, decoded.rejected, told.rejected_profiles) == (1, 1, 0)
    assert "needs a stack" in told.error_message


def test_opentelemetry_of_nothing():
    """What is no request is refused, and so is one that is too large or has too many profiles."""
    with pytest.raises(BodyTooLarge, match="more than 64 profiles"):
        decode_otlp(opentelemetry(*[OPENTELEMETRY_CPU] * 65), NOW_NS)
    with pytest.raises(BodyTooLarge, match="at most 16,777,216 are taken"):
        decode_otlp(bytes(17 * 1024 * 1024), NOW_NS)
    with pytest.raises(DecodeError, match="no Protobuf of ExportProfilesServiceRequest"):
        decode_otlp(b"\xff", NOW_NS)
    assert decode_otlp(b"", NOW_NS).tables == {}
