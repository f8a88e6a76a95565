"""Values of our lines as ``AnyValue`` and ``KeyValue`` of OTLP's JSON encoding."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def attributes(found: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Give attributes as OTLP's list of keys and values."""
    return [{"key": key, "value": value(told)} for key, told in (found or {}).items()]


def value(told: Any) -> dict[str, Any]:
    """Give any value that JSON can say, with its type; null is a value without one."""
    if isinstance(told, str):
        return {"stringValue": told}
    if isinstance(told, bool):
        return {"boolValue": told}
    if isinstance(told, int):
        # Larger ones are text: OTLP has 64 bits and a sign.
        return {"intValue": str(told)} if -(2**63) <= told < 2**63 else {"stringValue": str(told)}
    if isinstance(told, float):
        return {"doubleValue": number(told)}
    return _container(told)


def _container(told: Any) -> dict[str, Any]:
    if isinstance(told, list):
        return {"arrayValue": {"values": [value(item) for item in told]}}
    return {"kvlistValue": {"values": attributes(told)}} if isinstance(told, dict) else {}


def number(told: float | str) -> float | str:
    """Give a number; for what JSON has no number, the name that protobuf's encoding has."""
    found = float(told)
    if math.isfinite(found):
        return found
    return "NaN" if math.isnan(found) else "Infinity" if found > 0 else "-Infinity"
