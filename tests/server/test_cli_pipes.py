"""Output that is closed before its end, as by ``| head -1``: the command ends without a word, with 141."""

import subprocess
import sys

import pytest
from tests.support.server import ServerProcess

ENDLESS = "SELECT number, repeat('x', 100) AS text FROM numbers(100000)"


def closed(*arguments: str, lines: int = 0) -> tuple[int, str]:
    """Run a command whose output is closed after so many lines; give its exit code and what it said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sightline", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(lines):
            process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    return process.returncode, said


SHORT = [("--help",), ("--version",), ("search", "--help"), ("run", "--help"), ("config",), ("config", "--json")]


@pytest.mark.parametrize("arguments", SHORT)
def test_a_short_output_that_nobody_reads_ends_quietly(arguments):
    """What fits into a buffer is written at the end, and is as quiet there."""
    assert closed(*arguments) == (141, "")


@pytest.mark.parametrize("more", [(), ("--json",), ("--format", "csv")])
def test_a_long_output_that_is_read_in_part_ends_quietly(server: ServerProcess, more):
    """The first line is had, and the rest is not told to be missing."""
    arguments = ("sql", ENDLESS, "--limit", "10000", "--home", str(server.home), *more)

    code, said = closed(*arguments, lines=1)

    assert code == 141
    assert [line for line in said.splitlines() if "rows are shown" not in line] == []


def test_a_server_whose_announcement_nobody_reads_ends_quietly(tmp_path):
    """It lets go of its home as at any other end."""
    home = str(tmp_path / "home")

    assert closed("serve", "--port", "0", "--home", home) == (141, "")
