"""How long records are kept, by environment and level, unless somebody says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sightline.base.errors import SettingInvalid

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
"""The levels, lowest first."""

AUDIT: Final = "audit"
SECURITY: Final = "security"
METRICS: Final = "metrics"
ALERTS: Final = "alerts"
TRACES: Final = "traces"
EVENTS: Final = "events"
PROFILES: Final = "profiles"

_SEVEN_YEARS: Final = 7 * 365

DEVELOPMENT: Final[dict[str, int]] = {
    "DEBUG": 7, "INFO": 30, "WARNING": 90, "ERROR": 90, "CRITICAL": 90, AUDIT: _SEVEN_YEARS, SECURITY: _SEVEN_YEARS,
    METRICS: 90, ALERTS: 365, TRACES: 30, EVENTS: 365, PROFILES: 14,
}  # fmt: skip
"""Days on a developer's machine."""

PRODUCTION: Final[dict[str, int]] = {
    "DEBUG": 3, "INFO": 14, "WARNING": 365, "ERROR": 365, "CRITICAL": 365, AUDIT: _SEVEN_YEARS, SECURITY: _SEVEN_YEARS,
    METRICS: 90, ALERTS: 365, TRACES: 30, EVENTS: 365, PROFILES: 14,
}  # fmt: skip
"""Days everywhere else."""

_OTHERS: Final = frozenset({AUDIT, SECURITY, METRICS, ALERTS, TRACES, EVENTS, PROFILES})
DEVELOPMENT_NAMES: Final = frozenset({"", "development", "dev", "local", "test", "testing"})
"""What environments of a developer's machine are called; also what says no environment."""


def days(environment: str, own: Mapping[str, Any] | None = None) -> dict[str, float]:
    """
    Give the days by level, and for ``audit``, ``security`` and each kind of record but logs.

    A level is never kept for less time than one below it: a file is thinned out from the lowest level on.

    Args:
        environment: such as ``production``.
        own: days that the user sets, by the same names. A name that is none of these is an environment's, with a
            mapping of its own, which wins there.

    Raises:
        SettingInvalid: if *own* is anything else.
    """
    own = own or {}
    check(own, "retention")
    table: dict[str, float] = dict(DEVELOPMENT if environment.lower() in DEVELOPMENT_NAMES else PRODUCTION)
    here: Mapping[str, Any] = next((part for name, part in own.items() if name.lower() == environment.lower()), {})
    for part in (own, here):
        table |= {_key(name): value for name, value in part.items() if not isinstance(value, Mapping)}
    longest = 0.0
    for level in LEVELS:
        longest = table[level] = max(longest, table[level])
    return table


def check(own: Mapping[str, Any], where: str) -> None:
    """
    Check what a user set, *where* being how messages name it.

    Raises:
        SettingInvalid: if it has a name that is none of these, or days that are no number of at least 0.
    """
    for name, value in own.items():
        if isinstance(value, Mapping):
            if any(isinstance(inner, Mapping) for inner in value.values()):
                raise SettingInvalid(f"{where} of {name} has sections again; expected days by level.")
            check(value, f"{where} of {name}")
        elif _key(name) not in PRODUCTION:
            raise SettingInvalid(f"{where} has {name!r}; expected one of {', '.join(PRODUCTION)}.")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise SettingInvalid(f"{where} of {name} is {value!r}; expected a number of days, at least 0.")


def parse(text: str) -> dict[str, float]:
    """
    Read ``INFO=30,audit=3650``.

    Raises:
        ValueError: if a part is not of this form.
    """
    parts = (part.partition("=") for part in text.split(",") if part.strip())
    return {name.strip(): float(number) for name, _, number in parts}


def _key(name: object) -> str:
    return str(name).lower() if str(name).lower() in _OTHERS else str(name).upper()
