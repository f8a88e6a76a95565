"""Two inserts of lines under way when the server dies: each is found out about by itself, whichever ended first."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.segments import SegmentFile, log_line
from tests.support.server import ServerProcess, eventually

from sightline.server.ingest.batch import PLAIN, door_of
from sightline.server.ingest.lines import LinesIngest
from sightline.server.live import Live
from sightline.server.services import Counters
from sightline.spool.reader import SpoolReader
from sightline.state.offsets import Offsets, Range
from sightline.store.connect import Store

RESOURCE = {"service.name": "test", "service.instance.id": "a" * 16}


def found(server: ServerProcess) -> list[int]:
    """Give how many records there are, and how many different ones."""
    sql = "SELECT count(), uniqExact(Body), (SELECT sum(Logs) FROM log_minutes) FROM otel_logs"
    return server.http.post("/api/v1/sql", json={"query": sql}).raise_for_status().json()["rows"][0]


def intents(home: Path) -> int:
    """Count the intents that are written down, from outside; 0 while there is no database."""
    if not (home / "state.db").exists():
        return 0
    with closing(sqlite3.connect(f"file:{home / 'state.db'}?mode=ro", uri=True)) as state:
        return int(state.execute("SELECT count(*) FROM insert_intents").fetchone()[0])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Open one store for all tests here."""
    opened = Store.open(f"chdb://{tmp_path_factory.mktemp('store') / 'store'}", memory_bytes=512 * 1024 * 1024)
    yield opened
    opened.close()


@pytest.mark.parametrize("mark", [PLAIN, ""], ids=["this version's", "an older version's"])
@pytest.mark.parametrize("stored", [(), (0,), (1,), (0, 1)], ids=["neither", "first", "second", "both"])
def test_of_two_open_intents_each_is_stored_once(store: Store, tmp_path: Path, stored: tuple[int, ...], mark: str):
    """Neither, one, or both were stored before the kill: afterwards both are, once, and the offset is behind them."""
    segment, offsets = SegmentFile(tmp_path / "spool"), Offsets.open(tmp_path / "state.db")
    name = f"intents {stored} {mark}"
    for number in range(2):
        start, lines = segment.position, log_line(name) * 100
        segment.write(lines)
        intent = offsets.intend([Range(segment.name, start, segment.position)], mark)
        if number in stored:
            store.insert_lines([lines], {"a" * 16: RESOURCE}, intent.token, door=door_of(intent.token))
    segment.write(log_line(name))

    loop = LinesIngest(
        store, offsets, SpoolReader(tmp_path / "spool", offsets.load()),
        live=Live(), counters=Counters(), quarantine=tmp_path / "quarantine",
    )  # fmt: skip
    loop.start()
    eventually(lambda: offsets.load().get(segment.name) == segment.position)
    loop.stop()

    assert store.query("SELECT count() FROM otel_logs WHERE Body = {name:String}", {"name": name}).scalar() == 201
    assert offsets.intents() == []
    offsets.close()
    segment.end()


def test_a_kill_within_two_inserts_loses_and_doubles_nothing(tmp_path: Path):
    """With a backlog that takes two inserts at a time, killed as soon as both are written down."""
    home, count = tmp_path / "home", 120_000
    lines = b"".join(log_line(f"{n}", attributes={"padding": "x" * 300}) for n in range(count))
    with ServerProcess(home) as server:
        segment = SegmentFile(home / "spool", size=64 * 1024 * 1024)
        segment.write(lines)
        eventually(lambda: intents(home) == 2)
        server.kill()
    segment.end()
    assert intents(home) == 2

    with ServerProcess(home) as server:
        eventually(lambda: not segment.path.exists(), timeout_s=60)
        assert found(server) == [count, count, count]
