"""One setting's value by itself: a wrong value of another one must not keep a command from its work."""

from __future__ import annotations

import os
from typing import Any

from sightline.base.errors import SettingInvalid
from sightline.base.settings import BY_NAME, load


def value_of(name: str, given: object = None) -> Any:
    """
    Find the value of one setting: what was given, the environment, the default.

    Raises:
        SettingInvalid: if its own value is not allowed.
    """
    mine = {variable: os.environ[variable] for variable in BY_NAME[name].variables if variable in os.environ}
    return load({} if given is None else {name: given}, environ=mine)[name].value


def value_or_default(name: str) -> Any:
    """Find the value of one setting, or its default where what it is set to is not allowed."""
    try:
        return value_of(name)
    except SettingInvalid:
        return load(environ={})[name].value
