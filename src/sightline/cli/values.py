"""One setting's value by itself: a wrong value of another one must not keep a command from its work."""

from __future__ import annotations

import os
from typing import Any

from sightline.base.errors import PackageMissing, SettingInvalid
from sightline.base.settings import BY_NAME, by_setting, load, read_file


def value_of(name: str, given: object = None) -> Any:
    """
    Find the value of one setting: what was given, the environment, the default.

    Raises:
        SettingInvalid: if its own value is not allowed.
    """
    asked = [variable for of in (name, "config", "environment") for variable in BY_NAME[of].variables]
    mine = {variable: os.environ[variable] for variable in asked if variable in os.environ}
    said = by_setting(read_file({}, mine))
    only = {key: said[key] for key in (name, "environment") if key in said}
    return load({} if given is None else {name: given}, mine, only)[name].value


def value_or_default(name: str) -> Any:
    """Find the value of one setting, or its default where what it is set to is not allowed."""
    try:
        return value_of(name)
    except (SettingInvalid, PackageMissing):
        return load(environ={}, file={})[name].value
