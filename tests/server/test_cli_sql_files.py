"""``sightline sql`` that writes files."""

import csv
import os
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.support.server import ServerProcess

STATEMENT = "SELECT number, concat('a\n', toString(number)) AS text FROM numbers(20000)"


def sql(home: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command on *home*."""
    command = [sys.executable, "-m", "sightline", "sql", "--home", str(home), *arguments]
    return subprocess.run(command, capture_output=True, timeout=90, check=False)


def read(path: Path) -> list[dict[str, object]]:
    """Read a file by its ending."""
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            return [{"number": int(row["number"]), "text": row["text"]} for row in csv.DictReader(file)]
    table = parquet.read_table(path) if path.suffix == ".parquet" else pa.ipc.open_stream(path.read_bytes()).read_all()
    return table.to_pylist()


@pytest.mark.parametrize("form", ["csv", "arrow", "parquet"])
def test_a_file_has_all_rows(server: ServerProcess, tmp_path, form):
    """A file is whole, and nothing else is left beside it."""
    file = tmp_path / f"answer.{form}"
    done = sql(server.home, STATEMENT, "--format", form, "--output", str(file))

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert read(file) == [{"number": number, "text": f"a\n{number}"} for number in range(20000)]
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("form", ["csv", "arrow"])
def test_a_file_that_is_cut_is_said_to_be(server: ServerProcess, tmp_path, form):
    """What goes over the limit is said on standard error, with what to do."""
    file = tmp_path / f"answer.{form}"
    done = sql(server.home, STATEMENT, "-f", form, "-o", str(file), "-n", "9000")

    assert len(read(file)) == 9000
    assert b"Raise --limit." in done.stderr


def test_an_answer_can_be_piped(server: ServerProcess, tmp_path):
    """Without a file the bytes go to standard output."""
    file = tmp_path / "answer.parquet"
    file.write_bytes(sql(server.home, STATEMENT, "--format", "parquet").stdout)

    assert len(read(file)) == 20000


def test_no_file_is_left_of_an_answer_that_failed(server: ServerProcess, tmp_path):
    """A statement that fails on its way, and a file that cannot be written, leave nothing and are said."""
    late = "SELECT intDiv(1, 900000 - number) AS a, hex(randomString(20)) FROM numbers(1000000)"
    failed = sql(server.home, late, "-f", "csv", "-o", str(tmp_path / "answer.csv"))
    nowhere = sql(server.home, "SELECT 1", "-f", "csv", "-o", str(tmp_path / "no" / "answer.csv"))

    assert (failed.returncode, nowhere.returncode) == (1, 1)
    assert b"The answer broke off before it was whole" in failed.stderr
    assert b"answer.csv cannot be written: No such file or directory." in nowhere.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_pipe_is_written_and_stays_one(server: ServerProcess, tmp_path, form):
    """What is there and is no file, such as a pipe or a device, is written to and not replaced."""
    pipe, file = tmp_path / "pipe", tmp_path / f"answer.{form}"
    os.mkfifo(pipe)
    held = os.open(pipe, os.O_RDWR)  # so that the reader ends, also where nobody writes
    reader = threading.Thread(target=lambda: file.write_bytes(pipe.read_bytes()))
    reader.start()
    done = sql(server.home, STATEMENT, "-f", form, "-o", str(pipe))
    os.close(held)
    reader.join(30)

    assert (done.returncode, done.stderr, pipe.is_fifo()) == (0, b"", True)
    assert len(read(file)) == 20000


def test_a_link_stays_one_and_nothing_of_the_user_is_lost(server: ServerProcess, tmp_path):
    """A link's target gets the rows and keeps its mode; a file that is called as a part is not touched."""
    (tmp_path / "far").mkdir()
    target, link, part = tmp_path / "far" / "answer.csv", tmp_path / "answer.csv", tmp_path / "answer.csv.part"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    part.write_text("mine")
    done = sql(server.home, STATEMENT, "-f", "csv", "-o", str(link))

    assert (done.returncode, link.is_symlink(), part.read_text()) == (0, True, "mine")
    assert (len(read(target)), target.stat().st_mode & 0o777) == (20000, 0o640)
    assert sorted(path.name for path in tmp_path.rglob("answer*")) == ["answer.csv", "answer.csv", "answer.csv.part"]


def test_the_store_is_read_without_a_server(tmp_path):
    """Where no server runs, files are written from the store itself."""
    (tmp_path / "home" / "spool").mkdir(parents=True)
    file = tmp_path / "answer.csv"
    done = sql(tmp_path / "home", STATEMENT, "-f", "csv", "-o", str(file))

    assert done.returncode == 0, done.stderr
    assert len(read(file)) == 20000


def test_a_table_is_no_file(server: ServerProcess, tmp_path):
    """A file needs a form of its own."""
    done = sql(server.home, "SELECT 1", "--output", str(tmp_path / "answer"))

    assert done.returncode == 2
    assert b"--format csv, json, arrow or parquet" in done.stderr
