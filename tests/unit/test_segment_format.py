"""The header and the name of a segment."""

from __future__ import annotations

import pytest

from sightline.base.errors import SegmentBroken
from sightline.spool.format import Header, SegmentName, decode_header, encode_header

HEADER = Header(1, 5, "0123456789abcdef", 77, {"service.name": "shop"})


def test_a_header_reads_back():
    """Decode of encode is the identity, and the offset is behind the newline."""
    line = encode_header(HEADER)

    assert decode_header(line + b'{"kind":"log"}\n') == (HEADER, len(line))


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (b"", "has no header line"),
        (b'{"kind":"segment"', "has no header line"),
        (b"\0\0\0\n", "header is no valid one"),
        (b'{"kind":"log"}\n', "header is no valid one"),
        (encode_header(Header(2, 5, "0" * 16, 1, {})), "has format 2; this version reads format 1. Upgrade."),
    ],
)
def test_a_broken_header_is_told(start, message):
    """What is no header of a known format raises, and says why."""
    with pytest.raises(SegmentBroken, match=message):
        decode_header(start)


def test_names_read_back_and_sort_in_order_of_making():
    """A name's text has its parts, and sorting text sorts by time, then process, then sequence."""
    names = [SegmentName(5, "a" * 16, 1), SegmentName(5, "a" * 16, 2), SegmentName(6, "0" * 16, 0)]

    assert [SegmentName.parse(str(name)) for name in names] == names
    assert sorted(map(str, reversed(names))) == list(map(str, names))


@pytest.mark.parametrize("name", ["x.jsonl", ".1795202514076-d2227cdd4253602a-000000.jsonl", "1-a-0.jsonl", ""])
def test_other_files_are_no_segments(name):
    """Hidden, foreign and malformed names are passed over."""
    assert SegmentName.parse(name) is None
