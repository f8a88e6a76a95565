"""``sightline config``: every setting, its value, and where the value came from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sightline.base.errors import SettingInvalid
from sightline.base.settings import SETTINGS, Setting, load
from sightline.cli import show
from sightline.cli.options import Json  # noqa: TC001 - Typer reads the annotations

if TYPE_CHECKING:
    from collections.abc import Mapping


def config(as_json: Json = False) -> None:
    """
    Show every setting with its value and where it came from.

    The exit code is 1 where a value is not allowed; secrets are hidden.
    """
    rows = [describe(setting, os.environ) for setting in SETTINGS]
    if as_json:
        show.json_lines(rows)
    else:
        show.table(
            ["setting", "value", "from", "variables"],
            [[row["name"], _text(row), row["source"], " ".join(row["variables"])] for row in rows],
        )
    if any("error" in row for row in rows):
        raise typer.Exit(1)


def describe(setting: Setting, environ: Mapping[str, str]) -> dict[str, Any]:
    """Find one setting by itself, so that a wrong value of another one does not hide it."""
    mine = {name: environ[name] for name in setting.variables if name in environ}
    row: dict[str, Any] = {"name": setting.name, "value": None, "source": "default"}
    try:
        found = load(environ=mine)[setting.name]
    except SettingInvalid as error:
        row |= {"source": next(iter(mine)), "error": str(error)}
    else:
        row |= {"value": _shown(setting, found.value), "source": found.source}
    return {**row, "variables": list(setting.variables), "half": setting.half, "description": setting.sentence}


def _shown(setting: Setting, value: Any) -> Any:
    if setting.secret and value:
        return "***"
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _text(row: dict[str, Any]) -> str:
    if "error" in row:
        return f"wrong: {row['error']}"
    value = row["value"]
    return ",".join(value) if isinstance(value, list) else str(value)
