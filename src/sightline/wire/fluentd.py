"""
Messages of Fluentd's forward protocol as columns of ``otel_logs``: Message, Forward, PackedForward, compressed or not.

https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1.5
"""

from __future__ import annotations

import zlib
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgpack

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.wire import log_object, members, times
from sightline.wire.log_rows import LogRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sightline.wire.decoded import Decoded

T = TypeVar("T", list[Any], dict[Any, Any])

TAG: Final = "fluent.tag"
"""Attribute with the tag, under the name that the OpenTelemetry Collector gives it."""

MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024
"""Longest message, twice the chunks of Fluentd's buffer in memory. Taken apart it may be many times as large."""

MAX_VALUES: Final = 1_000_000
"""Values in one message, or in one entry of those that are packed: an empty map is a byte, and takes ninety here."""

STEP_BYTES: Final = 1024 * 1024
"""Packed entries that are unpacked before it is looked again how long the one that has begun is."""

MAX_CHUNK: Final = 256
"""Characters of the longest chunk id; senders use 24 to 32."""

MAX_TAG: Final = 256
"""Characters of the longest tag, which every entry repeats; those of senders are a few words with dots between."""

_EVENT_TIME: Final = 0
_GZIP: Final = 16 + zlib.MAX_WBITS
_SAME_NS: Final = 1_000_000_000
_BROKEN: Final = (ValueError, TypeError, RecursionError, msgpack.UnpackException, msgpack.BufferFull, OverflowError)


@dataclass(frozen=True, slots=True)
class Forwarded:
    """
    One message.

    Attributes:
        decoded: its entries as rows.
        chunk: the id that the sender wants to have acknowledged; None where it wants nothing.
    """

    decoded: Decoded
    chunk: str | bytes | None


class Messages:
    """
    Cuts what comes over one connection into messages.

    Until a message is whole its bytes are held and not its values, which may take many times as much.
    """

    def __init__(self) -> None:
        self._ends = msgpack.Unpacker(max_buffer_size=MAX_MESSAGE_BYTES)
        self._held = bytearray()
        self._given = 0

    @property
    def held_bytes(self) -> int:
        """Bytes of the message that has begun."""
        return len(self._held)

    def feed(self, content: bytes) -> None:
        """
        Take in what was received.

        Raises:
            BodyTooLarge: if the message that has begun is over ``MAX_MESSAGE_BYTES``.
        """
        if len(self._held) + len(content) > MAX_MESSAGE_BYTES:
            raise BodyTooLarge(
                f"A message has more than {MAX_MESSAGE_BYTES:,} bytes. Set a smaller chunk_limit_size in its sender."
            )
        self._ends.feed(content)
        self._held += content

    def next(self) -> Any:
        """
        Give the next whole message, or None while there is none.

        Raises:
            DecodeError: if what was received is no MessagePack.
            BodyTooLarge: if it has more than ``MAX_VALUES``.
        """
        message = None
        try:
            while message is None:  # as the heartbeat of old senders is
                self._ends.skip()
                message = self._take(self._ends.tell() - self._given)
        except msgpack.OutOfData:
            return None
        except _BROKEN as error:
            raise DecodeError(f"A message is no MessagePack: {error or type(error).__name__}.") from None
        return message

    def _take(self, size: int) -> Any:
        content = bytes(self._held[:size])
        del self._held[:size]
        self._given += size
        unpacker = _unpacker(size, _Values())
        unpacker.feed(content)
        return unpacker.unpack()


def decode_message(message: Any, received_ns: int) -> Forwarded:
    """
    Decode one message of any mode.

    Raises:
        DecodeError: if it has none of the four forms; nothing of it is taken then.
        BodyTooLarge: if it holds too much.
    """
    if not isinstance(message, list) or not 2 <= len(message) <= 4 or not isinstance(message[0], str):
        raise DecodeError(f"A message is no array of a tag and entries but {_shape(message)}.")
    tag, entries = message[0], message[1]
    if len(tag) > MAX_TAG:
        raise DecodeError(f"The tag of a message has {len(tag):,} characters; at most {MAX_TAG} are taken.")
    single = not isinstance(entries, list | bytes | str)
    option = _option(message[3:] if single else message[2:])
    rows = LogRows(received_ns)
    for entry in [message[1:3]] if single else _entries(entries, option):
        _add(rows, tag, entry)
    return Forwarded(rows.decoded(), _chunk(option))


def _option(rest: list[Any]) -> dict[Any, Any]:
    option = rest[0] if rest else None
    if len(rest) > 1 or not isinstance(option, dict | None):
        raise DecodeError(f"The option of a message is no map but {_shape(option)}.")
    return option or {}


def _chunk(option: dict[Any, Any]) -> str | bytes | None:
    chunk = option.get("chunk")
    if chunk is None:
        return None
    if not isinstance(chunk, str | bytes) or not 0 < len(chunk) <= MAX_CHUNK:
        raise DecodeError(f"The chunk id of a message is no text of 1 to {MAX_CHUNK} characters but {_shape(chunk)}.")
    return chunk


def _entries(entries: list[Any] | bytes | str, option: dict[Any, Any]) -> Iterable[Any]:
    if isinstance(entries, list):
        return entries
    packed = entries.encode("utf-8", "surrogateescape") if isinstance(entries, str) else entries
    compressed = option.get("compressed", "text")
    if not isinstance(compressed, str) or compressed not in {"gzip", "text"}:
        raise DecodeError(f"The entries of a message are compressed by {_shape(compressed)}; expected gzip.")
    return _unpack(_gunzip(packed) if compressed == "gzip" else packed)


def _unpack(packed: bytes) -> Iterator[Any]:
    values, whole = _Values(), 0
    unpacker = _unpacker(MAX_MESSAGE_BYTES + 2 * STEP_BYTES, values)
    try:
        for start in range(0, len(packed), STEP_BYTES):
            unpacker.feed(packed[start : start + STEP_BYTES])
            with suppress(msgpack.OutOfData):
                while True:
                    yield unpacker.unpack()
                    whole = unpacker.tell()
                    values.left = MAX_VALUES
            if start - whole > MAX_MESSAGE_BYTES:
                raise BodyTooLarge(f"An entry of a message has more than {MAX_MESSAGE_BYTES:,} bytes.")
    except _BROKEN as error:
        raise DecodeError(f"The entries of a message are no MessagePack: {error or type(error).__name__}.") from None
    if whole < len(packed):
        raise DecodeError("The entries of a message are cut short.")


def _gunzip(packed: bytes) -> bytes:
    try:
        return members.joined(packed, partial(zlib.decompressobj, _GZIP), "The content of a message")
    except zlib.error as error:
        raise DecodeError(f"The entries of a message cannot be decompressed: {error}.") from None


def _add(rows: LogRows, tag: str, entry: Any) -> None:
    if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[1], dict):
        raise DecodeError(f"An entry is no array of a time and a map but {_shape(entry)}.")
    moment, fields = entry
    metadata: Any = None
    if isinstance(moment, list) and moment:  # Fluent Bit's form since 2.1
        moment, metadata = moment[0], moment[1] if len(moment) > 1 else None
    time_ns = _time(moment)
    record = log_object.read(fields)
    if isinstance(metadata, dict):
        record.attributes.update(log_object.flatten(metadata))
    record.attributes[TAG] = tag
    # The record's own time is when it was logged; the entry's may be when it was read, or the same and finer.
    if time_ns and (not record.time_ns or abs(record.time_ns - time_ns) < _SAME_NS):
        record.time_ns = time_ns
    record.add_to(rows)


def _time(moment: Any) -> int:
    if isinstance(moment, msgpack.ExtType):
        if moment.code != _EVENT_TIME or len(moment.data) != 8:
            raise DecodeError(f"The time of an entry is no EventTime but extension type {moment.code}.")
        return int.from_bytes(moment.data[:4], "big") * 1_000_000_000 + int.from_bytes(moment.data[4:], "big")
    if isinstance(moment, msgpack.Timestamp):
        return max(0, int(moment.to_unix_nano()))
    if isinstance(moment, int | float):
        return times.parse(moment) or 0
    raise DecodeError(f"The time of an entry is no number and no EventTime but {_shape(moment)}.")


class _Values:
    """Counts values while they are unpacked: those of an array or a map when it has ended, extensions at once."""

    def __init__(self) -> None:
        self.left = MAX_VALUES

    def count(self, values: T) -> T:
        self._use(1 + len(values))
        return values

    def extension(self, code: int, data: bytes) -> msgpack.ExtType:
        self._use(1)
        return msgpack.ExtType(code, data)

    def _use(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise BodyTooLarge(
                f"A message has more than {MAX_VALUES:,} values. Set a smaller chunk_limit_size in its sender."
            )


def _unpacker(most: int, values: _Values) -> msgpack.Unpacker:
    return msgpack.Unpacker(
        raw=False, unicode_errors="surrogateescape", strict_map_key=False, max_buffer_size=most,
        max_array_len=MAX_VALUES, max_map_len=MAX_VALUES, list_hook=values.count, object_hook=values.count,
        ext_hook=values.extension,
    )  # fmt: skip


def _shape(value: object) -> str:
    """Say what a value is, without what stands in it."""
    size = f" of {len(value)}" if isinstance(value, str | bytes | list | dict) else ""
    return f"{type(value).__name__}{size}"
