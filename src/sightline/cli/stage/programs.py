"""The demo's programs: a server, the shop, its payments, customers and a probe, each in a process of its own."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from sightline.base.errors import PackageMissing, SightlineError
from sightline.base.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STOP_S: Final = 20.0
"""Seconds that a program gets to end after SIGTERM; then it is killed, and the demo fails."""

NEEDED: Final = (
    "fastapi",
    "greenlet",
    "opentelemetry.instrumentation.httpx",
    "opentelemetry.instrumentation.sqlalchemy",
    "sqlalchemy",
)
"""What the shop and its instrumentations import."""


class ProgramEnded(SightlineError):
    """A program of the demo ended before it should; the message has the end of what it printed."""


def find_examples(needed: Sequence[str] = NEEDED) -> Path:
    """
    Find the directory of the examples: in the clone, or in the installed package.

    Raises:
        PackageMissing: if one of the modules that are *needed* is not installed.
    """
    missing = [module for module in needed if not _is_installed(module)]
    if missing:
        raise PackageMissing(f'The demo\'s shop needs {", ".join(missing)}: pip install "sightline[demo]"')
    package = Path(__file__).parents[2]
    for directory in (package / "examples", package.parents[1] / "examples"):
        if (directory / "shop").is_dir():
            return directory
    raise PackageMissing(
        "The demo's shop is not part of this installation. Run make demo in a clone of the repository."
    )


def _is_installed(module: str) -> bool:
    with contextlib.suppress(ModuleNotFoundError):
        return importlib.util.find_spec(module) is not None
    return False


def free_port(preferred: int) -> int:
    """Choose a port of loopback: *preferred* where nothing listens there, else one that is free."""
    for port in (preferred, 0):
        with socket.socket() as trial, contextlib.suppress(OSError):
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(("127.0.0.1", port))
            return int(trial.getsockname()[1])
    raise SightlineError("No port of 127.0.0.1 is free.")


class Program:
    """One program that runs, with what it prints in a file."""

    def __init__(self, name: str, arguments: list[str], directory: Path, environ: dict[str, str]) -> None:
        """
        Start it, away from the terminal's Ctrl-C: the demo stops its programs in their order.

        Args:
            name: for people, and of the file that has its output.
            arguments: for this Python.
            directory: where it runs.
            environ: added to the environment, in which no setting of Sightline is left.
        """
        self.name = name
        self.output = directory / f"{name}.log"
        settings = {variable for setting in SETTINGS for variable in setting.variables}
        inherited = {key: value for key, value in os.environ.items() if key not in settings}
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs, with our own interpreter
                [sys.executable, *arguments],
                cwd=directory, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env={**inherited, **environ}, start_new_session=True,
            )  # fmt: skip

    def check(self) -> None:
        """
        Make sure that it runs.

        Raises:
            ProgramEnded: if it does not.
        """
        code = self._process.poll()
        if code is not None:
            said = self.output.read_text(errors="replace")[-2000:].strip()
            raise ProgramEnded(f"The demo's {self.name} ended with code {code}. It said:\n{said}")

    def stop(self) -> None:
        """
        Ask it to end, and wait until it has.

        Raises:
            ProgramEnded: if it had to be killed.
        """
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise ProgramEnded(f"The demo's {self.name} did not end within {STOP_S:g} s and was killed.") from None


class Programs:
    """All programs of the demo; on the way out, those that still run are stopped, the last one first."""

    def __init__(self) -> None:
        self._running: list[Program] = []

    def start(self, name: str, arguments: list[str], directory: Path, environ: dict[str, str]) -> Program:
        """Start one more."""
        program = Program(name, arguments, directory, environ)
        self._running.append(program)
        return program

    def __iter__(self) -> Iterator[Program]:
        return iter(self._running)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for program in reversed(self._running):
            with contextlib.suppress(ProgramEnded):
                program.stop()
