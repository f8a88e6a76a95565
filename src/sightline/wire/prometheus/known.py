"""Series that came before, by the bytes that a client writes for their labels: a sample of one costs a lookup."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_SERIES: Final = 200_000
"""Series that are kept; about 400 bytes each. Those above are stored all the same, at ten times the cost."""

MAX_KEY_BYTES: Final = 64 * 1024 * 1024
"""Bytes of all keys together."""

MAX_SYMBOLS: Final = 500_000
"""Strings of version 2 that are numbered; beyond them all is forgotten and learned again."""

MAX_FAMILIES: Final = 20_000
"""Families whose type, unit and help are kept, as version 1 sends them: apart from samples."""

RETELL_S: Final = 600
"""
Seconds after which a series is described to the store again, which keeps ``LastSeen`` that fresh.

Each time costs about as much as ten samples; half as long would cost a tenth more.
"""

FORGET_S: Final = 3600
"""Seconds after which everything is forgotten if there was no room: series that ended make room for others."""

UNKNOWN: Final = -1


@dataclass(frozen=True, slots=True)
class About:
    """What a client says of a family of metrics."""

    type: str = ""
    unit: str = ""
    help: str = ""


class Fresh(NamedTuple):
    """A series that a request describes: its key, its number in the store, and its metric's name."""

    key: bytes
    number: int
    name: str


class KnownSeries:
    """
    Remembers series that are stored, within bounds. Safe to use from many threads.

    A series is remembered after its description was stored, never before: until then every sample brings it again.
    """

    def __init__(self, max_series: int = MAX_SERIES) -> None:
        self._max_series = max_series
        self._lock = threading.Lock()  # guards everything that grows; lookups need none
        self._families: dict[str, About] = {}
        self._forgot_s = 0.0
        self._forget()

    def find(self, keys: Sequence[bytes], now_s: float) -> np.ndarray:
        """Give a slot for each key, ``UNKNOWN`` for those that are to be described, for the first time or again."""
        slots = self._slots
        found = np.fromiter(map(slots.get, keys, repeat(UNKNOWN)), np.int64, len(keys))
        found[self._told_s[found] < now_s - RETELL_S] = UNKNOWN
        return found

    def numbers(self, slots: np.ndarray) -> np.ndarray:
        """Give the store's numbers of the series in *slots*."""
        found: np.ndarray = self._numbers[slots]
        return found

    def remember(self, series: Iterable[Fresh], now_s: float) -> None:
        """Remember series whose description is stored now."""
        with self._lock:
            for one in series:
                slot = self._slots.get(one.key)
                if slot is None:
                    slot = len(self._names)
                    if slot >= self._max_series or self._key_bytes + len(one.key) > MAX_KEY_BYTES:
                        self._make_room(now_s)
                        return
                    self._names.append(one.name)
                    self._numbers[slot] = one.number
                    self._key_bytes += len(one.key)
                # Spread, so that not all are told again at once.
                self._told_s[slot] = now_s - random.random() * RETELL_S / 2  # noqa: S311 - nothing secret
                self._slots[one.key] = slot

    def symbols(self, texts: Sequence[str]) -> list[int]:
        """Number strings; the same string has the same number in every request."""
        known = self._symbols
        found = list(map(known.get, texts))
        if None not in found:
            return found  # type: ignore[return-value]
        with self._lock:
            if len(known) + len(texts) > MAX_SYMBOLS:
                self._forget()
            known = self._symbols
            return [known.setdefault(text, len(known)) for text in texts]

    def describe(self, families: dict[str, About]) -> None:
        """Take in what a client says of its families; series of those that changed are told again."""
        with self._lock:
            changed = {name for name, about in families.items() if self._families.get(name) != about}
            if not changed:
                return
            for name in changed:
                if len(self._families) < MAX_FAMILIES or name in self._families:
                    self._families[name] = families[name]
            told = {name + suffix for name in changed for suffix in ("", *SUFFIXES)}
            for slot, name in enumerate(self._names):
                if name in told:
                    self._told_s[slot] = 0.0

    def family(self, name: str) -> tuple[str, About]:
        """Find the family that a metric belongs to, and what is known of it."""
        about = self._families.get(name)
        if about is not None:
            return name, about
        for suffix in SUFFIXES:
            base = name.removesuffix(suffix)
            if base != name and base in self._families:
                return base, self._families[base]
        return name, NOTHING

    def _make_room(self, now_s: float) -> None:
        if now_s - self._forgot_s > FORGET_S:
            self._forget()
            self._forgot_s = now_s

    def _forget(self) -> None:
        self._slots: dict[bytes, int] = {}
        self._symbols: dict[str, int] = {}
        self._names: list[str] = []
        self._key_bytes = 0
        self._numbers = np.zeros(self._max_series + 1, np.uint64)
        self._told_s = np.zeros(self._max_series + 1, np.float64)


SUFFIXES: Final = ("_bucket", "_sum", "_count", "_total", "_info", "_created")
"""What the names of a family's series have after the family's own."""

NOTHING: Final = About()
