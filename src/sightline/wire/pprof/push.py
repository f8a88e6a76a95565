"""Pyroscope's push: ``push.v1.PushRequest``, profiles of pprof with labels."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
from google.protobuf.message import DecodeError as ProtobufError

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.base.limits import MAX_ATTRIBUTES
from sightline.wire.decoded import Decoded
from sightline.wire.pprof.decode import MAX_PROFILE_BYTES, decode
from sightline.wire.pprof.messages import Push
from sightline.wire.pprof.samples import MAX_TAKEN_BYTES, Origin
from sightline.wire.room import Room

MAX_PROFILES: Final = 64
"""Profiles of one request; clients send one or two."""

_LONGEST: Final = 200

_ATTRIBUTES: Final = {"service_name": "service.name"}


def decode_push(body: bytes, received_ns: int) -> Decoded:
    """
    Decode a request; labels become attributes of the resource, but for those that Pyroscope hides.

    A profile that is none of time, as those of memory that clients send along, is rejected by itself.

    Raises:
        BodyTooLarge: if it has more than ``MAX_PROFILE_BYTES`` or ``MAX_PROFILES``, or a profile is too large.
        DecodeError: if it is no such request, or none of its profiles can be taken.
    """
    if len(body) > MAX_PROFILE_BYTES:
        raise BodyTooLarge(f"The request has {len(body):,} bytes; at most {MAX_PROFILE_BYTES:,} are taken.")
    try:
        series = Push.FromString(body).series
    except ProtobufError as error:
        raise DecodeError(f"The body is no Protobuf of push.v1.PushRequest: {error}.") from None
    if sum(len(one.samples) for one in series) > MAX_PROFILES:
        raise BodyTooLarge(f"The request has more than {MAX_PROFILES} profiles. Send fewer at once.")
    taken, refused, room = [], [], Room(MAX_TAKEN_BYTES)
    for one in series:
        origin = Origin(received_ns, _resource(one))
        for raw in one.samples:
            try:
                taken.append(decode(raw.profile, origin, room))
            except DecodeError as error:
                refused.append(error)
    if refused and not taken:
        raise refused[0]
    return together([*taken, *(Decoded({}, 0, 1, str(error)) for error in refused)])


def _resource(series: Any) -> dict[str, str]:
    told = {
        _ATTRIBUTES.get(label.name, label.name)[:_LONGEST]: label.value[:_LONGEST]
        for label in series.labels[:MAX_ATTRIBUTES]
        if not label.name.startswith("__") and label.value
    }
    return {"service.name": "unknown_service", **told}


def together(each: list[Decoded]) -> Decoded:
    """Put the profiles of one request together."""
    tables = [one.tables["profiles"] for one in each if one.tables]
    rejected = sum(one.rejected for one in each)
    reason = next((one.reason for one in each if one.reason), "")
    accepted = sum(one.accepted for one in each)
    return Decoded({"profiles": pa.concat_tables(tables)} if tables else {}, accepted, rejected, reason)
