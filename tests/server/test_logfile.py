"""Log files into a real server: by the command, by Python, and followed by the server itself."""

import gzip
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from backports import zstd
from tests.support.server import ServerProcess, eventually

from sightline.analysis import LogAggregator, LogSearchQuery
from sightline.cli.log_files import find


def lines(count: int, first: int = 0, name: str = "shop") -> bytes:
    """Write JSON lines of the last minutes, each with a number of its own."""
    now = datetime.now(UTC) - timedelta(minutes=5)
    return b"".join(
        json.dumps(
            {"timestamp": now.isoformat(), "level": "INFO", "logger": name, "message": f"line {number}"}
        ).encode()
        + b"\n"
        for number in range(first, first + count)
    )


def command(*arguments: str | Path, home: Path) -> list[str]:
    """Give the command line of an ingest."""
    return [sys.executable, "-m", "sightline", "ingest", "--json", "--home", str(home), *map(str, arguments)]


def ingest(*arguments: str | Path, home: Path, code: int = 0, **more):
    """Run the command and give its summary."""
    done = subprocess.run(command(*arguments, home=home), capture_output=True, timeout=60, check=False, **more)
    assert done.returncode == code, done.stderr.decode()
    return json.loads(done.stdout) if done.stdout else done.stderr.decode()


def counted(server: ServerProcess, service: str) -> tuple[int, int]:
    """Count the records of a service, and the different messages among them."""
    query = f"SELECT count(), uniqExact(Body) FROM otel_logs WHERE ServiceName = '{service}'"
    every, distinct = server.http.post("/api/v1/sql", json={"query": query}).json()["rows"][0]
    return every, distinct


def test_a_file_is_stored_once(server, tmp_path):
    """A file that is given again brings only what is new; renamed and compressed it is still the same."""
    path = tmp_path / "once.log"
    path.write_bytes(lines(500))

    first = ingest(path, "--service", "file-once", home=server.home)
    again = ingest(path, "--service", "file-once", home=server.home)
    with path.open("ab") as file:
        file.write(lines(10, 500))
    more = ingest(path, "--service", "file-once", home=server.home)
    packed = tmp_path / "once.log.1.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    compressed = ingest(packed, "--service", "file-once", home=server.home)

    assert [found["records"] for found in (first, again, more, compressed)] == [500, 0, 10, 0]
    assert counted(server, "file-once") == (510, 510)


@pytest.mark.parametrize(("suffix", "compress"), [("gz", gzip.compress), ("zst", zstd.compress)])
def test_compressed_files_are_read(server, tmp_path, suffix, compress):
    """Gzip and zstd are told by their first bytes."""
    path = tmp_path / f"packed-{suffix}.log.{suffix}"
    path.write_bytes(compress(lines(300, name=suffix)))

    found = ingest(path, home=server.home)

    assert (found["records"], found["files"][0]["format"]) == (300, "json")
    assert counted(server, f"packed-{suffix}") == (300, 300)


def test_a_broken_archive_is_told(server, tmp_path):
    """What can be read of an archive that is cut is stored, and the exit code says that something is wrong."""
    path = tmp_path / "cut.log.gz"
    path.write_bytes(gzip.compress(lines(20_000))[:-20_000])

    done = subprocess.run(command(path, home=server.home), capture_output=True, timeout=60, check=False)

    assert (done.returncode, b"Not all could be taken in" in done.stderr) == (1, True)
    assert json.loads(done.stdout)["files"][0]["trouble"]
    assert counted(server, "cut")[0] > 100


def test_a_part_of_an_archive_is_not_taken_in_beside_what_it_is_made_of(server, tmp_path):
    """While it is compressed, a file's lines are stored from the file; the archive is named with what to do."""
    path, packed = tmp_path / "beside.log", tmp_path / "beside.log.gz"
    path.write_bytes(lines(20_000))
    packed.write_bytes(gzip.compress(path.read_bytes())[:-20_000])
    ingest(path, home=server.home)

    done = subprocess.run(command(packed, home=server.home), capture_output=True, timeout=60, check=False)

    assert "Take it in when it is whole." in json.loads(done.stdout)["files"][0]["trouble"]
    assert (done.returncode, counted(server, "beside")) == (1, (20_000, 20_000))


def test_standard_input_is_taken(server):
    """A dash reads a pipe."""
    found = ingest("-", "--service", "piped", home=server.home, input=lines(50))

    assert found["records"] == 50
    assert counted(server, "piped") == (50, 50)


def test_a_missing_file_and_a_wrong_format_are_told(server, tmp_path):
    """The message says what was expected."""
    assert "There is no file" in ingest(tmp_path / "none.log", home=server.home, code=1)
    assert "expected one of json" in ingest(tmp_path, "--format", "xml", home=server.home, code=2)


def test_without_a_server_the_store_is_opened(tmp_path):
    """A file goes into the store of a directory on which nothing runs, and is found there."""
    path = tmp_path / "alone.log"
    path.write_bytes(lines(100))

    first = ingest(path, home=tmp_path / "home")
    again = ingest(path, home=tmp_path / "home")

    assert (first["records"], again["records"]) == (100, 0)


def test_killed_while_it_takes_in(tmp_path):
    """After SIGKILL of the server and of the command, the same command again leaves every line once."""
    path = tmp_path / "killed.log"
    path.write_bytes(lines(150_000))
    home = tmp_path / "home"
    with ServerProcess(home) as server:
        running = subprocess.Popen(command(path, home=home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: counted(server, "killed")[0], timeout_s=60)
        server.kill()
        running.kill()
        running.wait(30)

    with ServerProcess(home) as server:
        ingest(path, home=home)

        assert counted(server, "killed") == (150_000, 150_000)


def test_following_by_the_command(server, tmp_path):
    """A file that grows and is rotated is followed; after SIGKILL the next run goes on where it ended."""
    path = tmp_path / "grows.log"
    path.write_bytes(lines(10))
    arguments = command("--follow", "--service", "grows", tmp_path / "grows.log*", home=server.home)
    running = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    eventually(lambda: counted(server, "grows") == (10, 10), timeout_s=60)
    path.rename(tmp_path / "grows.log.1")
    path.write_bytes(lines(10, 10))
    eventually(lambda: counted(server, "grows") == (20, 20))
    running.kill()
    running.wait(30)
    with path.open("ab") as file:
        file.write(lines(5, 20))

    ingest("--service", "grows", tmp_path / "grows.log*", home=server.home)

    assert counted(server, "grows") == (25, 25)


def test_an_archive_that_is_being_written_is_followed_by_the_command_when_it_is_done(server, tmp_path):
    """A file that is compressed while it is followed is stored once: an archive is read when it has settled."""
    content = lines(20_000)
    original, packed, archive = tmp_path / "packing.log", tmp_path / "packing.log.gz", gzip.compress(content)
    original.write_bytes(content)
    arguments = command("--follow", "--service", "packing", tmp_path / "*.log*", home=server.home)
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL) as running:
        eventually(lambda: counted(server, "packing") == (20_000, 20_000), timeout_s=60)
        packed.write_bytes(archive[: len(archive) // 2])
        (tmp_path / "settled.log.gz").write_bytes(gzip.compress(lines(5, 20_000)))  # read when the part was looked at
        eventually(lambda: counted(server, "packing")[1] >= 20_005)
        with packed.open("ab") as file:
            file.write(archive[len(archive) // 2 :] + gzip.compress(lines(10, 20_005)))
        original.unlink()
        eventually(lambda: counted(server, "packing")[1] >= 20_015)
        running.kill()

    assert counted(server, "packing") == (20_015, 20_015)


def test_followed_by_the_server(tmp_path):
    """Renamed, truncated, compressed and new files, and a server that is killed: every line is there once."""
    logs = tmp_path / "logs"
    logs.mkdir()
    path = logs / "web.log"
    settings = {"SIGHTLINE_LOG_FILES": f"{logs}/web.log*"}
    with ServerProcess(tmp_path / "home", environment=settings) as server:
        path.write_bytes(lines(1000))
        eventually(lambda: counted(server, "web") == (1000, 1000), timeout_s=30)
        path.rename(logs / "web.log.1")
        path.write_bytes(lines(1000, 1000))
        eventually(lambda: counted(server, "web") == (2000, 2000), timeout_s=30)
        (logs / "web.log.2.gz").write_bytes(gzip.compress((logs / "web.log.1").read_bytes()))
        (logs / "web.log.1").unlink()
        path.write_bytes(lines(10, 2000))  # as copytruncate does
        eventually(lambda: counted(server, "web") == (2010, 2010), timeout_s=30)
        server.kill()
    with path.open("ab") as file:
        file.write(lines(10, 2010))
    with ServerProcess(tmp_path / "home", environment=settings) as server:
        eventually(lambda: counted(server, "web") == (2020, 2020), timeout_s=30)
        path.unlink()
        (logs / "web.log.9").write_bytes(lines(7, 2020))

        eventually(lambda: counted(server, "web") == (2027, 2027), timeout_s=30)


def test_a_followed_file_that_is_compressed_is_stored_once(tmp_path):
    """A part of an archive is not read while the file that it is made of is there, also where it does not grow."""
    logs, content = tmp_path / "logs", lines(20_000)
    logs.mkdir()
    original, packed, archive = logs / "app.log", logs / "app.log.gz", gzip.compress(content)
    with ServerProcess(tmp_path / "home", environment={"SIGHTLINE_LOG_FILES": f"{logs}/*"}) as server:
        original.write_bytes(content)
        eventually(lambda: counted(server, "app") == (20_000, 20_000), timeout_s=30)
        packed.write_bytes(archive[: len(archive) // 2])
        (logs / "later.log.gz").write_bytes(gzip.compress(lines(5)))  # read when the part has been looked at
        eventually(lambda: counted(server, "later") == (5, 5), timeout_s=30)
        with packed.open("ab") as file:
            file.write(archive[len(archive) // 2 :] + gzip.compress(lines(10, 20_000)))
        original.unlink()

        eventually(lambda: counted(server, "app")[1] >= 20_010, timeout_s=30)
        assert counted(server, "app") == (20_010, 20_010)


def test_an_archive_that_still_comes_is_taken_in_whole_lines(tmp_path):
    """What is copied slowly to a followed directory is stored as far as it is there, and goes on from there."""
    logs, archive = tmp_path / "logs", gzip.compress(lines(20_000))
    logs.mkdir()
    with ServerProcess(tmp_path / "home", environment={"SIGHTLINE_LOG_FILES": f"{logs}/*"}) as server:
        (logs / "copied.log.gz").write_bytes(archive[:-20_000])
        eventually(lambda: counted(server, "copied")[0] > 100, timeout_s=30)
        with (logs / "copied.log.gz").open("ab") as file:
            file.write(archive[-20_000:])

        eventually(lambda: counted(server, "copied")[1] >= 20_000, timeout_s=30)
        assert counted(server, "copied") == (20_000, 20_000)


def test_a_file_that_cannot_be_followed_holds_up_no_other(tmp_path):
    """What is not foreseen with one file, such as a name that is no text, is told, and the next file is followed."""
    logs = tmp_path / "logs"
    logs.mkdir()
    Path(os.fsdecode(os.fsencode(logs) + b"/a\xff.log")).write_bytes(lines(10))
    with ServerProcess(tmp_path / "home", environment={"SIGHTLINE_LOG_FILES": f"{logs}/*"}) as server:
        (logs / "behind.log").write_bytes(lines(10))

        eventually(lambda: counted(server, "behind") == (10, 10), timeout_s=30)
        assert "it is tried again in 5 s" in server.log()


def test_python_takes_in_and_searches(server, tmp_path):
    """A file is taken in and found by every part of a query, page by page."""
    path = tmp_path / "bot.log"
    now = datetime.now(UTC) - timedelta(minutes=1)
    text = "".join(
        f"{now:%Y-%m-%dT%H:%M:%S}.{number:03}Z [{'ERROR' if number % 5 == 0 else 'INFO'}] [commands] [run] "
        f"Command {number} done, request_id=r{number}, user_id=u{number % 3}, duration_ms={number * 1000}\n"
        for number in range(20)
    )
    path.write_text(text)
    with LogAggregator(server.url) as logs:
        taken = logs.ingest_log_file(path)
        errors = logs.search(LogSearchQuery(level="ERROR", logger="commands", service="bot"))
        matching = logs.search(LogSearchQuery(message_pattern=r"Command 1\d done", fields={"user_id": "u1"}))
        second = logs.search(LogSearchQuery(service="bot", page=2, page_size=15))
        one = logs.search(LogSearchQuery(request_id="r7", start_time=now - timedelta(hours=1)))
        statistics = logs.get_log_statistics(1, query="service:bot")
        slow = logs.slow_requests(18_000, 1)
        patterns = logs.error_patterns(1)

    assert (taken.records, taken.format) == (20, "bracketed")
    assert [len(found) for found in (errors, matching, second, one)] == [4, 4, 5, 1]
    assert (statistics["total"], statistics["errors"], statistics["error_rate"]) == (20, 4, 0.2)
    assert [found["request_id"] for found in slow] == ["r19", "r18"]
    assert "Command <n> done" in [found["pattern"] for found in patterns]


def test_files_are_found_by_patterns(tmp_path):
    """A pattern gives its files in order, and one that two patterns match once."""
    for name in ("b.log", "a.log"):
        (tmp_path / name).touch()

    found = find([f"{tmp_path}/*.log", str(tmp_path / "a.log")])

    assert [path.name for path in found] == ["a.log", "b.log"]
