"""Log files of every format: recognised, and each line's parts where they belong."""

import json
from pathlib import Path

import pytest

from sightline.base.errors import DecodeError
from sightline.wire.logfile.formats import FORMATS, cut, decode, recognise
from sightline.wire.logfile.source import Source

GOLDEN = Path(__file__).parent.parent / "golden" / "logfiles"
NOW = 1_795_200_000_000_000_000
SOURCE = Source({"service.name": "web", "log.file.path": "/var/log/web.log"}, NOW)


@pytest.fixture(autouse=True)
def in_utc(monkeypatch):
    """Times without a zone are this machine's: read them as UTC wherever the tests run."""
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def rows(content: bytes, name: str):
    """Decode and give rows as a golden file has them."""
    found, unread = decode(content, name, SOURCE)
    table = found.tables["otel_logs"] if found.tables else None
    listed = [
        {
            "time": str(row["Timestamp"]),
            "level": row["SeverityText"],
            "severity": row["SeverityNumber"],
            "service": row["ServiceName"],
            "logger": row["ScopeName"],
            "body": row["Body"],
            "trace": row["TraceId"],
            "attributes": dict(row["LogAttributes"]),
        }
        for row in (table.to_pylist() if table else [])
    ]
    return listed, unread


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_read_as_the_golden_one(name):
    """Each format's file gives just the records of its golden file."""
    content = (GOLDEN / f"{name}.log").read_bytes()
    golden = json.loads((GOLDEN / f"{name}.json").read_text())

    found, unread = rows(content, name)

    assert {"unread": unread, "records": found} == golden


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_recognised(name):
    """The first lines tell the format."""
    assert recognise((GOLDEN / f"{name}.log").read_bytes()) == name


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x00\xff\xfe", b"a" * 100_000])
def test_what_is_no_format_is_plain(content):
    """Whatever is in it, a file has a format."""
    assert recognise(content) == "plain"


@pytest.mark.parametrize("name", ["python", "bracketed", "plain"])
def test_blocks_end_before_the_last_record(name):
    """A record that may go on is kept for the next block, so that no traceback is cut in two."""
    content = (GOLDEN / f"{name}.log").read_bytes()
    whole, _ = rows(content, name)

    for end in range(1, len(content)):
        size = cut(content[:end], name)
        pieces = rows(content[:size], name)[0] if size else []

        assert pieces == whole[: len(pieces)]


def test_an_unknown_format_is_refused():
    """The message names the formats that there are."""
    with pytest.raises(DecodeError, match="There is no format 'xml'; expected one of json, access"):
        decode(b"a\n", "xml", SOURCE)


@pytest.mark.parametrize("name", ["json", "bracketed", "access"])
def test_a_mark_of_utf8_at_the_begin_hides_no_line(name):
    """Editors of Windows write one; the first line is of its format all the same."""
    content = (GOLDEN / f"{name}.log").read_bytes()

    assert recognise(b"\xef\xbb\xbf" + content) == name
    assert rows(b"\xef\xbb\xbf" + content, name) == rows(content, name)


def test_a_line_that_is_not_utf8_is_kept():
    """Bytes that are no UTF-8 become replacement characters, in the fast reader too."""
    line = b'1.1.1.1 - - [20/Nov/2026:10:30:45 +0000] "GET /\xff HTTP/1.1" 200 5 "-" "a"\n'

    found, unread = rows(line, "access")

    assert (found[0]["attributes"]["url.path"], unread) == ("/\N{REPLACEMENT CHARACTER}", 0)


STAMP = '[20/Nov/2026:10:30:45 +0000] "GET / HTTP/1.1" 200 5 "-"'

HEADS = {
    "1.2.3.4 - -": {"client.address": "1.2.3.4"},
    "example.com:443 1.2.3.4 - -": {
        "server.address": "example.com", "server.port": "443", "client.address": "1.2.3.4",
    },
    "shop:80 2001:db8::1 - ada": {
        "server.address": "shop", "server.port": "80", "client.address": "2001:db8::1", "user.name": "ada",
    },
    "shop:80 client ident John Smith": {
        "server.address": "shop", "server.port": "80", "client.address": "client", "user.name": "John Smith",
    },
    "[::1]:8443 ::1 - -": {"server.address": "::1", "server.port": "8443", "client.address": "::1"},
    "1.2.3.4:51234 - John Smith": {"client.address": "1.2.3.4:51234", "user.name": "John Smith"},
    "2001:db8::1 - John Smith": {"client.address": "2001:db8::1", "user.name": "John Smith"},
    "fe80:0:0:0:0:0:0:1 ident John Smith": {"client.address": "fe80:0:0:0:0:0:0:1", "user.name": "John Smith"},
    "1.2.3.4:5000 ident ada": {"client.address": "1.2.3.4:5000", "user.name": "ada"},
    "shop:http 1.2.3.4 -": {"client.address": "shop:http"},
}  # fmt: skip
"""What stands before the time, and what it says."""


@pytest.mark.parametrize("agent", ["curl/8.5", 'an \\"agent\\"'])
def test_who_asked_whom(agent):
    """A virtual host before the client is the server; alone or among others, fast or one by one, it is the same."""
    parts = ("server.address", "server.port", "client.address", "user.name")
    lines = [f'{head} {STAMP} "{agent}"\n'.encode() for head in HEADS]

    alone = [row for line in lines for row in rows(line, "access")[0]]
    together, unread = rows(b"".join(lines), "access")

    told = [{name: row["attributes"][name] for name in parts if name in row["attributes"]} for row in alone]
    assert dict(zip(HEADS, told, strict=True)) == HEADS
    assert sorted(together, key=str) == sorted(alone, key=str)
    assert unread == 0


def test_a_file_of_virtual_hosts_is_recognised():
    """What Debian's Apache writes for all its other hosts is an access log."""
    line = f'example.com:443 1.2.3.4 - - {STAMP} "curl/8.5"\n'.encode()

    assert recognise(line * 10) == "access"


BEFORE = "2026-11-20 10:30:45+00:00"


@pytest.mark.parametrize(
    ("day", "time"),
    [
        ("29/Feb/2024", "2024-02-29 10:30:45+00:00"), ("28/Feb/2026", "2026-02-28 10:30:45+00:00"),
        ("29/Feb/2000", "2000-02-29 10:30:45+00:00"), ("31/Mar/2026", "2026-03-31 10:30:45+00:00"),
        ("29/Feb/2026", BEFORE), ("31/Feb/2026", BEFORE), ("31/Apr/2026", BEFORE), ("30/Feb/2024", BEFORE),
    ],
)  # fmt: skip
def test_a_day_that_is_none_is_not_another(day, time):
    """A record of a day that its month has not got has the time of the one before it, and is read otherwise."""
    first = f'1.2.3.4 - - {STAMP} "an \\"agent\\""\n'
    line = f'1.2.3.4 - - {STAMP} "curl/8.5"\n'.replace("20/Nov/2026", day)

    found, unread = rows((first + line).encode(), "access")

    assert {row["time"] for row in found} == {BEFORE, time}
    assert (len(found), unread) == (2, 0)


def test_a_time_of_the_far_future_is_that_of_the_line_before():
    """A broken clock's line is kept, at the time of its neighbour."""
    lines = b'{"time":"2026-11-20T10:00:00Z","msg":"a"}\n{"time":"2199-01-01T00:00:00Z","msg":"b"}\n'

    found, _ = rows(lines, "json")

    assert [row["time"] for row in found] == ["2026-11-20 10:00:00+00:00"] * 2
