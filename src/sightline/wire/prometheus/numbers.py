"""The number of a series, as the store's engine computes it: ``cityHash64`` of name, labels and resource."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from clickhouse_cityhash.cityhash import CityHash64

if TYPE_CHECKING:
    from collections.abc import Mapping

STRINGS: Final = 1 << 16
"""Labels whose hash is kept: most series share theirs with others."""

MAX_KEPT: Final = 512
"""Characters of such a label, together; longer ones would fill the memory."""

_WORD: Final = (1 << 64) - 1
_MULTIPLIER: Final = 0x9DDFEA08EB382D69


def series_number(name: str, labels: Mapping[str, str], resource: Mapping[str, str]) -> int:
    """
    Number a series as the default of ``metric_points.SeriesId`` does, which a test compares.

    The engine is asked for no number here, so that a sample of a series that is known goes straight to its table.
    """
    return _add_map(_add_map(CityHash64(name.encode()), labels), resource)


def _add_map(number: int, mapping: Mapping[str, str]) -> int:
    number = _combine(number, _scatter(len(mapping)))
    for key in sorted(mapping, key=str.encode):
        hashed = _entry if len(key) + len(mapping[key]) <= MAX_KEPT else _entry.__wrapped__
        number = _combine(number, hashed(key, mapping[key]))
    return number


@lru_cache(STRINGS)
def _entry(key: str, value: str) -> int:
    return _combine(CityHash64(key.encode()), CityHash64(value.encode()))


def _combine(low: int, high: int) -> int:
    """Hash two numbers to one."""
    first = ((low ^ high) * _MULTIPLIER) & _WORD
    first ^= first >> 47
    second = ((high ^ first) * _MULTIPLIER) & _WORD
    second ^= second >> 47
    return (second * _MULTIPLIER) & _WORD


@lru_cache(1024)
def _scatter(number: int) -> int:
    """Hash a small number, the length of a map: the engine's ``intHash64``."""
    number ^= 0x4CF2D2BAAE6DA887
    number ^= number >> 33
    number = (number * 0xFF51AFD7ED558CCD) & _WORD
    number ^= number >> 33
    number = (number * 0xC4CEB9FE1A85EC53) & _WORD
    return number ^ (number >> 33)
