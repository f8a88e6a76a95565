"""How long records are kept, by environment and level, unless somebody says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sightline.base.errors import SettingInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
"""The levels, lowest first."""

AUDIT: Final = "audit"
SECURITY: Final = "security"

_SEVEN_YEARS: Final = 7 * 365

DEVELOPMENT: Final[dict[str, int]] = {
    "DEBUG": 7, "INFO": 30, "WARNING": 90, "ERROR": 90, "CRITICAL": 90, AUDIT: _SEVEN_YEARS, SECURITY: _SEVEN_YEARS,
}  # fmt: skip
"""Days on a developer's machine."""

PRODUCTION: Final[dict[str, int]] = {
    "DEBUG": 3, "INFO": 14, "WARNING": 365, "ERROR": 365, "CRITICAL": 365, AUDIT: _SEVEN_YEARS, SECURITY: _SEVEN_YEARS,
}  # fmt: skip
"""Days everywhere else."""


def days(environment: str, own: Mapping[str, int] | None = None) -> dict[str, int]:
    """
    Give the days by level, and for ``audit`` and ``security``.

    A level is never kept for less time than one below it: a file is thinned out from the lowest level on.

    Args:
        environment: such as ``production``.
        own: days that the user sets, by the same names.

    Raises:
        SettingInvalid: if *own* has a name that is none of these, or days that are no number of at least 0.
    """
    table = dict(DEVELOPMENT if environment.lower() in {"", "development", "dev", "local", "test"} else PRODUCTION)
    for name, value in (own or {}).items():
        key = name if name in {AUDIT, SECURITY} else name.upper()
        if key not in table:
            raise SettingInvalid(f"retention has {name!r}; expected one of {', '.join(table)}.")
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise SettingInvalid(f"retention of {name} is {value!r}; expected a number of days, at least 0.")
        table[key] = value
    longest = 0
    for level in LEVELS:
        longest = table[level] = max(longest, table[level])
    return table
