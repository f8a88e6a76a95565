"""
A profile of pprof, ``perftools.profiles.Profile``, as rows of ``profiles``.

Samples are in columns of types that each profile names itself; those that are times and counts of stacks are kept.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.message import DecodeError as ProtobufError

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.wire.pprof.messages import Profile
from sightline.wire.pprof.samples import MAX_TAKEN_BYTES, Origin, Samples
from sightline.wire.pprof.stacks import Stacks
from sightline.wire.pprof.weights import Weights
from sightline.wire.reading import hex_id
from sightline.wire.room import Room

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sightline.wire.decoded import Decoded

MAX_PROFILE_BYTES: Final = 8 * 1024 * 1024
"""Bytes of one profile, decompressed: those of large programs have one or two MiB, and reading takes up to 25 times."""

_GZIP: Final = b"\x1f\x8b"

_THREADS: Final = ("thread", "thread_name", "thread name", "thread_id", "thread id")
_TRACES: Final = ("trace_id", "trace id")
_SPANS: Final = ("span_id", "span id", "profile_id")
_SPAN_NAMES: Final = ("span_name", "span name", "trace endpoint")
"""Names that labels have for the same, by who writes the profile; the first that is there counts."""


def decode(body: bytes, origin: Origin, room: Room | None = None) -> Decoded:
    """
    Decode a profile, compressed by gzip or not; the same stack of the same thread and span becomes one row.

    Args:
        body: the profile.
        origin: who made it.
        room: for the stacks, where other profiles of the request share it.

    Raises:
        BodyTooLarge: if it has more than ``MAX_PROFILE_BYTES``, or its stacks take more than there is room.
        DecodeError: if it is no profile, or one of something else than time.
    """
    try:
        profile = Profile.FromString(plain(body))
    except ProtobufError as error:
        raise DecodeError(f"The body is no Protobuf of perftools.profiles.Profile: {error}.") from None
    texts = [content.decode(errors="replace") for content in profile.string_table]
    weights = Weights(profile, texts)
    samples = Samples(weights.columns)
    for sample in profile.sample:
        samples.add(tuple(sample.location_id), _labels(sample.label, texts), sample.value, weights)
    return samples.rows(profile, Stacks(profile, texts), origin, room or Room(MAX_TAKEN_BYTES))


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
