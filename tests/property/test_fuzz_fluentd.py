"""Whatever comes by Fluentd's protocol is decoded or refused, and nothing else happens."""

import gzip

import msgpack
from tests.support.fuzz import MUTATIONS, fuzz

from sightline.base.errors import DecodeError
from sightline.wire.fluentd import Messages, decode_message
from sightline.wire.fluentd_handshake import Handshake

RECEIVED_NS = 1_763_650_000_000_000_000
TIME = msgpack.ExtType(0, (1_763_640_000).to_bytes(4, "big") + (7).to_bytes(4, "big"))
ENTRY = [TIME, {"message": "paid", "level": "info", "nested": {"a": [1, 2.5, None, b"\xff"]}}]
PACKED = msgpack.packb(ENTRY) + msgpack.packb([[1_763_640_000, {"m": 1}], {"log": "x"}])
BODIES = tuple(
    msgpack.packb(message)
    for message in (
        ["tag", *ENTRY, {"chunk": "abc"}],
        ["tag", [ENTRY, [1_763_640_000, {}]], {"chunk": "abc", "size": 2}],
        ["tag", PACKED, {"chunk": "abc"}],
        ["tag", gzip.compress(PACKED), {"compressed": "gzip"}],
        ["PING", "host", b"salt", "digest", "", ""],
    )
)


def decode(body):
    """Do with *body* what a connection does: cut it up and decode each message, as entries and as a PING."""
    messages = Messages()
    messages.feed(body)
    while (message := messages.next()) is not None:
        try:
            Handshake("key").pong(message)
        except DecodeError:
            decode_message(message, RECEIVED_NS)


def test_mutations():
    """Each mutation gives rows, nothing yet, or one of our errors."""
    assert fuzz(decode, BODIES) > MUTATIONS // 100
