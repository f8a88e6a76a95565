"""The reader of segments, on segments whole and broken."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.segments import SegmentFile, log_line

from sightline.base.limits import MAX_LINE_BYTES
from sightline.spool.reader import SpoolReader
from sightline.spool.writer import SpoolWriter

MIB = 1024 * 1024


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """Give a directory for segments."""
    return tmp_path / "spool"


@pytest.fixture
def reader(spool: Path) -> Iterator[SpoolReader]:
    """Give a reader that starts from nothing."""
    opened = SpoolReader(spool, {})
    yield opened
    opened.close()


def lines_of(reader: SpoolReader, limit: int = 16 * MIB) -> bytes:
    """Read once and join what came."""
    return b"".join(chunk.lines for chunk in reader.read(limit))


def test_a_spool_that_is_not_there_is_empty(reader: SpoolReader):
    """A server may start before the first application does."""
    assert reader.read(MIB) == []
    assert reader.backlog().segments == 0


def test_a_live_segment_is_followed(spool: Path, reader: SpoolReader):
    """Each read gives what came since the last one, and nothing twice."""
    segment = SegmentFile(spool)
    segment.write(b"one\n")
    first = reader.read(MIB)
    segment.write(b"two\nthree\n")

    second = reader.read(MIB)

    assert [(c.start, c.end, c.lines) for c in first] == [(segment.data_start, segment.data_start + 4, b"one\n")]
    assert [c.lines for c in second] == [b"two\nthree\n"]
    assert reader.read(MIB) == []
    segment.end()


def test_half_a_line_waits_for_its_newline(spool: Path, reader: SpoolReader):
    """A line counts when its newline is there."""
    segment = SegmentFile(spool)
    segment.write(b"whole\nhal")
    assert lines_of(reader) == b"whole\n"
    segment.write(b"f\n")

    assert lines_of(reader) == b"half\n"
    segment.end()


def test_a_hole_in_a_live_segment_ends_the_range(spool: Path, reader: SpoolReader):
    """What lies behind a hole waits until the hole is filled."""
    segment = SegmentFile(spool)
    segment.write(b"one\n")
    segment.skip(4)
    segment.write(b"three\n")
    assert lines_of(reader) == b"one\n"
    segment.position -= 10
    segment.write(b"two\n")

    assert lines_of(reader) == b"two\nthree\n"
    segment.end()


def test_a_hole_in_a_final_segment_is_passed_over(spool: Path, reader: SpoolReader):
    """A process killed within a signal handler's record leaves whole lines behind a torn one; they are kept."""
    segment = SegmentFile(spool)
    segment.write(b"one\nto")
    segment.skip(3)
    segment.write(b"three\n")
    segment.end(truncate=False)

    assert lines_of(reader) == b"one\nthree\n"


@pytest.mark.parametrize("truncate", [True, False])
def test_a_final_segment_is_deleted_once_it_is_stored(spool: Path, reader: SpoolReader, *, truncate: bool):
    """A segment whose lock is free is read to its end and deleted, but not before its offset is stored."""
    segment = SegmentFile(spool)
    segment.write(b"last words\nunfinish")
    segment.end(truncate=truncate)

    (chunk,) = reader.read(MIB)
    assert chunk.lines == b"last words\n"
    assert reader.finished() == []
    reader.stored(chunk.segment, chunk.end)
    assert reader.finished() == [segment.name]
    assert not segment.path.exists()


def test_a_live_segment_is_never_deleted(spool: Path, reader: SpoolReader):
    """As long as a process holds its segment, the file stays."""
    segment = SegmentFile(spool)
    segment.write(b"one\n")
    (chunk,) = reader.read(MIB)
    reader.stored(chunk.segment, chunk.end)

    assert reader.finished() == []
    assert segment.path.exists()
    segment.end()


def test_reading_goes_on_at_the_stored_offset(spool: Path):
    """A reader that knows an offset begins there."""
    segment = SegmentFile(spool)
    segment.write(b"stored\nnew\n")
    segment.end()
    reader = SpoolReader(spool, {segment.name: segment.data_start + 7})

    assert lines_of(reader) == b"new\n"
    reader.close()


def test_ranges_are_bounded_and_the_oldest_come_first(spool: Path, reader: SpoolReader):
    """A backlog is read piece by piece, in the order in which it was written."""
    for sequence in range(3):
        segment = SegmentFile(spool, sequence=sequence, size=4 * MIB)
        segment.write(b"%d\n" % sequence * MIB)
        segment.end()

    seen = b""
    while chunks := reader.read(MIB):
        assert sum(len(chunk.lines) for chunk in chunks) <= 2 * MIB + 2
        seen += b"".join(chunk.lines for chunk in chunks)

    assert seen == b"0\n" * MIB + b"1\n" * MIB + b"2\n" * MIB


def test_a_backlog_of_two_processes_is_read_in_the_order_of_its_times(spool: Path, reader: SpoolReader):
    """Piece by piece, however much the first of them wrote; what is stored together is of one time."""
    for first, instance in enumerate(("a" * 16, "b" * 16)):
        segment = SegmentFile(spool, instance=instance, size=4 * MIB)
        for number in range(4_000):
            segment.write(log_line("x" * 100, time_ns=10**18 + 2 * number + first, instance=instance))
        segment.end()

    reads = iter(lambda: reader.read(MIB // 2), [])
    times = [[json.loads(line)["time"] for line in b"".join(c.lines for c in read).splitlines()] for read in reads]

    assert sum(map(len, times)) == 8_000
    assert all(max(earlier) < min(later) for earlier, later in zip(times, times[2:], strict=False))


def test_the_longest_line_is_read_whole(spool: Path, reader: SpoolReader):
    """A line of the largest size is given in one piece, however small the limit."""
    segment = SegmentFile(spool, size=4 * MIB)
    segment.write(b"x" * MAX_LINE_BYTES + b"\ny\n")
    segment.end()

    assert lines_of(reader, 1) + lines_of(reader, 1) == b"x" * MAX_LINE_BYTES + b"\ny\n"


def test_bytes_without_any_newline_do_not_stop_the_reader(spool: Path, reader: SpoolReader):
    """A segment full of something else is read to its end and gives at most one broken line."""
    segment = SegmentFile(spool, size=8 * MIB)
    segment.write(b"z" * (3 * MIB) + b"\ngood\n")
    segment.end()

    seen = b""
    for _ in range(10):
        seen += lines_of(reader)

    assert seen.endswith(b"\ngood\n")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"", "no header line"),
        (b"not json\n", "no valid one"),
        (b'{"kind":"segment","format":2,"time":1,"instance":"a","pid":1,"resource":{}}\n', "Upgrade"),
        (b'{"kind":"log"}\n', "no valid one"),
    ],
)
def test_a_segment_without_a_good_header_is_left_alone(spool: Path, reader: SpoolReader, header: bytes, reason: str):
    """It is reported with the reason, stays where it is, and stops nobody else."""
    broken = SegmentFile(spool, sequence=0, header=header)
    broken.end()
    good = SegmentFile(spool, sequence=1)
    good.write(b"good\n")
    good.end()

    assert lines_of(reader) == b"good\n"
    assert reason in reader.broken[broken.name]
    assert broken.path.exists()


def test_a_segment_cut_below_its_offset_is_finished(spool: Path):
    """Someone cut the file: nothing is read twice, and the rest is deleted."""
    segment = SegmentFile(spool)
    segment.write(b"stored\n")
    segment.end()
    reader = SpoolReader(spool, {segment.name: segment.position})
    with segment.path.open("r+b") as file:
        file.truncate(segment.data_start + 3)

    assert reader.read(MIB) == []
    assert reader.finished() == [segment.name]
    reader.close()


def test_other_files_are_no_segments(spool: Path, reader: SpoolReader):
    """Hidden files, notes and directories in the spool are not looked at."""
    spool.mkdir()
    (spool / ".0000000000001-aaaaaaaaaaaaaaaa-000000.jsonl").write_text("x\n")
    (spool / "notes.txt").write_text("x\n")

    assert reader.read(MIB) == []
    assert reader.broken == {}


def test_an_offset_of_a_segment_that_is_gone_is_named(spool: Path):
    """Offsets of files that were deleted by someone else can be forgotten."""
    reader = SpoolReader(spool, {"0000000000001-aaaaaaaaaaaaaaaa-000000.jsonl": 5})

    assert reader.forgotten() == ["0000000000001-aaaaaaaaaaaaaaaa-000000.jsonl"]


def test_a_range_can_be_read_again(spool: Path, reader: SpoolReader):
    """An intent's range gives the same bytes, and reading goes on behind it."""
    segment = SegmentFile(spool)
    segment.write(b"one\ntwo\n")
    again = reader.range(segment.name, segment.data_start, segment.data_start + 4)

    assert again is not None
    assert again.lines == b"one\n"
    assert lines_of(reader) == b"two\n"
    assert reader.range("0000000000001-aaaaaaaaaaaaaaaa-000000.jsonl", 0, 5) is None
    segment.end()


def test_what_the_writer_writes_the_reader_reads(spool: Path, reader: SpoolReader):
    """Through many rotations every line arrives once and in order, and no segment is left."""
    writer = SpoolWriter(
        spool, instance="c" * 16, resource={"service.name": "w"}, segment_bytes=64 * 1024, spool_bytes=64 * MIB
    )
    expected = []
    seen = b""
    for number in range(3000):
        line = log_line(f"line {number}")
        writer.append(line[:-1])
        expected.append(line)
        if number % 100 == 0:
            seen += lines_of(reader)
    writer.close()

    chunks = reader.read(16 * MIB)
    seen += b"".join(chunk.lines for chunk in chunks)
    for name in {chunk.segment for chunk in chunks} | set(reader._segments):
        reader.stored(name, 1 << 40)

    assert seen == b"".join(expected)
    reader.read(MIB)
    reader.finished()
    assert list(spool.iterdir()) == []


def test_the_backlog_counts_what_is_not_stored(spool: Path, reader: SpoolReader):
    """Segments, bytes on disk and bytes that wait are told."""
    segment = SegmentFile(spool, size=1000)
    segment.write(b"12345\n")
    reader.read(MIB)

    found = reader.backlog()

    assert (found.segments, found.bytes, found.behind_bytes) == (1, 1000, 6)
    reader.stored(segment.name, segment.position)
    assert reader.backlog().behind_bytes == 0
    segment.end()
