"""Points in time as people and programs write them, and the range that a question covers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sightline.base.errors import QueryInvalid

NS_PER_S: Final = 1_000_000_000

DEFAULT_RANGE_NS: Final = 15 * 60 * NS_PER_S
"""What a question covers that says no time: the last 15 minutes."""

MAX_TIME_NS: Final = 4_102_444_800 * NS_PER_S
"""Latest time that is taken, the year 2100: the engine's nanoseconds end not long after."""

STEPS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
"""Widths of a bucket that people read well."""

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_RELATIVE: Final = re.compile(r"(?:now)?-(\d{1,9})([smhdw])", re.ASCII)
_UNIX: Final = re.compile(r"(\d{1,10})(?:\.(\d{1,9}))?", re.ASCII)
_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From *start_ns*, included, to *end_ns*, not included; nanoseconds since the epoch."""

    start_ns: int
    end_ns: int

    @property
    def parameters(self) -> dict[str, int]:
        """The bound parameters that :data:`IN_RANGE` names."""
        return {"start": self.start_ns, "end": self.end_ns}

    def step_s(self, buckets: int) -> int:
        """Choose the width of a bucket that divides the range into about *buckets*, never more."""
        wanted = (self.end_ns - self.start_ns) / NS_PER_S / max(1, buckets)
        for step in STEPS_S:
            if step >= wanted:
                return step
        return -(-int(wanted) // 86400) * 86400 or 86400


IN_RANGE: Final = (
    "Timestamp >= fromUnixTimestamp64Nano({start:Int64}) AND Timestamp < fromUnixTimestamp64Nano({end:Int64})"
)
"""Condition on a table's ``Timestamp``."""


def parse_time(text: str, now_ns: int) -> int:
    """
    Read a point in time: RFC 3339, Unix seconds, ``now``, or relative such as ``-15m``.

    Raises:
        QueryInvalid: if it is none of these, or lies after the year 2100.
    """
    if text == "now":
        return now_ns
    if found := _RELATIVE.fullmatch(text):
        return max(0, now_ns - int(found[1]) * _UNITS[found[2]] * NS_PER_S)
    if found := _UNIX.fullmatch(text):
        return _checked(int(found[1]) * NS_PER_S + _fraction(found[2]), text)
    if found := _RFC3339.fullmatch(text):
        try:
            whole = datetime.fromisoformat(found[1].upper().replace(" ", "T") + found[3].upper().replace("Z", "+00:00"))
            return _checked(int(whole.timestamp()) * NS_PER_S + _fraction(found[2]), text)
        except (ValueError, OverflowError):
            pass
    raise QueryInvalid(
        f"{text[:64]!r} is no time. Expected RFC 3339 (2026-11-20T19:00:00Z), Unix seconds, now, or -15m, -7d."
    )


def parse_range(start: str | None, end: str | None, now_ns: int, default_ns: int = DEFAULT_RANGE_NS) -> TimeRange:
    """
    Read a range; what is not given is *default_ns* before the end, and now.

    Raises:
        QueryInvalid: if a time cannot be read, or the start does not lie before the end.
    """
    end_ns = parse_time(end, now_ns) if end else now_ns
    start_ns = parse_time(start, now_ns) if start else max(0, end_ns - default_ns)
    if start_ns >= end_ns:
        raise QueryInvalid(f"The start, {rfc3339(start_ns)}, must lie before the end, {rfc3339(end_ns)}.")
    return TimeRange(start_ns, end_ns)


def rfc3339(time_ns: int) -> str:
    """Write a time in UTC with nanoseconds, as all answers do."""
    seconds, fraction = divmod(time_ns, NS_PER_S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"


def _fraction(digits: str | None) -> int:
    return int((digits or "0").ljust(9, "0"))


def _checked(time_ns: int, text: str) -> int:
    if not 0 <= time_ns <= MAX_TIME_NS:
        raise QueryInvalid(f"{text[:64]!r} lies outside of the years 1970 to 2100.")
    return time_ns
