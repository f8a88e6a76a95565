"""
A profile of pprof, ``perftools.profiles.Profile``, as rows of ``profiles``.

Samples are in columns of types that each profile names itself; those that are times and counts of stacks are kept.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.message import DecodeError as ProtobufError

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.base.limits import MAX_AHEAD_NS
from sightline.wire.decoded import Decoded
from sightline.wire.pprof.messages import Profile
from sightline.wire.pprof.stacks import Stacks
from sightline.wire.pprof.weights import Weights
from sightline.wire.reading import hex_id
from sightline.wire.rows import PROFILES, Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PROFILE_BYTES: Final = 8 * 1024 * 1024
"""Bytes of one profile, decompressed: those of large programs have one or two MiB, and reading takes up to 25 times."""

MAX_ROWS: Final = 50_000
"""Different stacks taken of one profile; the others are rejected, and counted."""

MAX_STACK_BYTES: Final = 64 * 1024 * 1024
"""Characters of all stacks together: a small profile can name long functions in very many stacks."""

_GZIP: Final = b"\x1f\x8b"

_THREADS: Final = ("thread", "thread_name", "thread name", "thread_id", "thread id")
_TRACES: Final = ("trace_id", "trace id")
_SPANS: Final = ("span_id", "span id", "profile_id")
_SPAN_NAMES: Final = ("span_name", "span name", "trace endpoint")
"""Names that labels have for the same, by who writes the profile; the first that is there counts."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made a profile: resource attributes, and the moment that stands in for the profile's own."""

    received_ns: int
    resource: dict[str, str] = field(default_factory=dict)


_Labels = tuple[str, str, str, str]
_Places = dict[tuple[tuple[int, ...], _Labels], list[int]]
_Functions = dict[tuple[tuple[str, ...], _Labels], list[int]]


def decode(body: bytes, origin: Origin) -> Decoded:
    """
    Decode a profile, compressed by gzip or not; the same stack of the same thread and span becomes one row.

    Raises:
        BodyTooLarge: if it has more than ``MAX_PROFILE_BYTES``, or its stacks more than ``MAX_STACK_BYTES``.
        DecodeError: if it is no profile, or one of something else than time.
    """
    try:
        profile = Profile.FromString(plain(body))
    except ProtobufError as error:
        raise DecodeError(f"The body is no Protobuf of perftools.profiles.Profile: {error}.") from None
    texts = [content.decode(errors="replace") for content in profile.string_table]
    weights = Weights(profile, texts)
    added: _Places = defaultdict(lambda: [0, 0, 0])
    rejected = 0
    for sample in profile.sample:
        key = (tuple(sample.location_id), _labels(sample.label, texts))
        if len(sample.value) != weights.columns or (len(added) >= MAX_ROWS and key not in added):
            rejected += 1
            continue
        _add(added[key], weights.of(sample.value))
    named = _named(Stacks(profile, texts), added)
    rejected += sum(not stack for stack, _ in named)
    return _decoded(profile, named, origin, rejected)


def plain(body: bytes) -> bytes:
    """
    Undo gzip, which nearly every profile is in.

    Raises:
        BodyTooLarge: as soon as there is more than ``MAX_PROFILE_BYTES``.
        DecodeError: if it is broken or cut short.
    """
    if body.startswith(_GZIP):
        stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            body = stream.decompress(body, MAX_PROFILE_BYTES + 1)
        except zlib.error as error:
            raise DecodeError(f"The profile cannot be decompressed: {error}.") from None
        if not stream.eof and len(body) <= MAX_PROFILE_BYTES:
            raise DecodeError("The profile's compressed content is cut short.")
    if len(body) > MAX_PROFILE_BYTES:
        raise BodyTooLarge(f"The profile has more than {MAX_PROFILE_BYTES:,} bytes, decompressed. Send shorter ones.")
    return body


def _labels(labels: Any, texts: list[str]) -> tuple[str, str, str, str]:
    """Give the thread, trace, span and the span's name that labels tell; only known ones keep stacks apart."""
    found: dict[str, str] = {}
    for label in labels:
        if 0 <= label.key < len(texts) and 0 <= label.str < len(texts):
            found[texts[label.key]] = texts[label.str] or str(label.num)

    def first(names: Sequence[str], longest: int) -> str:
        return next((found[name][:longest] for name in names if name in found), "")

    trace, span = hex_id(first(_TRACES, 64), 32), hex_id(first(_SPANS, 64), 16)
    return first(_THREADS, 200), trace, span, first(_SPAN_NAMES, 300)


def _add(total: list[int], weights: Sequence[int]) -> None:
    for place, weight in enumerate(weights):
        total[place] = min(total[place] + weight, (1 << 63) - 1)


def _named(stacks: Stacks, added: _Places) -> _Functions:
    """Name the functions of stacks; those that differ only in their lines become one."""
    found: _Functions = defaultdict(lambda: [0, 0, 0])
    room = MAX_STACK_BYTES
    for (places, labels), weights in added.items():
        stack = stacks.of(places)
        room -= sum(map(len, stack))
        if room < 0:
            raise BodyTooLarge(
                f"The profile's stacks have more than {MAX_STACK_BYTES:,} characters. Send shorter ones."
            )
        _add(found[stack, labels], weights)
    return found


def _decoded(profile: Any, named: _Functions, origin: Origin, rejected: int) -> Decoded:
    duration = max(0, profile.duration_nanos)
    start = profile.time_nanos
    if not 0 < start <= origin.received_ns + MAX_AHEAD_NS:
        start = max(0, origin.received_ns - duration)
    rows = Rows(PROFILES)
    for (stack, (thread, trace, span, name)), (samples, wall, cpu) in named.items():
        if stack and (samples or wall or cpu):
            rows.add(
                origin.resource, Timestamp=start, Duration=duration, ThreadName=thread, TraceId=trace, SpanId=span,
                SpanName=name, Stack=stack, Samples=samples, WallNanoseconds=wall, CpuNanoseconds=cpu,
            )  # fmt: skip
    reason = f"A sample needs a stack and a value of each type; {MAX_ROWS:,} stacks are kept of a profile."
    return Decoded({"profiles": rows.table()} if len(rows) else {}, len(rows), rejected, reason if rejected else "")
