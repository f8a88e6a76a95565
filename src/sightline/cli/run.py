"""``sightline run``: any Python program, instrumented without a change. Imports neither the server's half nor Typer."""

from __future__ import annotations

import inspect
import sys

_USAGE = "Usage: sightline run COMMAND [ARGUMENTS]…"


def run(command: list[str]) -> None:
    """
    Start any program, instrumented: sightline run uvicorn shop.web:app --port 8000.

    The program is not changed: its logs, requests, metrics and libraries are recorded as if it had called
    sightline.configure() and sightline.instrument(). Settings are taken from the environment, such as
    SIGHTLINE_SERVICE=shop. It works with the application's packages alone.
    """
    main(command)


def main(arguments: list[str]) -> None:
    """Read the arguments as ``sightline run`` has them, and become the program."""
    if arguments[:1] == ["--"]:
        arguments = arguments[1:]
    elif arguments and arguments[0] in {"--help", "-h"}:
        print(f"{_USAGE}\n\n{inspect.getdoc(run)}")
        return
    if not arguments or arguments[0].startswith("-"):
        print(f"sightline: {_USAGE}", file=sys.stderr)
        sys.exit(2)
    from sightline.sdk.bootstrap import run as start

    start(arguments)
