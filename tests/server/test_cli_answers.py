"""Commands that ask: against a server that runs, and against the store where none does."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.server import ServerProcess, eventually

RECORD = """
import sys, sightline
sightline.configure(service=sys.argv[1])
with sightline.span("pay", order=7):
    sightline.get_logger("shop").warning("declined " + sys.argv[1], order=7, password="hunter2")
"""


def record(home: Path, service: str) -> None:
    """Let a process record one span and one log."""
    subprocess.run(
        [sys.executable, "-c", RECORD, service], check=True, timeout=60, env={**os.environ, "SIGHTLINE_HOME": str(home)}
    )


def sightline(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command on *home*."""
    return subprocess.run(
        [sys.executable, "-m", "sightline", *arguments, "--home", str(home)],
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip


def rows(done: subprocess.CompletedProcess[str]) -> list[dict]:
    """Read JSON lines."""
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_search_finds_what_was_recorded(server: ServerProcess):
    """A log is found by its word, with its fields; what is secret was taken out."""
    record(server.home, "cli-search")
    found = eventually(lambda: rows(sightline(server.home, "search", "service:cli-search declined", "--json")))

    assert found[0]["body"] == "declined cli-search"
    assert found[0]["attributes"]["order"] == "7"
    assert "hunter2" not in json.dumps(found)


def test_patterns_are_found_and_drawn(server: ServerProcess):
    """Logs that differ in a number are one pattern; without ``--json`` they stand in a table."""
    for _ in range(2):
        record(server.home, "cli-patterns 7")
    found = eventually(
        lambda: [row for row in rows(sightline(server.home, "patterns", "cli-patterns", "--json")) if row["count"] == 2]
    )
    shown = sightline(server.home, "patterns", "cli-patterns")

    assert found[0]["template"] == "declined cli-patterns <*>"
    assert shown.stdout.splitlines()[1].endswith("declined cli-patterns <*>")


def test_a_trace_is_found_and_shown(server: ServerProcess):
    """``search --traces`` gives the id with which ``trace`` shows spans and logs."""
    record(server.home, "cli-trace")
    found = eventually(lambda: rows(sightline(server.home, "search", "--traces", "service:cli-trace", "--json")))
    shown = sightline(server.home, "trace", found[0]["trace_id"])

    assert shown.returncode == 0
    assert "pay" in shown.stdout
    assert "declined cli-trace  order=7" in shown.stdout


def test_sql_answers_in_rows(server: ServerProcess):
    """Rows are objects by the names of the columns, and a table without ``--json``."""
    assert rows(sightline(server.home, "sql", "SELECT 1 AS one, 'a' AS letter", "--json")) == [
        {"one": 1, "letter": "a"}
    ]
    assert sightline(server.home, "sql", "SELECT 1 AS one").stdout == "one\n  1\n"


def test_sql_that_is_cut_off_says_so(server: ServerProcess):
    """With more rows than the limit, a note says how to have more."""
    done = sightline(server.home, "sql", "SELECT number FROM numbers(5)", "--limit", "2", "--json")

    assert len(rows(done)) == 2
    assert "Raise --limit" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sql", "SELECT nothing_like_that"], "nothing_like_that"),
        (["sql", "DROP TABLE otel_logs"], ""),
        (["search", "level:("], "is not closed.\n  level:(\n        ^\n"),
        (["search", "--since", "yesterday"], "'yesterday' is no time"),
        (["trace", "0" * 32], "No span of the trace"),
    ],
)
def test_a_question_that_is_refused_fails_with_the_reason(server: ServerProcess, arguments, said):
    """A refusal is one message on standard error and exit code 1, and nothing on standard output."""
    done = sightline(server.home, *arguments)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("sightline: ")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_tail_follows(server: ServerProcess):
    """A log that is written while tail runs is printed; Ctrl-C ends it without a complaint."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sightline", "tail", "service:cli-tail", "--json", "--home", str(server.home)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        record_until_seen = subprocess.Popen(
            [sys.executable, "-c", _CHATTER], env={**os.environ, "SIGHTLINE_HOME": str(server.home)}
        )
        line = process.stdout.readline()
        record_until_seen.terminate()
        record_until_seen.wait(30)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)

    assert json.loads(line)["body"] == "still here"
    assert (process.returncode, said) == (0, "")


_CHATTER = """
import time, sightline
sightline.configure(service="cli-tail")
while True:
    sightline.get_logger().info("still here")
    time.sleep(0.2)
"""


def test_the_doctor_finds_the_server(server: ServerProcess):
    """A server that runs is reported with its address; other tests may have given it lines to complain of."""
    done = sightline(server.home, "doctor", "--json")
    state, text = next((f["state"], f["found"]) for f in json.loads(done.stdout)["checks"] if f["check"] == "server")

    assert state in {"ok", "warn"}
    assert text.startswith(f"{server.url} answered")


def test_without_a_server_the_store_is_read(tmp_path):
    """What waits in the spool is stored and found, with a note that no server runs; asked again it is there once."""
    record(tmp_path, "cli-local")
    first = sightline(tmp_path, "search", "service:cli-local", "--json")
    again = sightline(tmp_path, "sql", "SELECT count() AS n FROM otel_logs WHERE ServiceName = 'cli-local'", "--json")

    assert [row["body"] for row in rows(first)] == ["declined cli-local"]
    assert first.stderr.startswith(f"No server runs on {tmp_path}")
    assert rows(again) == [{"n": 1}]


def test_without_anything_recorded_it_says_where_it_looked(tmp_path):
    """A home without spool and store is a clear failure, and no store is made there."""
    done = sightline(tmp_path, "search")

    assert done.returncode == 1
    assert f"Nothing was recorded in {tmp_path} yet." in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_tail_without_a_server_says_what_to_do(tmp_path):
    """Only a server can be followed: exit code 3, and the command that starts one."""
    done = sightline(tmp_path, "tail")

    assert done.returncode == 3
    assert "Start one: sightline serve" in done.stderr


def test_a_server_that_is_not_there_is_exit_code_3(tmp_path):
    """A named server that does not answer is said with its address."""
    done = sightline(tmp_path, "search", "--server", "http://127.0.0.1:9")

    assert done.returncode == 3
    assert "No server answers at http://127.0.0.1:9" in done.stderr
