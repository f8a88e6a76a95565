"""Messages of Fluentd's protocol, within their bounds."""

import gzip

import msgpack
import pytest

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.base.limits import MAX_BODY_BYTES
from sightline.wire.fluentd import MAX_MESSAGE_BYTES, Messages, decode_message

RECEIVED_NS = 1_795_170_645_000_000_000
"""2026-11-20T10:30:45Z."""

SECOND = RECEIVED_NS // 10**9


def row_of(entry):
    """The one row of a message with one entry."""
    (row,) = decode_message(["tag", [entry]], RECEIVED_NS).decoded.tables["otel_logs"].to_pylist()
    return {**row, "Timestamp": row["Timestamp"].value}


@pytest.mark.parametrize(
    ("time", "fields", "expected_ns"),
    [
        (SECOND - 1, {}, RECEIVED_NS - 10**9),
        (SECOND - 0.5, {}, RECEIVED_NS - 5 * 10**8),
        (msgpack.ExtType(0, SECOND.to_bytes(4, "big") + (5).to_bytes(4, "big")), {}, RECEIVED_NS + 5),
        (msgpack.Timestamp(SECOND, 6), {}, RECEIVED_NS + 6),
        ([SECOND, {"meta": 1}], {}, RECEIVED_NS),
        (0, {}, RECEIVED_NS),
        (SECOND, {"time": "2026-11-20T10:30:40Z"}, RECEIVED_NS - 5 * 10**9),
        (msgpack.Timestamp(SECOND, 6), {"time": "2026-11-20T10:30:45Z"}, RECEIVED_NS + 6),
    ],
)
def test_times(time, fields, expected_ns):
    """Each form of a time is read; the record's own counts unless the entry's is the same and finer."""
    assert row_of([time, fields])["Timestamp"] == expected_ns


def test_text_that_is_no_text():
    """Bytes that are no UTF-8 are taken, with a mark where they cannot be shown."""
    (message,) = (
        msgpack.unpackb(
            msgpack.packb([SECOND, {"log": b"a\xff"}], use_bin_type=False), unicode_errors="surrogateescape"
        ),
    )

    assert row_of(message)["Body"] == "a?"


def test_messages_in_pieces():
    """Messages are given when they are whole, wherever they were cut; nothing is held after them."""
    stream = msgpack.packb(["a", 1, {}]) + msgpack.packb(None) + msgpack.packb(["b", 2, {}])
    messages, found = Messages(), []
    for byte in stream:
        messages.feed(bytes([byte]))
        while (message := messages.next()) is not None:
            found.append(message)

    assert found == [["a", 1, {}], ["b", 2, {}]]
    assert messages.held_bytes == 0


def test_a_message_that_is_too_long():
    """A connection holds no more than one message may have."""
    messages = Messages()
    with pytest.raises(BodyTooLarge, match="chunk_limit_size"):
        for _ in range(MAX_MESSAGE_BYTES // 10**6 + 2):
            messages.feed(b"\xc6\x7f\xff\xff\xff" + bytes(10**6))
            messages.next()


def test_a_message_of_small_entries_without_end():
    """A message that never ends counts all its bytes, and is refused when they are too many."""
    messages, entries = Messages(), b"\x92\x00\x81\xa1a\xa1b" * 100_000
    messages.feed(b"\x92\xa1t\xdd\x00\xf4\x24\x00")

    with pytest.raises(BodyTooLarge, match="chunk_limit_size"):
        for number in range(MAX_MESSAGE_BYTES // len(entries) + 1):
            assert messages.held_bytes == 8 + number * len(entries)
            messages.feed(entries)
            assert messages.next() is None


@pytest.mark.parametrize("holder", [b"\x90", b"\x80", b"\x91\x90", b"\xd4\x00\x00"])
def test_values_are_bounded(holder):
    """A message of more values than are held is refused, though it has few bytes."""
    messages = Messages()
    messages.feed(b"\xdd" + (600_000).to_bytes(4, "big") + holder * 600_000)

    with pytest.raises(BodyTooLarge, match="more than 1,000,000 values"):
        messages.next()


def test_an_entry_of_many_values_within_a_packed_message():
    """Packed entries are bounded one by one: many small ones are taken, one that is a great many values is not."""
    small = msgpack.packb([1, {"a": [0] * 50}]) * 30_000
    large = msgpack.packb([1, {"a": [[]] * 600_000}])

    assert decode_message(["tag", small], RECEIVED_NS).decoded.accepted == 30_000
    with pytest.raises(BodyTooLarge, match="more than 1,000,000 values"):
        decode_message(["tag", small + large], RECEIVED_NS)


def test_a_packed_entry_that_is_too_long():
    """A packed entry may have as many bytes as a message."""
    packed = gzip.compress(msgpack.packb([1, {"a": bytes(MAX_MESSAGE_BYTES + 2**21)}]), 1)

    with pytest.raises(BodyTooLarge, match="An entry of a message has more than"):
        decode_message(["tag", packed, {"compressed": "gzip"}], RECEIVED_NS)


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        (["tag", gzip.compress(bytes(MAX_BODY_BYTES + 1)), {"compressed": "gzip"}], BodyTooLarge),
        (["tag", gzip.compress(b"\x92\x01\x80")[:-9], {"compressed": "gzip"}], DecodeError),
        (["tag", b"\x92\x01\x80", {"compressed": "lz4"}], DecodeError),
        (["tag", b"\x92\x01", {}], DecodeError),
        (["tag", [[1, {}]], {"chunk": 7}], DecodeError),
        (["tag", [[True, 1]], None], DecodeError),
        (["tag", 1, "text"], DecodeError),
        ("tag", DecodeError),
    ],
    ids=["bomb", "cut gzip", "lz4", "cut entries", "chunk", "entry", "record", "text"],
)
def test_what_is_refused(message, wrong):
    """What has not the form of a message, or holds too much, is refused whole."""
    with pytest.raises(wrong):
        decode_message(message, RECEIVED_NS)
