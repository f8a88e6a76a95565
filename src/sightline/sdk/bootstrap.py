"""``sightline run``: starts any program so that each Python interpreter in it records, without changing it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from sightline.base.errors import SightlineError
from sightline.model.resource import SERVICE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STARTUP_DIRECTORY: Final = Path(__file__).parent.parent / "integrations" / "startup"
"""Holds nothing but a ``sitecustomize.py``, which Python imports at its start where it finds it on the path."""

MARK: Final = "SIGHTLINE_RUN"
"""Environment variable that says to the interpreters below that they were started by ``sightline run``."""

_TARGET: Final = re.compile(r"(?P<package>[A-Za-z_]\w*)[\w.]*:[A-Za-z_].*")
"""An application as uvicorn, gunicorn and their like are given it: ``package.module:name``."""

_SERVERS: Final = frozenset({"uvicorn", "gunicorn", "hypercorn", "granian", "daphne", "waitress-serve", "uwsgi"})


def run(arguments: Sequence[str]) -> NoReturn:
    """
    Become the program that *arguments* name, instrumented.

    A Python file is run by this interpreter. Other commands are looked for beside it first, then on ``PATH``.

    Raises:
        SightlineError: if the command is not found or cannot be started.
    """
    command = [*arguments]
    if command[0].endswith(".py") and Path(command[0]).is_file():
        command.insert(0, sys.executable)
    beside = str(Path(sys.executable).parent)
    program = shutil.which(command[0], path=os.pathsep.join((beside, os.environ.get("PATH", os.defpath))))
    if program is None:
        raise SightlineError(
            f"The command {command[0]!r} was not found, neither beside {sys.executable} nor on PATH. "
            "Install it, or give its path."
        )
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        # The whole path as its own name too: by it Python finds the environment that it belongs to.
        os.execve(program, [program, *command[1:]], environment(os.environ, arguments))  # noqa: S606 - as asked for
    except OSError as error:
        raise SightlineError(f"The command {program!r} cannot be started: {error.strerror}.") from None


def environment(given: Mapping[str, str], arguments: Sequence[str]) -> dict[str, str]:
    """Give the environment of a program that is to be instrumented."""
    path = [str(STARTUP_DIRECTORY), *filter(None, given.get("PYTHONPATH", "").split(os.pathsep))]
    added = {"PYTHONPATH": os.pathsep.join(dict.fromkeys(path)), MARK: "1"}
    named = given.get("SIGHTLINE_SERVICE") or given.get("OTEL_SERVICE_NAME")
    if not named and f"{SERVICE}=" not in given.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        # Told here, because workers that a server starts no longer know what they were started for.
        added["SIGHTLINE_SERVICE"] = service_name(arguments)
    return {**given, **added}


def service_name(arguments: Sequence[str]) -> str:
    """Name the service after what runs: the application's package, the module or the script."""
    words = [*arguments]
    program = Path(words[0]).name
    if re.fullmatch(r"python[\d.]*", program) and len(words) > 1:
        if "-m" in words and words.index("-m") + 1 < len(words):
            words = words[words.index("-m") + 1 :]
            program = words[0]
        else:
            script = next((word for word in words[1:] if not word.startswith("-")), program)
            words, program = [script], Path(script).name
    if program in _SERVERS or program == "flask":
        for word in words[1:]:
            match = _TARGET.fullmatch(word)
            if match is not None:
                return match["package"]
    return program.removesuffix(".py") or "python"
