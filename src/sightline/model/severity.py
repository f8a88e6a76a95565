"""Levels of logs, as Python names them and as OpenTelemetry numbers them (opentelemetry-proto ``logs.proto``)."""

from __future__ import annotations

from typing import Final

NUMBERS: Final[dict[str, int]] = {"TRACE": 1, "DEBUG": 5, "INFO": 9, "WARNING": 13, "ERROR": 17, "CRITICAL": 21}
"""The level's name to OpenTelemetry's severity number, 1 to 24."""

ALIASES: Final[dict[str, str]] = {
    "VERBOSE": "DEBUG",
    "INFORMATION": "INFO",
    "INFORMATIONAL": "INFO",
    "NOTICE": "INFO",
    "WARN": "WARNING",
    "ERR": "ERROR",
    "SEVERE": "ERROR",
    "FATAL": "CRITICAL",
    "CRIT": "CRITICAL",
    "ALERT": "CRITICAL",
    "EMERG": "CRITICAL",
    "EMERGENCY": "CRITICAL",
    "PANIC": "CRITICAL",
}
"""Other names in use for the same levels."""


def read(level: str) -> tuple[str, int]:
    """Give the name that we use and the number for a level of any case; an unknown one keeps its name, with 0."""
    name = level.strip().upper()
    name = ALIASES.get(name, name)
    number = NUMBERS.get(name, 0)
    return (name if number else level), number


def name_of(number: int) -> str:
    """Name the level of an OpenTelemetry severity number: 0 is ``INFO``, as most receivers assume."""
    if number <= 0:
        return "INFO"
    for name, start in reversed(NUMBERS.items()):
        if number >= start:
            return name
    return "TRACE"


def number_of_python(levelno: int) -> int:
    """Number for a level of Python's :mod:`logging`, custom ones included: 0–10 DEBUG, 20 INFO, 30 WARNING, …."""
    if levelno >= 50:
        return 21
    if levelno >= 40:
        return 17
    if levelno >= 30:
        return 13
    if levelno >= 20:
        return 9
    if levelno >= 10:
        return 5
    return 1
