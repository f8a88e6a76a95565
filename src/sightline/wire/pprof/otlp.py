"""Profiles of OpenTelemetry, ``ExportProfilesServiceRequest``: pprof's, with tables that all of a request share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.message import DecodeError as ProtobufError

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.base.limits import MAX_ATTRIBUTES
from sightline.wire.decoded import Decoded
from sightline.wire.pprof.messages import Profile
from sightline.wire.pprof.push import MAX_PROFILES, together
from sightline.wire.pprof.samples import MAX_TAKEN_BYTES, Origin, Samples
from sightline.wire.pprof.stacks import Stacks
from sightline.wire.pprof.weights import Weights
from sightline.wire.protobuf import message_classes
from sightline.wire.room import Room

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sightline.wire.pprof.samples import Labels

MAX_BYTES: Final = 16 * 1024 * 1024
"""Bytes of a request, decompressed; reading takes several times as many."""

_LONGEST: Final = 200

_MESSAGES: Final = {
    "Value": "string text 1, int64 number 3, int32 text_index 8",
    "Attribute": "string key 1, Value value 2, int32 key_index 3",
    "Resource": "Attribute* attributes 1",
    "ValueType": "int32 type 1, int32 unit 2",
    "Line": "int32 function 1",
    "Location": "uint64 address 2, Line* lines 3",
    "Function": "int32 name 1, int32 system_name 2, int32 filename 3",
    "Link": "bytes trace 1, bytes span 2",
    "Named": "int32 key 1, Value value 2",
    "Stack": "int32* locations 1",
    "Tables": (
        "Location* locations 2, Function* functions 3, Link* links 4, bytes* texts 5, Named* attributes 6, "
        "Stack* stacks 7"
    ),
    "Sample": "int32 stack 1, int32* attributes 2, int32 link 3, int64* values 4, fixed64* times 5",
    "Profile": (
        "ValueType* sample_type 1, Sample* samples 2, fixed64 time_nanos 3, uint64 duration_nanos 4, "
        "ValueType period_type 5, int64 period 6"
    ),
    "Scope": "Profile* profiles 2",
    "Group": "Resource resource 1, Scope* scopes 2",
    "Request": "Group* groups 1, Tables tables 2",
    "Refused": "int64 profiles 1, string message 2",
    "Answer": "Refused partial_success 1",
}
"""As opentelemetry-proto 1.45.1 has them, by names of ours: what pprof has too is called the same."""

_CLASSES: Final = message_classes("otlp_profiles", _MESSAGES)

_THREADS: Final = ("thread.name", "thread.id")


@dataclass(frozen=True, slots=True)
class Profiles(Decoded):
    """
    Rows of one request, of which single samples may be rejected.

    Attributes:
        refused: profiles of which nothing was taken.
    """

    refused: int = 0


def decode_otlp(body: bytes, received_ns: int) -> Profiles:
    """
    Decode a request; a profile that is none of time is rejected by itself.

    Raises:
        BodyTooLarge: if it has more than ``MAX_BYTES`` or ``MAX_PROFILES``, or its stacks take too much.
        DecodeError: if it is no such request.
    """
    if len(body) > MAX_BYTES:
        raise BodyTooLarge(f"The request has {len(body):,} bytes; at most {MAX_BYTES:,} are taken.")
    try:
        request = _CLASSES["Request"].FromString(body)
    except ProtobufError as error:
        raise DecodeError(f"The body is no Protobuf of ExportProfilesServiceRequest: {error}.") from None
    tables, room = _Tables(request.tables), Room(MAX_TAKEN_BYTES)
    found: list[Decoded] = []
    for profile, resource in _profiles(request):
        if len(found) == MAX_PROFILES:
            raise BodyTooLarge(f"The request has more than {MAX_PROFILES} profiles. Send fewer at once.")
        try:
            found.append(tables.rows(profile, Origin(received_ns, tables.resource(resource)), room))
        except DecodeError as error:
            found.append(Decoded({}, 0, 1, str(error)))
    whole = together(found)
    refused = sum(one.rejected > 0 and not one.accepted for one in found)
    return Profiles(whole.tables, whole.accepted, whole.rejected, whole.reason, refused)


def answer_otlp(decoded: Profiles) -> bytes:
    """Encode an ``ExportProfilesServiceResponse``; empty where all was stored. Samples alone are a warning."""
    told = _CLASSES["Answer"]()
    if decoded.rejected:
        told.partial_success.profiles, told.partial_success.message = decoded.refused, decoded.reason
    encoded: bytes = told.SerializeToString()
    return encoded


def _profiles(request: Any) -> Iterator[tuple[Any, Any]]:
    for group in request.groups:
        for scope in group.scopes:
            for profile in scope.profiles:
                yield profile, group.resource


class _Tables:
    """What the profiles of a request refer to by numbers."""

    def __init__(self, tables: Any) -> None:
        self._tables = tables
        self._texts = [content.decode(errors="replace") for content in tables.texts]
        self._places: dict[int, tuple[int, ...]] = {}
        self._stacks = Stacks(_as_pprof(tables), self._texts)

    def rows(self, profile: Any, origin: Origin, room: Room) -> Decoded:
        weights = Weights(profile, self._texts)
        samples = Samples(weights.columns)
        for sample in profile.samples:
            values = [sum(sample.values) if sample.values else len(sample.times)]
            samples.add(self._stack(sample.stack), self._labels(sample), values, weights)
        return samples.rows(profile, self._stacks, origin, room)

    def resource(self, resource: Any) -> dict[str, str]:
        told = {}
        for attribute in resource.attributes[:MAX_ATTRIBUTES]:
            key = attribute.key or self._text(attribute.key_index)
            told[key[:_LONGEST]] = self._value(attribute.value)
        return {"service.name": "unknown_service", **{key: value for key, value in told.items() if key and value}}

    def _stack(self, number: int) -> tuple[int, ...]:
        found = self._places.get(number)
        if found is None:
            stack = _at(self._tables.stacks, number)
            found = self._places[number] = tuple(stack.locations) if stack is not None else ()
        return found

    def _labels(self, sample: Any) -> Labels:
        link = _at(self._tables.links, sample.link)
        trace, span = ("", "") if link is None else (_id(link.trace, 16), _id(link.span, 8))
        told = {}
        for number in sample.attributes[:MAX_ATTRIBUTES]:
            attribute = _at(self._tables.attributes, number)
            if attribute is not None:
                told[self._text(attribute.key)] = self._value(attribute.value)
        return next((told[name] for name in _THREADS if told.get(name)), ""), trace, span, ""

    def _value(self, value: Any) -> str:
        text = value.text or self._text(value.text_index) or (str(value.number) if value.number else "")
        return str(text)[:_LONGEST]

    def _text(self, number: int) -> str:
        return self._texts[number] if 0 < number < len(self._texts) else ""


def _as_pprof(tables: Any) -> Any:
    """Write functions and locations as pprof has them: by their own numbers, which are those of their places."""
    profile = Profile()
    for number, function in enumerate(tables.functions):
        profile.function.add(
            id=number, name=function.name, system_name=function.system_name, filename=function.filename
        )
    for number, location in enumerate(tables.locations):
        written = profile.location.add(id=number, address=location.address)
        for line in location.lines:
            written.line.add(function_id=max(0, line.function))
    return profile


def _at(table: Sequence[Any], number: int) -> Any:
    """Give what a number refers to; the first of each table stands for nothing."""
    return table[number] if 0 < number < len(table) else None


def _id(content: bytes, size: int) -> str:
    return content.hex() if len(content) == size and any(content) else ""
