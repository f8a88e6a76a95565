"""``sightline config``: every setting, its value, and where the value came from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sightline.base.errors import SettingInvalid, SightlineError
from sightline.base.settings import BY_NAME, SETTINGS, Setting, by_setting, load, read_file, unread
from sightline.cli import show
from sightline.cli.options import Json  # noqa: TC001 - Typer reads the annotations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sightline.base.config_file import Given


def config(as_json: Json = False) -> None:
    """
    Show every setting with its value and where it came from.

    The exit code is 1 where a value is not allowed; secrets are hidden. A star marks what is not built yet.
    """
    rows, later = describe_all(os.environ)
    if as_json:
        show.json_lines(rows)
    else:
        show.table(
            ["setting", "value", "from", "variables"],
            [
                [row["name"] + "*" * row.get("to_come", False), _text(row), row["source"], " ".join(row["variables"])]
                for row in rows
            ],
        )
        for key in later:
            print(f"Not read yet, for the alerting is to come: {key}")
    if any("error" in row for row in rows):
        raise typer.Exit(1)


def describe_all(environ: Mapping[str, str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Find every setting, and name the keys of the configuration file that nothing reads yet."""
    said: dict[str, Given] = {}
    later: list[str] = []
    problem = ""
    try:
        file = read_file({}, environ)
        said, later = by_setting(file), unread(file)
    except SightlineError as error:
        problem = str(error)
    rows = [describe(setting, environ, said) for setting in SETTINGS]
    if problem and "error" not in rows[0]:
        rows[0] |= {"error": problem}
    return rows, later


def describe(setting: Setting, environ: Mapping[str, str], said: Mapping[str, Given]) -> dict[str, Any]:
    """
    Find one setting by itself, so that a wrong value of another one does not hide it.

    Args:
        setting: which.
        environ: the environment.
        said: what the configuration file says, by the settings' names.
    """
    asked = (*setting.variables, *BY_NAME["environment"].variables)
    mine = {name: environ[name] for name in asked if name in environ}
    file = {key: said[key] for key in (setting.name, "environment") if key in said}
    row: dict[str, Any] = {"name": setting.name, "value": None, "source": "default"}
    try:
        found = load({}, mine, file)[setting.name]
    except SettingInvalid as error:
        row |= {"source": next(iter(mine)) if mine else file[setting.name].where, "error": str(error)}
    else:
        row |= {"value": _shown(setting, found.value), "source": found.source}
    row |= {"variables": list(setting.variables), "half": setting.half, "description": setting.sentence}
    return {**row, "to_come": True} if setting.coming else row


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
    if isinstance(value, dict):
        return " ".join(f"{key}={days}" for key, days in value.items())
    return ",".join(value) if isinstance(value, list) else "" if value is None else str(value)
