"""The reader of segments, on whatever bytes there may be."""

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.support.segments import SegmentFile

from sightline.spool.reader import SpoolReader

LINE = st.binary(min_size=1, max_size=200).map(lambda raw: raw.replace(b"\n", b"n").replace(b"\0", b"0") + b"\n")


@given(st.lists(LINE, max_size=50), st.lists(st.integers(1, 500), min_size=1, max_size=20), st.integers(1, 4096))
@settings(max_examples=50)
def test_lines_come_once_and_in_order_however_they_are_written(lines: list[bytes], steps: list[int], limit: int):
    """Bytes that appear piece by piece, cut anywhere, are read as the lines that they are."""
    with tempfile.TemporaryDirectory() as directory:
        segment = SegmentFile(Path(directory))
        reader = SpoolReader(Path(directory), {})
        whole, seen, step = b"".join(lines), b"", 0
        while segment.position - segment.data_start < len(whole):
            start = segment.position - segment.data_start
            segment.write(whole[start : start + steps[step % len(steps)]])
            step += 1
            seen += b"".join(chunk.lines for chunk in reader.read(limit))
        segment.end(truncate=False)
        while chunks := reader.read(limit):
            seen += b"".join(chunk.lines for chunk in chunks)
        reader.close()

    assert seen == whole


@given(st.binary(max_size=2000), st.booleans())
@example(b"\0\1", True)
@settings(max_examples=100)
def test_any_bytes_in_a_final_segment_are_read_to_their_end(content: bytes, truncate: bool):
    """Whatever is in there, what is given are whole lines without NUL, and the segment is finished."""
    with tempfile.TemporaryDirectory() as directory:
        segment = SegmentFile(Path(directory))
        segment.write(content)
        segment.end(truncate=truncate)
        reader = SpoolReader(Path(directory), {})
        chunks = []
        while found := reader.read(100):
            chunks += found
        for chunk in chunks:
            reader.stored(chunk.segment, chunk.end)
        finished = reader.finished()
        reader.close()

    assert finished == [segment.name]
    assert all(chunk.lines.endswith(b"\n") and b"\0" not in chunk.lines for chunk in chunks)
    expected = b"".join(part[: part.rfind(b"\n") + 1] for part in content.split(b"\0"))
    assert b"".join(chunk.lines for chunk in chunks) == expected


@given(st.binary(max_size=300))
@settings(max_examples=100)
def test_any_bytes_for_a_header_never_stop_the_reader(content: bytes):
    """A file that is no segment is reported or read, never an exception."""
    with tempfile.TemporaryDirectory() as directory:
        SegmentFile(Path(directory), header=content).end()
        reader = SpoolReader(Path(directory), {})
        reader.read(1000)

        assert len(reader.broken) + len(reader.finished()) == 1
        reader.close()
