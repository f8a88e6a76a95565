"""Whatever comes by syslog gives rows, one a message; only the framing of a stream can be refused."""

from tests.support.fuzz import MUTATIONS, fuzz

from sightline.wire.syslog import Message, decode_messages
from sightline.wire.syslog_frames import Frames

RECEIVED_NS = 1_763_650_000_000_000_000
MESSAGES = (
    b"<34>Oct 11 22:14:15 mymachine su[12]: 'su root' failed",
    b'<165>1 2026-10-11T22:14:15.003Z h app 8710 ID47 [e@1 k="a\\"b" l="\\]"][x] \xef\xbb\xbfhello',
    b'<13>1 - - - - - - @cee: {"msg":"a","level":"error"}',
    b"<14>2026-11-20T10:30:45.123456+01:00 host tag: message\x00",
)
STREAMS = (b"".join(b"%d %s" % (len(one), one) for one in MESSAGES), b"\n".join(MESSAGES) + b"\n")


def cut_up(body):
    """Cut a stream that comes in two pieces; nothing is made up."""
    frames = Frames()
    found = [*frames.feed(body[:70]), *frames.feed(body[70:]), frames.rest()]
    assert all(one in body for one in found)


def test_mutations_of_datagrams():
    """Each mutation gives one row, whatever is in it."""
    messages = []
    fuzz(lambda body: messages.append(Message(body, RECEIVED_NS, "127.0.0.1")), MESSAGES)

    assert decode_messages(messages, RECEIVED_NS).accepted == MUTATIONS


def test_mutations_of_streams():
    """Each mutation gives messages that were in it, or a refusal of its framing."""
    assert fuzz(cut_up, STREAMS) > MUTATIONS // 100
