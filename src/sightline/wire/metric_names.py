"""Names of OTLP's metrics and labels, as Prometheus's own OTLP receiver writes them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_NO_NAME: Final = re.compile(r"[^a-zA-Z0-9_:]+")
_NO_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")
_TOKENS: Final = re.compile(r"[^a-zA-Z0-9:]+")

_UNITS: Final = {
    "d": "days", "h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds", "us": "microseconds",
    "ns": "nanoseconds", "By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes",
    "TiBy": "tibibytes", "KBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes", "TBy": "terabytes",
    "m": "meters", "V": "volts", "A": "amperes", "J": "joules", "W": "watts", "g": "grams", "Cel": "celsius",
    "Hz": "hertz", "1": "", "%": "percent",
}  # fmt: skip
"""UCUM units and the words that Prometheus has for them."""

_PER: Final = {
    "s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year",
}  # fmt: skip


@lru_cache(maxsize=8192)
def metric_name(name: str, unit: str, *, monotonic: bool = False, gauge: bool = False) -> str:
    """
    Name a metric for Prometheus: ``http.server.request.duration`` in ``s`` is ``http_server_request_duration_seconds``.

    Characters that Prometheus does not have become underscores; the unit is added unless the name says it already, then
    ``_total`` to a monotonic sum and ``_ratio`` to a gauge of unit 1.
    """
    tokens = [token for token in _TOKENS.split(name) if token]
    for suffix in _unit_suffixes(unit):
        if suffix and suffix not in tokens:
            tokens.append(suffix)
    if monotonic:
        tokens = [*(word for word in tokens if word != "total"), "total"]
    if gauge and unit == "1" and "ratio" not in tokens:
        tokens.append("ratio")
    joined = "_".join(tokens)
    return f"_{joined}" if joined[:1].isdigit() else joined


def _unit_suffixes(unit: str) -> tuple[str, ...]:
    if "{" in unit:
        unit = re.sub(r"\{[^}]*\}?", "", unit)
    main, _, per = unit.strip().partition("/")
    suffixes = [_word(_UNITS.get(main.strip(), main))]
    if per.strip():
        suffixes += ["per", _word(_PER.get(per.strip(), per))]
    return tuple(suffixes)


def _word(unit: str) -> str:
    return _NO_NAME.sub("_", unit).strip("_")


@lru_cache(maxsize=8192)
def label_name(name: str) -> str:
    """Name a label for Prometheus: what is no letter, digit or underscore becomes an underscore."""
    cleaned = _NO_LABEL.sub("_", name)
    return f"key_{cleaned}" if cleaned[:1].isdigit() else cleaned
