"""Messages of syslog as they are met, and their framing over a stream."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.base.errors import DecodeError
from sightline.wire.logfile.formats import decode
from sightline.wire.logfile.source import Source
from sightline.wire.syslog import MAX_MESSAGE_BYTES, Message, decode_messages, parse
from sightline.wire.syslog_frames import Frames

RECEIVED_NS = 1_795_170_645_000_000_000
"""2026-11-20T10:30:45Z."""


def told(content):
    """What was read of a message: level, service, host, body."""
    record = parse(content, RECEIVED_NS)
    return record.level, record.resource.get("service.name"), record.resource.get("host.name"), record.body


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<34>Oct 11 22:14:15 mymachine su: 'su root' failed", ("CRIT", "su", "mymachine", "'su root' failed")),
        (b"<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!", ("NOTICE", None, "10.0.0.99", "Use the BFG!")),
        (b"<30>Oct 11 22:14:15 h sshd[24]: a: b", ("INFO", "sshd", "h", "a: b")),
        (b"<14>2026-11-20T10:30:45.1+01:00 h app[x]: m\n", ("INFO", "app", "h", "m")),
        (b"<14>app[7]: m\x00", ("INFO", "app", None, "m")),
        (b"<14>Error: out of stock", ("INFO", None, None, "Error: out of stock")),
        (b"<165>1 2026-10-11T22:14:15.003Z h evnts - ID47 - \xef\xbb\xbfm\xc3\xa9", ("NOTICE", "evnts", "h", "mé")),
        (b'<11>1 - - - - - [a b="c"][d] m', ("ERR", None, None, "m")),
        (b'<11>1 - - - - - [a b="c"]', ("ERR", None, None, "")),
        (b"<191>1 - - - - - - ", ("DEBUG", None, None, "")),
        (b"<192>m", ("NOTICE", None, None, "<192>m")),
        (b"no header", ("NOTICE", None, None, "no header")),
        (b'<14>1 - h a - - - @cee: {"msg":"m","level":"error","service":"s"}', ("error", "s", "h", "m")),
    ],
)  # fmt: skip
def test_forms(content, expected):
    """Both standards are read, and what is sent in their name."""
    assert told(content) == expected


@pytest.mark.parametrize("days", [0, 1, 120])
def test_an_old_message_in_a_file_has_its_own_time(days):
    """Nobody says when a line of a file came: its year is the one that brings it nearest to now."""
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)
    line = f"<34>{moment.astimezone():%b %e %H:%M:%S} web-1 su[7]: refused\n"

    found, unread = decode(line.encode(), "syslog", Source())

    assert (found.tables["otel_logs"]["Timestamp"].to_pylist(), unread) == ([moment], 0)


def test_structured_data():
    """Parameters are attributes, with their escapes undone; ids and facility as well."""
    content = rb'<165>1 2026-10-11T22:14:15.003Z h app 8710 ID47 [e@1 iut="3" q="a\"b\]\\"][x y="z"] m'

    assert parse(content, RECEIVED_NS).attributes == {
        "syslog.facility": "local4", "syslog.severity": "notice", "process.pid": "8710", "syslog.msgid": "ID47",
        "e@1.iut": "3", "e@1.q": 'a"b]\\', "x.y": "z",
    }  # fmt: skip


def test_a_status_in_the_body_keeps_the_priority():
    """Of an access log in JSON, as nginx writes it to syslog, the level is the priority's and the status is kept."""
    record = parse(b'<14>1 2026-11-20T10:30:40Z h nginx - - - {"status":"404","request":"GET /"}', RECEIVED_NS)

    assert (record.level, record.attributes["status"]) == ("INFO", "404")


def test_times():
    """The message's own time counts; one without, or years ahead, has the time when it was received."""
    contents = (b"<14>1 2026-11-20T10:30:40Z h a - - - m", b"<14>m", b"<14>1 2099-01-01T00:00:00Z h a - - - m")
    rows = decode_messages([Message(content, RECEIVED_NS) for content in contents], RECEIVED_NS).tables["otel_logs"]

    assert [row.value - RECEIVED_NS for row in rows["Timestamp"].to_pylist()] == [-5_000_000_000, 0, 0]


@given(
    st.lists(
        st.tuples(st.booleans(), st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0"), min_size=1)),
        max_size=8,
    ),
    st.integers(1, 40),
)
def test_framing(messages, size):
    """Both framings, mixed and cut anywhere, give the messages back."""
    sent = [f"<13>{text}".encode() for _, text in messages]
    framed = zip(sent, (counted for counted, _ in messages), strict=True)
    stream = b"".join(b"%d %s" % (len(one), one) if counted else one + b"\n" for one, counted in framed)
    frames = Frames()
    found = [one for start in range(0, len(stream), size) for one in frames.feed(stream[start : start + size])]

    assert found == sent
    assert frames.rest() == b""


def test_a_line_that_is_too_long():
    """Of a line that is too long the head is given, once, and the next line is read."""
    frames = Frames()
    found = [
        *frames.feed(b"<13>" + b"x" * (MAX_MESSAGE_BYTES + 1)),
        *frames.feed(b"xx" * 99),
        *frames.feed(b"\n<13>b\n"),
    ]

    assert [len(one) for one in found] == [MAX_MESSAGE_BYTES, 5]
    assert frames.held_bytes == 0


def test_a_counted_message_that_is_too_long():
    """A message that is announced as too long is refused before it comes."""
    with pytest.raises(DecodeError, match="announced"):
        Frames().feed(b"9999999 <13>m")
