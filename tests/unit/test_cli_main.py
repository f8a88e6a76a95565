"""The command line as a whole: help, mistakes, exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from sightline import __version__
from sightline.cli.main import COMMANDS, make_app


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


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("errors", "--status", "odd"), "'odd' is not one of 'all', 'open', 'unresolved', 'resolved', 'ignored'"),
        (("errors", "--sort", "odd"), "'odd' is not one of 'last_seen', 'first_seen', 'count', 'users'"),
        (("trace", "abc"), "A trace's id has 32 hexadecimal digits, as searches print it; found 'abc'."),
        (("ingest", "--format", "xml", "a.log"), "There is no format 'xml'; expected one of json, access"),
        (("search", "--limit", "100001"), "Input should be less than or equal to 100000"),
        (("store", "delete"), "Name whose records are deleted: --user or --trace, one of the two."),
        (("store", "delete", "--user", "u", "--trace", "t"), "--user or --trace, one of the two."),
    ],
)
def test_a_wrong_argument_is_wrong_use(tmp_path, arguments, told):
    """It ends with exit code 2 and what would be right, before a server is asked or a store is opened."""
    done = sightline(*arguments, SIGHTLINE_HOME=str(tmp_path))

    assert done.returncode == 2, done.stderr
    assert told in " ".join(done.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_a_directory_is_no_log_file(tmp_path):
    """The message says how its files are named."""
    done = sightline("ingest", str(tmp_path), SIGHTLINE_HOME=str(tmp_path / "home"))

    assert done.returncode == 1
    assert done.stderr == f"sightline: {tmp_path} is a directory. Name its files, such as '{tmp_path}/*.log'.\n"


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


ASKED = {
    "bash": {"COMP_WORDS": "sightline se", "COMP_CWORD": "1"},
    "zsh": {"_TYPER_COMPLETE_ARGS": "sightline se"},
    "fish": {"_TYPER_COMPLETE_ARGS": "sightline se", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
}


@pytest.mark.parametrize("shell", ASKED)
def test_completion_is_made_for_each_shell(shell):
    """The script for a shell asks the command, which answers with the names of commands."""
    script = sightline("completion", shell).stdout
    answered = sightline(_SIGHTLINE_COMPLETE=f"complete_{shell}", **ASKED[shell]).stdout

    assert f"_SIGHTLINE_COMPLETE=complete_{shell}" in script
    assert all(name in answered for name in ("serve", "search"))


def test_bash_completes_commands_and_options(tmp_path):
    """A real bash that sourced the script completes what was begun."""
    program = Path(sys.executable).parent / "sightline"
    (tmp_path / "script").write_text(sightline("completion", "bash").stdout)
    asked = "COMP_WORDS=(sightline sql --for); COMP_CWORD=2"
    typed = f'source {tmp_path}/script; {asked}; _sightline_completion {program}; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", typed], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.split() == ["--format"]


PRINTS_OTHERWISE = {"run", "mcp", "completion"}
"""Commands that print what another program, a protocol or a shell reads."""


def test_options_are_the_same_everywhere():
    """What prints has --json; who asks has --server and --home; the end of a time has the form of its begin."""
    group = typer.main.get_command(make_app())
    context = group.make_context("sightline", ["--version"], resilient_parsing=True)
    for name in COMMANDS:
        options = {option for param in group.get_command(context, name).params for option in param.opts}

        assert "--json" in options or name in PRINTS_OTHERWISE, name
        assert ("--server" in options) <= ("--home" in options), name
        assert ("--since" in options) == ("--until" in options), name
        assert ("--limit" in options) == ("-n" in options), name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name):
    """Each argument and option has a sentence, and the help says what the command is for."""
    group = typer.main.get_command(make_app())
    context = group.make_context("sightline", ["--version"], resilient_parsing=True)
    command = group.get_command(context, name)

    assert command.help.strip()
    shown = [param for param in command.params if not getattr(param, "hidden", False)]
    assert name == "run" or all(param.help for param in shown)
