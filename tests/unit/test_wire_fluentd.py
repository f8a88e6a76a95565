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
