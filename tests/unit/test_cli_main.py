"""The command line as a whole: help, mistakes, exit codes."""

import subprocess
import sys

import pytest

from sightline import __version__
from sightline.cli.main import COMMANDS


def sightline(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    import os

    return subprocess.run(
        [sys.executable, "-m", "sightline", *arguments],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **environ},
    )  # fmt: skip


def test_help_names_every_command_and_the_exit_codes():
    """The help lists all commands, and says what the exit codes mean."""
    done = sightline("--help")

    assert done.returncode == 0
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)
    assert "3 no server answers" in " ".join(done.stdout.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name):
    """Each command has a help page with a sentence of its own."""
    done = sightline(name, "--help")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: ")
    assert len(done.stdout.strip().splitlines()) > 2


def test_the_version_is_printed():
    """``--version`` prints the version and nothing else."""
    assert sightline("--version").stdout == f"{__version__}\n"


def test_a_command_that_is_not_there_is_wrong_use():
    """An unknown command ends with exit code 2 and names the help."""
    done = sightline("serach")

    assert done.returncode == 2
    assert "No such command 'serach'" in done.stderr


def test_a_wrong_setting_is_wrong_use():
    """A setting that is not allowed ends with exit code 2, its name and its value."""
    done = sightline("serve", SIGHTLINE_PORT="many")

    assert done.returncode == 2
    assert done.stderr == "sightline: port (from SIGHTLINE_PORT) is 'many'; expected a whole number.\n"


def test_run_without_a_command_is_wrong_use():
    """``sightline run`` alone says how it is used."""
    done = sightline("run")

    assert done.returncode == 2
    assert done.stderr == "sightline: Usage: sightline run COMMAND [ARGUMENTS]…\n"


def test_run_and_help_import_nothing_of_the_server():
    """``sightline run`` works with the application's packages alone: neither Typer nor the engine is imported."""
    code = (
        "import sys; from sightline.cli import main; sys.argv = ['sightline', 'run', '--help']\n"
        "try: main.main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'typer', 'chdb', 'fastapi', 'pyarrow', 'httpx', 'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_help_does_not_import_the_server():
    """The help appears at once: the engine and the web framework are imported by the commands that need them."""
    code = (
        "import sys; from sightline.cli import main; sys.argv = ['sightline', '--help']\n"
        "try: main.main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'chdb', 'fastapi', 'pyarrow', 'httpx', 'sqlalchemy', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_completion_is_made_for_a_shell():
    """The script for bash completes the names of commands."""
    done = sightline(_SIGHTLINE_COMPLETE="complete_bash", COMP_WORDS="sightline se", COMP_CWORD="1")

    assert {"serve", "search"} <= set(done.stdout.split())
