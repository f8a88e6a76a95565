"""Times of access logs, ``20/Nov/2026:10:30:45 +0100``, many at a time."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

Numbers = np.ndarray[Any, np.dtype[Any]]

TIME_BYTES: Final = 26
"""Length of ``20/Nov/2026:10:30:45 +0100``, which is always the same."""

_MONTHS: Final = {name: number for number, name in enumerate(
    (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
)}  # fmt: skip
_DAYS: Final = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def read_times(text: Numbers) -> Numbers:
    """Read times of ``TIME_BYTES`` each; 0 for what is none."""
    digits = text.astype(np.int64) - ord("0")

    def number(*columns: int) -> Numbers:
        found: Numbers = np.zeros(len(digits), np.int64)
        for column in columns:
            found = found * 10 + digits[:, column]
        return found

    day, year = number(0, 1), number(7, 8, 9, 10)
    hour, minute, second = number(12, 13), number(15, 16), number(18, 19)
    zone = number(22, 23) * 60 + number(24, 25)
    zone = np.where(text[:, 21] == ord("-"), -zone, zone)
    month = _months(text)
    numeric = [0, 1, 7, 8, 9, 10, 12, 13, 15, 16, 18, 19, 22, 23, 24, 25]
    good = ((digits[:, numeric] >= 0) & (digits[:, numeric] <= 9)).all(axis=1)
    good &= (text[:, [2, 6, 11, 14, 17, 20]] == np.frombuffer(b"//::: ", np.uint8)).all(axis=1)
    good &= ((text[:, 21] == ord("+")) | (text[:, 21] == ord("-"))) & (month >= 0)
    good &= (day >= 1) & (day <= _days_of(month, year)) & (hour < 24) & (minute < 60) & (second <= 60)
    good &= (year >= 1970) & (year < 2262)
    months = np.where(good, (year - 1970) * 12 + month, 0).astype("M8[M]")
    days = months.astype("M8[D]").astype(np.int64) + day - 1
    seconds = days * 86_400 + hour * 3_600 + (minute - zone) * 60 + second
    found: Numbers = np.where(good, seconds * 10**9, 0)
    return found


def _days_of(month: Numbers, year: Numbers) -> Numbers:
    """Give the days of each month."""
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    found: Numbers = _DAYS[month] + (leap & (month == 1))
    return found


def _months(text: Numbers) -> Numbers:
    """Number the names of months from 0; -1 for what is none."""
    packed = text[:, 3].astype(np.int32) << 16 | text[:, 4].astype(np.int32) << 8 | text[:, 5]
    found: Numbers = np.full(len(text), -1)
    for name, number in _MONTHS.items():
        found[packed == int.from_bytes(name, "big")] = number
    return found
