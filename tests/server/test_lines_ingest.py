"""Our own lines, from a segment on disk to what a search finds."""

import json
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.support.segments import SegmentFile, log_line
from tests.support.server import ServerProcess, eventually

from sightline.base.errors import RowsRefused, StoreUnavailable
from sightline.server.ingest.batch import Batch, count, cut, weigh
from sightline.server.ingest.lines import LinesIngest
from sightline.server.ingest.sift import sift
from sightline.server.live import Live
from sightline.server.services import Counters, Tally
from sightline.spool.format import Header, decode_header
from sightline.spool.reader import Chunk, SpoolReader
from sightline.state.offsets import Offsets, Range
from sightline.store.inserts import RECORD_ENTRY


def bodies(server: ServerProcess, logger: str) -> list[str]:
    """Ask the store which bodies a logger has, in order."""
    sql = "SELECT Body FROM otel_logs WHERE ScopeName = {logger:String} ORDER BY Body"
    answer = server.http.post("/api/v1/sql", json={"query": sql, "parameters": {"logger": logger}})
    return [row[0] for row in answer.raise_for_status().json()["rows"]]


def test_lines_of_a_live_segment_are_found_within_seconds(server: ServerProcess):
    """What a process records is searchable while it runs, with its resource."""
    segment = SegmentFile(server.home / "spool", instance="1" * 16, resource={"service.name": "live-segment"})
    segment.write(log_line("first", logger="live-segment", instance="1" * 16))

    eventually(lambda: bodies(server, "live-segment") == ["first"])
    segment.write(log_line("second", logger="live-segment", instance="1" * 16))
    eventually(lambda: bodies(server, "live-segment") == ["first", "second"])

    assert segment.path.exists()
    segment.end()


def test_a_stored_segment_is_deleted(server: ServerProcess):
    """A segment that is final and stored to its end leaves the disk."""
    segment = SegmentFile(server.home / "spool", instance="2" * 16)
    segment.write(log_line("gone", logger="final-segment", instance="2" * 16))
    segment.end()

    eventually(lambda: not segment.path.exists())
    assert bodies(server, "final-segment") == ["gone"]


def test_broken_lines_are_set_aside_and_the_others_stored(server: ServerProcess):
    """Every good line around the bad ones is found; the bad ones are in quarantine, with where and why."""
    segment = SegmentFile(server.home / "spool", instance="3" * 16)
    bad = [
        b'{"kind":"log","body":"cut off\n',
        b"nonsense\n",
        b'{"kind":"nope","time":1,"instance":"3"}\n',
        b"\xff\xfe\n",
    ]
    offsets = []
    for number, line in enumerate(bad):
        segment.write(log_line(f"good {number}", logger="broken-lines", instance="3" * 16))
        offsets.append(segment.position)
        segment.write(line)
    segment.write(log_line("good 9", logger="broken-lines", instance="3" * 16))
    segment.end()

    eventually(lambda: not segment.path.exists())
    assert bodies(server, "broken-lines") == ["good 0", "good 1", "good 2", "good 3", "good 9"]
    (file,) = (server.home / "quarantine").iterdir()
    kept = [json.loads(line) for line in file.read_text().splitlines()]
    mine = [line for line in kept if line["segment"] == segment.name]
    assert [line["offset"] for line in mine] == offsets
    assert [line["line"] for line in mine][:2] == ['{"kind":"log","body":"cut off', "nonsense"]
    assert all(line["reason"] for line in mine)
    assert file.stat().st_mode & 0o077 == 0


def test_a_torn_last_line_is_left_out(server: ServerProcess):
    """The record that a killed process was just writing never was a record; those before it are found."""
    segment = SegmentFile(server.home / "spool", instance="4" * 16)
    segment.write(log_line("whole", logger="torn", instance="4" * 16) + b'{"kind":"log","time":17')
    segment.end(truncate=False)

    eventually(lambda: not segment.path.exists())
    assert bodies(server, "torn") == ["whole"]


def test_a_segment_that_cannot_be_read_is_reported_and_left(tmp_path: Path):
    """It degrades the health with its name and reason, stays on disk, and stops no other segment."""
    broken = SegmentFile(tmp_path / "home" / "spool", sequence=0, header=b"no header\n")
    broken.end()
    good = SegmentFile(tmp_path / "home" / "spool", sequence=1)
    good.write(log_line("good", logger="beside"))
    good.end()

    with ServerProcess(tmp_path / "home") as server:
        eventually(lambda: bodies(server, "beside") == ["good"])
        spool = eventually(lambda: (s := server.get("/health")["checks"]["spool"]).get("broken_segments") and s)

    assert spool["status"] == "degraded"
    assert "no valid one" in spool["broken_segments"][broken.name]
    assert broken.path.exists()


def test_an_insert_that_was_under_way_is_sent_again_and_stored_once(tmp_path: Path):
    """Killed between intent and offsets, the next start inserts the same range with the same token."""
    home = tmp_path / "home"
    segment = SegmentFile(home / "spool")
    segment.write(b"".join(log_line(f"{n:03d}", logger="again") for n in range(100)))
    offsets = Offsets.open(home / "state.db")
    offsets.intend([Range(segment.name, segment.data_start, segment.position)])
    offsets.close()

    with ServerProcess(home) as server:
        eventually(lambda: len(bodies(server, "again")) == 100)
    # As if the engine had stored the range and the process had died before the offset was moved.
    offsets = Offsets.open(home / "state.db")
    offsets.intend([Range(segment.name, segment.data_start, segment.position)])
    offsets.forget([segment.name])
    offsets.close()
    with ServerProcess(home) as server:
        segment.write(log_line("100", logger="again"))
        eventually(lambda: len(bodies(server, "again")) >= 101)
        assert bodies(server, "again") == [f"{n:03d}" for n in range(101)]
    segment.end()


class RefusingStore:
    """A store that takes nothing for a while: the first inserts fail, by a fault that passes."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.tokens: list[str] = []
        self.doors: list[str] = []
        self.rows = b""
        self.refused = threading.Event()

    def check_room(self, *, lines: bool) -> None:
        """Have room."""
        assert lines

    def insert_lines(self, ranges: Iterable[bytes], _resources: object, token: str, *, door: str) -> None:
        """Take lines, or refuse them for now."""
        self.tokens.append(token)
        self.doors.append(door)
        if self.failures:
            self.failures -= 1
            self.refused.set()
            raise StoreUnavailable("The store cannot take rows now: the disk is full.")
        self.rows += b"".join(ranges)


def test_a_store_that_is_full_delays_and_loses_nothing(tmp_path: Path):
    """The range is kept and sent again with its token; meanwhile the trouble is told."""
    segment = SegmentFile(tmp_path / "spool")
    segment.write(log_line("kept"))
    segment.end()
    store, counters = RefusingStore(2), Counters()
    offsets = Offsets.open(tmp_path / "state.db")
    loop = LinesIngest(
        store, offsets, SpoolReader(tmp_path / "spool", {}),  # type: ignore[arg-type]
        live=Live(), counters=counters, quarantine=tmp_path / "quarantine", retry_first_s=0.2,
    )  # fmt: skip
    loop.start()

    assert store.refused.wait(10)
    eventually(lambda: "the disk is full" in loop.trouble)
    eventually(lambda: not segment.path.exists())
    assert json.loads(store.rows)["body"] == "kept"
    assert len(set(store.tokens)) == 1
    assert len(store.tokens) == 3
    assert set(store.doors) == {RECORD_ENTRY}
    assert (loop.trouble, counters.stored.logs) == ("", 1)
    loop.stop()
    offsets.close()


def test_the_engine_has_the_last_word_on_a_line():
    """A line that looks right and that the engine cannot read is found by halves."""
    header, _ = decode_header(b'{"kind":"segment","format":1,"time":1,"instance":"a","pid":1,"resource":{}}\n')
    rows = [log_line(f"n{number}", time_ns=1) for number in range(50)]

    def check(ranges: list[bytes]) -> None:
        if any(b'"n37"' in row for row in ranges):
            raise RowsRefused("The store refused rows: n37 is not to its taste")

    good, bad = sift(Chunk("s", 100, 100 + sum(map(len, rows)), b"".join(rows), header), check)

    assert good == b"".join(rows[:37] + rows[38:])
    assert [(line.offset, line.reason) for line in bad] == [
        (100 + sum(map(len, rows[:37])), "The store refused rows: n37 is not to its taste")
    ]


def test_records_are_counted_by_how_their_lines_begin():
    """Texts that look like other records do not count; each sample of a metric does."""
    now = time.time_ns()
    metric = json.dumps({"kind": "metric", "time": now, "samples": [{"value": 1}, {"value": 2}]}, separators=(",", ":"))
    lines = (
        log_line('{"kind":"span"')
        + b'{"kind":"span","attributes":{"x":{"kind":"log"}}}\n'
        + metric.encode() + b"\n"
        + b'{"kind":"event"}\n'
        + metric.encode() + b"\n"
    )  # fmt: skip

    assert count(lines) == Tally(logs=1, spans=1, samples=4, events=1)
    assert count(metric.encode() + b"\n") == Tally(samples=2)
    assert count(b"") == Tally()


@pytest.mark.parametrize(
    ("other", "plain"),
    [("log", True), ("span", True), ("metric", False), ("event", False), ("profile", False), ("nope", False)],
)
def test_logs_and_spans_alone_go_by_a_door_of_their_own(other: str, plain: bool):
    """A line of any other kind, even of one that nobody knows, takes the whole batch through the door for all."""
    header, _ = decode_header(b'{"kind":"segment","format":1,"time":1,"instance":"a","pid":1,"resource":{}}\n')
    batch = Batch()

    for kind in ("log", "span", other, "log"):
        line = f'{{"kind":"{kind}","body":"x"}}\n'.encode()
        batch.add(weigh(Chunk("s", 0, len(line), line, header)))

    assert batch.plain == plain


def test_losses_that_processes_report_are_told(tmp_path: Path):
    """A full spool's losses, reported by the process in a record of its own, are in the health."""
    segment = SegmentFile(tmp_path / "home" / "spool")
    segment.write(log_line("17 records were lost", logger="losses", attributes={"sightline.lost_records": 17}))
    segment.end()

    with ServerProcess(tmp_path / "home") as server:
        eventually(lambda: server.get("/health")["checks"]["spool"]["lost_records"] == 17)


def test_a_chunk_that_unfolds_to_much_is_cut_at_lines():
    """Short lines with a large resource go in several inserts; the pieces are the chunk, in order."""
    header = Header(1, 1, "a" * 16, 1, {"key": "v" * 981})
    lines = b"".join(log_line(f"{number}") for number in range(100))
    chunk = Chunk("s", 50, 50 + len(lines), lines, header)

    pieces = [piece.chunk for piece in cut(chunk, weigh(chunk).weight // 7)]

    assert b"".join(piece.lines for piece in pieces) == lines
    assert 7 <= len(pieces) <= 9
    assert all(piece.lines.endswith(b"\n") and piece.end - piece.start == len(piece.lines) for piece in pieces)
    assert [piece.start for piece in pieces[1:]] == [piece.end for piece in pieces[:-1]]
    assert len(list(cut(chunk, 1))) == 100
    assert list(cut(chunk, weigh(chunk).weight)) == [weigh(chunk)]


def test_a_chunk_weighs_what_its_rows_hold():
    """A sample and a stack are rows of their own, each with all of the resource; a log's text counts once more."""
    header = Header(1, 1, "a" * 16, 1, {"key": "v" * 981})
    metric = b'{"kind":"metric","samples":[{"value":1},{"value":2},{"value":3}]}\n'
    profile = b'{"kind":"profile","stacks":[{"stack":"a"},{"stack":"b"}]}\n'
    log = b'{"kind":"log"}\n'

    weights = [weigh(Chunk("s", 0, len(lines), lines, header)).weight - len(lines) for lines in (metric, profile, log)]

    assert weights == [4000, 3000, 1000 + len(log) - 1]


def test_lines_too_short_for_a_kind_are_no_records():
    """What begins like no record is none, however short; those behind it count."""
    assert count(b"{}\n") == Tally()
    assert count(b"\n\n{\n") == Tally()
    assert count(b'{}\n{"kind":"log"}\n{"kind":"span"}\n{}\n') == Tally(logs=1, spans=1)


def test_small_memory_and_a_large_resource_delay_nothing(tmp_path: Path):
    """With the least memory allowed, short lines whose resource is a hundred times as long are all stored."""
    resource = {f"resource.attribute.number.{number}": "some value of thirty characters" for number in range(20)}
    segment = SegmentFile(tmp_path / "home" / "spool", resource=resource, size=16 * 1024 * 1024)
    segment.write(
        b"".join(b'{"kind":"log","time":%d,"instance":"%s"}\n' % (time.time_ns(), b"a" * 16) for _ in range(100_000))
    )
    segment.end()

    with ServerProcess(tmp_path / "home", environment={"SIGHTLINE_MEMORY_BYTES": "256MiB"}) as server:
        eventually(lambda: not segment.path.exists(), timeout_s=60)
        answer = server.http.post("/api/v1/sql", json={"query": "SELECT count() FROM otel_logs"})
        assert answer.json()["rows"] == [[100_000]]
