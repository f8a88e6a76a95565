"""Lines of many processes, or of few with large resources: more than one statement has room for."""

import json
import time
from pathlib import Path

import pytest
from tests.support.segments import SegmentFile, log_line
from tests.support.server import ServerProcess, eventually

from sightline.server.ingest.batch import RESOURCES_BYTES, gathered, weigh
from sightline.server.ingest.lines import BATCH_BYTES
from sightline.spool.format import FORMAT, Header, encode_header
from sightline.spool.reader import Chunk
from sightline.state.offsets import Offsets, Range

SHORT = {f"process.attribute.{number}": "of fifty characters or so, as commands have" for number in range(8)}
LARGE = {f"container.label.{n}": "it's a label, 'quoted' \\ and \"quoted\" " * 30 for n in range(48)}
"""Resources as a short process has, and nearly as long as a segment's header may be."""


def recorded(spool: Path, count: int, resource: dict[str, str]) -> list[SegmentFile]:
    """Leave the segments of processes that each recorded one line and ended."""
    segments = []
    for number in range(count):
        instance = f"{number:016x}"
        segment = SegmentFile(spool, instance=instance, resource={**resource, "service.instance.id": instance})
        segment.write(log_line(f"{number}", logger="short", instance=instance))
        segment.end()
        segments.append(segment)
    return segments


def counted(server: ServerProcess) -> list[int]:
    """Count the lines that are stored, and the processes of which they are."""
    sql = (
        "SELECT count(), uniqExact(ResourceAttributes['service.instance.id']) FROM otel_logs WHERE ScopeName = 'short'"
    )
    answer = server.http.post("/api/v1/sql", json={"query": sql})
    return [int(value) for value in answer.raise_for_status().json()["rows"][0]]


@pytest.mark.parametrize(("count", "resource"), [(1200, SHORT), (8, LARGE)], ids=["many", "large"])
def test_what_many_processes_recorded_while_no_server_ran_is_stored(
    tmp_path: Path, count: int, resource: dict[str, str]
):
    """However much text their resources are together, the spool is emptied."""
    recorded(tmp_path / "home" / "spool", count, resource)

    with ServerProcess(tmp_path / "home") as server:
        eventually(lambda: counted(server) == [count, count], timeout_s=60)
        eventually(lambda: server.get("/health")["status"] == "ok")


def test_an_intent_over_more_resources_than_a_statement_takes_is_fulfilled(tmp_path: Path):
    """One that was written down before batches were bounded so goes in parts, once, also after the next start."""
    home = tmp_path / "home"
    segments = recorded(home / "spool", 1200, SHORT)
    ranges = [Range(segment.name, segment.data_start, segment.position) for segment in segments]
    for _ in range(2):
        offsets = Offsets.open(home / "state.db")
        offsets.intend(ranges)
        offsets.close()
        with ServerProcess(home) as server:
            eventually(lambda: counted(server) == [1200, 1200], timeout_s=60)
            eventually(lambda: server.get("/health")["checks"]["spool"]["behind_bytes"] == 0)

    offsets = Offsets.open(home / "state.db")
    assert offsets.intents() == []
    offsets.close()


def test_ranges_of_many_processes_are_taken_over_http(tmp_path: Path):
    """A shipped body may be of as many processes as it has room for."""
    body = b""
    for segment in recorded(tmp_path / "far" / "spool", 1200, SHORT):
        content = segment.path.read_bytes()
        told = {"kind": "range", "segment": segment.name, "start": segment.data_start, "end": segment.position}
        body += json.dumps(told).encode() + b"\n" + content

    with ServerProcess(tmp_path / "home") as server:
        answers = [server.http.post("/api/v1/lines", content=body) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [200, 200]
        assert counted(server) == [1200, 1200]


def test_a_batch_has_bounded_resources_and_takes_any_one():
    """The text of a batch's resources is bounded; a process whose own are as large as can be has a batch to itself."""
    odd = {"'" * 20_000: "'" * 40_000}
    pieces = []
    for number in range(6):
        header = Header(FORMAT, time.time_ns(), f"{number:016x}", 1, odd if number == 3 else LARGE)
        encode_header(header)  # it is not too large for a segment
        lines = log_line("x", instance=header.instance)
        pieces.append(Chunk("s", 0, len(lines), lines, header))

    batches = gathered([weigh(piece) for piece in pieces], BATCH_BYTES)

    assert [chunk for batch in batches for chunk in batch.chunks] == pieces
    assert all(batch.resources_bytes <= RESOURCES_BYTES for batch in batches)
    assert len(batches) == 4
