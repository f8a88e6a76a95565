"""Options that several commands share, so that they are spelled and explained the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON: one object, or one a line for lists.")]

Server = Annotated[
    str | None,
    typer.Option(
        "--server",
        envvar="SIGHTLINE_SERVER",
        help="Address of the server. Default: the one that runs on the home directory.",
    ),
]

Home = Annotated[
    Path | None,
    typer.Option("--home", help="Directory of the spool and the store. Default: SIGHTLINE_HOME, see sightline config."),
]

Since = Annotated[
    str,
    typer.Option("--since", help="Begin here: 15m, 2h, 7d ago, Unix seconds, or RFC 3339 (2026-11-20T19:00:00Z)."),
]

Until = Annotated[str, typer.Option("--until", help="End here, as --since. Default: now.")]


def as_time(text: str) -> str:
    """Let people write ``15m`` for ``-15m``; everything else is the server's to read."""
    return f"-{text}" if text[-1:] in {"s", "m", "h", "d", "w"} and text[:-1].isdigit() else text
