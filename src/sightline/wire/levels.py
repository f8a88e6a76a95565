"""Levels of log records as other programs write them: words, and numbers of several kinds."""

from __future__ import annotations

from typing import Any, Final

from sightline.model import severity

SYSLOG_LEVELS: Final = ("EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG")
"""Name of each of syslog's severities, from 0."""

_PINO: Final = ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def level_of(value: Any, name: str = "level") -> str:
    """
    Name the level that *value* is: a text, or a number of pino, Python, OpenTelemetry or syslog; empty for none.

    Whose a number is, is told by the *name* of its field: ``severityNumber`` is OpenTelemetry's, ``levelno`` Python's.
    Of others multiples of ten are taken for pino's and bunyan's, which are one off from Python's, 0 to 7 for syslog's.
    """
    if isinstance(value, str):
        stripped = value.strip()
        if not (stripped.isascii() and stripped.isdigit() and len(stripped) < 3):
            return stripped
        value = int(stripped)
    if isinstance(value, bool) or not isinstance(value, int):
        return ""
    return _NUMBERED.get(name.lower().replace("_", ""), _numbered)(value)


def _numbered(value: int) -> str:
    if 0 <= value <= 7:
        return SYSLOG_LEVELS[value]
    if value % 10 == 0 and 10 <= value <= 60:
        return _PINO[value // 10 - 1]
    return _numbered_by_opentelemetry(value)


def _numbered_by_opentelemetry(value: int) -> str:
    return severity.name_of(value) if 0 < value <= 24 else ""


def _numbered_by_python(value: int) -> str:
    return severity.name_of(severity.number_of_python(value)) if value > 0 else ""


_NUMBERED: Final = {"severitynumber": _numbered_by_opentelemetry, "levelno": _numbered_by_python}
"""Fields, without case and underscores, whose numbers are known to be of one kind."""
