"""Log files that are renamed while they are written, written anew with the same beginning, or very large."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.support.server import ServerProcess, eventually

from sightline.base.settings import load
from sightline.server.app import open_services
from sightline.server.ingest.logfile import source
from sightline.server.ingest.logfile_follow import Follower
from sightline.server.ingest.logfile_reader import LogFile
from sightline.server.ingest.logfile_watch import Watch, end_oldest
from sightline.state.log_files import HEAD_BYTES


def lines(first: int, end: int, beside: str = "") -> bytes:
    """Write JSON lines with numbers."""
    told = {"timestamp": "2026-11-20T12:00:00Z", "level": "INFO", "beside": beside}
    return b"".join(json.dumps({**told, "message": f"line {number}"}).encode() + b"\n" for number in range(first, end))


def stored(server: ServerProcess, service: str) -> tuple[int, int]:
    """Count the records of a service, and the different ones."""
    query = f"SELECT count(), uniqExact(Body) FROM otel_logs WHERE ServiceName = '{service}'"
    every, distinct = server.http.post("/api/v1/sql", json={"query": query}).raise_for_status().json()["rows"][0]
    return int(every), int(distinct)


def known_bytes(server: ServerProcess, path: Path) -> int:
    """Tell by how many bytes of its begin the server knows a file: noted after they are stored."""
    with closing(sqlite3.connect(f"file:{server.home / 'state.db'}?mode=ro", uri=True)) as state:
        (found,) = state.execute("SELECT head_bytes FROM log_files WHERE path = ?", (str(path),)).fetchone()
    return int(found)


def following(server: ServerProcess, *names: Path) -> subprocess.Popen[str]:
    """Start the command that follows files."""
    arguments = [sys.executable, "-m", "sightline", "ingest", "--follow", "--json", "--server", server.url]
    return subprocess.Popen(
        [*arguments, "--home", str(server.home), *map(str, names)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@contextmanager
def followed_by(who: str, tmp_path: Path, name: Path) -> Iterator[ServerProcess]:
    """Have a file followed by the server, or by the command."""
    settings = {"SIGHTLINE_LOG_FILES": str(name)} if who == "server" else {}
    with ServerProcess(tmp_path / "home", environment=settings) as server:
        if who == "server":
            yield server
            return
        with following(server, name) as running:
            try:
                yield server
            finally:
                running.kill()


@pytest.mark.parametrize("who", ["server", "command"])
def test_what_a_writer_adds_to_a_renamed_file_is_stored(tmp_path: Path, who: str):
    """Between ``mv`` and its signal to open the log anew, lines go to the old file, whose name matches no more."""
    path = tmp_path / "app.log"
    path.write_bytes(lines(0, 10))
    with followed_by(who, tmp_path, path) as server, path.open("ab", buffering=0) as writer:
        eventually(lambda: stored(server, "app") == (10, 10), timeout_s=30)
        path.rename(tmp_path / "app.log.1")
        eventually(lambda: not path.exists())
        for number in range(10, 15):
            writer.write(lines(number, number + 1))
            eventually(lambda seen=number + 1: stored(server, "app") == (seen, seen), timeout_s=30)
        path.write_bytes(lines(15, 20))

        eventually(lambda: stored(server, "app") == (20, 20), timeout_s=30)


@pytest.mark.parametrize("who", ["server", "command"])
def test_a_file_that_is_written_anew_with_the_same_beginning_is_stored(tmp_path: Path, who: str):
    """A job that begins its log with the same lines each night is not taken for the file of the night before."""
    path, banner = tmp_path / "job.log", lines(0, 20, beside="x" * 100)
    path.write_bytes(banner + lines(100, 400))
    with followed_by(who, tmp_path, path) as server:
        eventually(lambda: stored(server, "job") == (320, 320), timeout_s=30)
        path.write_bytes(banner + lines(400, 410))
        eventually(lambda: stored(server, "job") == (350, 330), timeout_s=30)
        with path.open("ab") as file:
            file.write(lines(410, 420))

        eventually(lambda: stored(server, "job") == (360, 340), timeout_s=30)


@pytest.mark.parametrize("who", ["server", "command"])
def test_a_file_is_known_by_more_as_it_grows(tmp_path: Path, who: str):
    """One that had a single line when it was opened is told from another, longer one that begins with it."""
    path = tmp_path / "grows.log"
    path.write_bytes(lines(0, 1))
    with followed_by(who, tmp_path, path) as server:
        eventually(lambda: stored(server, "grows") == (1, 1), timeout_s=30)
        with path.open("ab") as file:
            file.write(lines(1, 50))
        eventually(lambda: stored(server, "grows") == (50, 50), timeout_s=30)
        eventually(lambda: known_bytes(server, path) == min(HEAD_BYTES, len(lines(0, 50))), timeout_s=30)
    path.write_bytes(lines(0, 1) + lines(100, 300))
    with followed_by(who, tmp_path, path) as server:
        eventually(lambda: stored(server, "grows") == (251, 250), timeout_s=30)


def test_a_large_file_does_not_hold_up_the_others(tmp_path: Path):
    """Files have their turns by a few blocks each."""
    large = lines(0, 4000, beside="x" * 12_000)
    (tmp_path / "a-large.log").write_bytes(large)
    (tmp_path / "b-small.log").write_bytes(lines(0, 10))
    settings = {name: found.value for name, found in load({"home": tmp_path / "home"}).items()}

    with open_services(settings, "http://localhost", serves=False) as services:

        async def follow() -> int:
            async with Follower(services, [f"{tmp_path}/*.log"], source):
                known = services.offsets.log_files.get
                await asyncio.to_thread(eventually, lambda: (at := known(2)) and at.stored_to, timeout_s=30)
                return known(1).stored_to  # type: ignore[union-attr]

        read = asyncio.run(follow())

    assert 0 < read < len(large)


def test_what_was_written_before_a_rotation_while_nobody_looked_is_stored(tmp_path: Path):
    """The server goes on with the file that it knows, whatever it is called now, and with no other of its directory."""
    path = tmp_path / "app.log"
    path.write_bytes(lines(0, 50))
    with followed_by("server", tmp_path, path) as server:
        eventually(lambda: stored(server, "app") == (50, 50), timeout_s=30)
    with path.open("ab") as file:
        file.write(lines(50, 60))
    path.rename(tmp_path / "app.log.1")
    (tmp_path / "beside.log").write_bytes(lines(100, 110))
    path.write_bytes(lines(60, 70))

    with followed_by("server", tmp_path, path) as server:
        eventually(lambda: stored(server, "app") == (70, 70), timeout_s=30)
        with (tmp_path / "app.log.1").open("ab") as file:
            file.write(lines(70, 71))
        eventually(lambda: stored(server, "app") == (71, 71), timeout_s=30)


def test_a_renamed_file_ends_when_it_is_left_alone(tmp_path: Path):
    """Its writer may come back for a while; a deleted one ends at once, and of very many those that went first."""
    (tmp_path / "a.log").write_bytes(b"a line\n")
    with LogFile(tmp_path / "a.log") as file:
        named, patient, hasty = Watch(file), Watch(file), Watch(file, renamed_s=0)
        for watch, gone in [(named, False), (hasty, True), (patient, True)]:
            watch.look(gone=gone)
        assert [watch.ended for watch in (named, hasty, patient)] == [False, True, False]
        later = Watch(file)
        later.look(gone=True)
        end_oldest([later, patient, named], kept=1)
        assert [watch.ended for watch in (named, patient, later)] == [False, True, False]
        (tmp_path / "a.log").unlink()
        later.look(gone=True)

    assert later.ended


def test_the_command_goes_on_when_the_server_comes_back(tmp_path: Path):
    """A server that restarts is waited for, which is told once; files that come and go meanwhile end nothing."""
    path = tmp_path / "waits.log"
    path.write_bytes(lines(0, 10))
    with ServerProcess(tmp_path / "home") as server:
        running = following(server, tmp_path / "*.log")
        eventually(lambda: stored(server, "waits") == (10, 10), timeout_s=30)
        port = server.url.rpartition(":")[2].strip("/")
    with path.open("ab") as file:
        file.write(lines(10, 20))
    (tmp_path / "other.log").write_bytes(lines(0, 5))
    assert running.stderr is not None
    told = running.stderr.readline()
    with ServerProcess(tmp_path / "home", port=port) as server:
        eventually(lambda: (stored(server, "waits"), stored(server, "other")) == ((20, 20), (5, 5)), timeout_s=60)
        running.kill()

    assert "cannot be taken in now, it is tried again" in told
    assert running.communicate()[1].count("cannot be taken in now") <= 1
