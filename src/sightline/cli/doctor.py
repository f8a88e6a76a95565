"""``sightline doctor``: looks at everything that recording needs, and says what to do where it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import typer

from sightline.cli import show
from sightline.cli.options import Home, Json, Server  # noqa: TC001 - Typer reads the annotations

if TYPE_CHECKING:
    from sightline.cli.checks.finding import Finding

_STYLES: Final = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(server: Server = None, home: Home = None, as_json: Json = False) -> None:
    """
    Check settings, spool, processes, server and disk, and say what to do.

    The exit code is 1 where a check failed; warnings do not count.
    """
    from sightline.cli.answers import find_home
    from sightline.cli.checks import disk, processes, reach, spool, versions

    directory = find_home(home)
    findings = [
        *versions.check(),
        *disk.check(directory),
        *spool.check(directory),
        *processes.check(directory),
        *reach.check(server, directory),
    ]
    failed = any(finding.state == "fail" for finding in findings)
    if as_json:
        worst = "fail" if failed else "warn" if any(finding.state == "warn" for finding in findings) else "ok"
        show.json_object({"status": worst, "home": str(directory), "checks": findings})
    else:
        for finding in findings:
            _print(finding)
    if failed:
        raise typer.Exit(1)


def _print(finding: Finding) -> None:
    state, text = f"{finding.state:<4}", f"{finding.check}: {show.clean(finding.found)}"
    if show.is_terminal():
        from rich.console import Console
        from rich.text import Text

        Console(soft_wrap=True).print(Text.assemble((state, _STYLES[finding.state]), "  ", text))
    else:
        print(f"{state}  {text}")
    if finding.advice:
        print(f"      → {finding.advice}")
