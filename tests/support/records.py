"""Lines of segments for tests of questions: the fields that matter are given, the rest has a default."""

import json
import time
from typing import Any

NS = 1_000_000_000
SERVICE = {"service.name": "shop", "service.instance.id": "a" * 16, "host.name": "h1", "process.pid": "42"}


def log(body: str, time_ns: int, *, level: str = "INFO", severity: int = 9, **fields: Any) -> bytes:
    """Encode a log."""
    return _line(kind="log", time=time_ns, severity=severity, level=level, logger="shop.orders", body=body, **fields)


def span(name: str, time_ns: int, *, trace: str, span: str, duration_ms: float = 1.0, **fields: Any) -> bytes:
    """Encode a span."""
    duration = round(duration_ms * 1e6)
    return _line(kind="span", time=time_ns, trace=trace, span=span, name=name, duration=duration, **fields)


def event(name: str, time_ns: int, **fields: Any) -> bytes:
    """Encode an event."""
    return _line(kind="event", time=time_ns, name=name, **fields)


def gauge(name: str, value: float, time_ns: int, *, kind: str = "gauge", **labels: str) -> bytes:
    """Encode a metric with one sample."""
    sample = {"name": name, "attributes": labels, "value": value}
    return _line(kind="metric", time=time_ns, name=name, type=kind, samples=[sample])


def now_ns() -> int:
    """Tell the time, in whole seconds."""
    return time.time_ns() // NS * NS


def _line(*, kind: str, **fields: Any) -> bytes:
    """Write the keys in the order and without the spaces that docs/formats/line.md asks for."""
    return json.dumps({"kind": kind, "instance": "a" * 16, **fields}, separators=(",", ":")).encode() + b"\n"
