"""One setting: what it is called in each place, and how what is given becomes its value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sightline.base import retention
from sightline.base.errors import SettingInvalid

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Setting:
    """
    One setting.

    Attributes:
        name: the keyword in Python and the key in a file.
        variables: environment variables, the first one set wins.
        kind: ``str``, ``int``, ``float``, ``bool``, ``bytes``, ``port``, ``path``, ``names`` (comma-separated),
            ``store`` or ``days``.
        default: the value when nothing is set, or a function that finds it.
        sentence: what it does, for people.
        allowed: the only values that are taken, where there is such a list.
        minimum: the smallest number that is taken.
        maximum: the largest number that is taken.
        secret: never shown.
        half: ``application``, ``server`` or ``both``.
        keys: where it may stand in a file beside *name*, such as ``logging.level``.
        in_production: the default in the environment ``production``, where it is another one there.
        coming: it is taken and checked, and what it steers is not built yet.
    """

    name: str
    variables: tuple[str, ...]
    kind: str
    default: Any
    sentence: str
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    secret: bool = False
    half: str = "both"
    keys: tuple[str, ...] = ()
    in_production: Any = None
    coming: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """A setting's value and where it came from: ``call``, the variable's name, the file and line, or ``default``."""

    setting: Setting
    value: Any
    source: str


LAST_PORT: Final = 65535
"""Largest number of a port."""

_UNITS: Final = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


def _bool(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"", "0", "false", "no", "off"}:
        return False
    raise ValueError


def _bytes(text: str) -> int:
    digits = text.strip().upper().removesuffix("B").removesuffix("I")
    unit = digits[-1:] if digits[-1:] in {"K", "M", "G"} else ""
    return int(float(digits.removesuffix(unit)) * _UNITS[unit])


def _port(text: str) -> int | str:
    if text.strip().lower() == "off":
        return "off"
    port = int(text)
    if not 0 <= port <= LAST_PORT:
        raise ValueError
    return port


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _store(text: str) -> str:
    if not text or "://" in text:
        return text
    path = Path(text).expanduser().absolute()
    if path.is_file():
        raise ValueError
    return f"chdb://{path}"


_PARSERS: Final[dict[str, tuple[Callable[[str], Any], str]]] = {
    "str": (str, "text"),
    "int": (int, "a whole number"),
    "float": (float, "a number"),
    "bool": (_bool, "true or false"),
    "bytes": (_bytes, "a number of bytes, such as 512MiB"),
    "port": (_port, "a port from 0 to 65535, or off"),
    "path": (lambda text: Path(text).expanduser(), "a path"),
    "names": (_names, "names with commas between them"),
    "store": (_store, "chdb:///path, clickhouse://user@host:8123/database, or a directory; it is a file"),
    "days": (retention.parse, "days by level, such as INFO=30,audit=3650"),
}

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "bytes": (int,),
    "path": (Path,),
    "names": (list, tuple, set, frozenset),
    "days": (dict,),
}
"""What a value that is no text may be. Text is parsed, wherever it comes from."""


def parse(setting: Setting, raw: object, source: str) -> Any:
    """
    Turn what was given into the setting's type and check it.

    Raises:
        SettingInvalid: with the name, the value and what is allowed.
    """
    convert, expected = _PARSERS[setting.kind]
    shown = "***" if setting.secret else raw
    where = f"{setting.name} (from {source})" if source != setting.name else setting.name
    if setting.kind in {"str", "port"} and isinstance(raw, int | float):
        # A version such as 1.4 in a file; a port, which is checked as text; and YAML's off, which is no text there.
        raw = ("off", "on")[raw] if isinstance(raw, bool) else str(raw)
    try:
        value: Any = convert(raw) if isinstance(raw, str) else raw
    except (ValueError, IndexError, OverflowError):
        raise SettingInvalid(f"{where} is {shown!r}; expected {expected}.") from None
    if not isinstance(raw, str) and not _is_of_kind(setting.kind, raw):
        raise SettingInvalid(f"{where} is {shown!r}; expected {expected}.")
    if setting.kind == "names":
        value = tuple(str(name) for name in value)
    if setting.kind == "days":
        retention.check(value, where)
    if setting.allowed:
        value = _choose(setting, str(value), where)
    if setting.minimum is not None and not (value >= setting.minimum and math.isfinite(value)):
        raise SettingInvalid(f"{where} is {shown!r}; the smallest value allowed is {setting.minimum:g}.")
    if setting.maximum is not None and value > setting.maximum:
        raise SettingInvalid(f"{where} is {shown!r}; the largest value allowed is {setting.maximum:g}.")
    return value


def _is_of_kind(kind: str, raw: object) -> bool:
    if isinstance(raw, bool) and kind != "bool":
        return False
    return isinstance(raw, _TYPES.get(kind, (str,)))


def _choose(setting: Setting, value: str, where: str) -> str:
    for candidate in setting.allowed:
        if candidate.lower() == value.lower():
            return candidate
    shown = "***" if setting.secret else value
    raise SettingInvalid(f"{where} is {shown!r}; expected one of {', '.join(setting.allowed)}.")
