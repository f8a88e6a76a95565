"""Series that came before, by the bytes that a client writes for their labels: a sample of one costs a lookup."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from sightline.wire.prometheus.layouts import Layouts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sightline.wire.prometheus.layouts import Layout

MAX_SERIES: Final = 200_000
"""Series that are kept; about 400 bytes each. Those above are stored all the same, at ten times the cost."""

MAX_KEY_BYTES: Final = 64 * 1024 * 1024
"""Bytes of all keys together, and as many of all strings."""

MAX_SYMBOLS: Final = 500_000
"""Strings of version 2 that are numbered; beyond them all is forgotten and learned again."""

MAX_FAMILIES: Final = 20_000
"""Families whose type, unit and help are kept, as version 1 sends them: apart from samples."""

MAX_NAME: Final = 512
"""Characters of a family's name; a longer one is not kept."""

RETELL_S: Final = 600
"""
Seconds after which a series is described to the store again, which keeps ``LastSeen`` that fresh.

Each time costs about as much as ten samples; half as long would cost a tenth more.
"""

FORGET_S: Final = 3600
"""Seconds for which there may be no room before everything is forgotten: series that ended make room for others."""

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


class Memory:
    """Everything that is forgotten together; a lookup holds on to one, so that it never sees half of two."""

    def __init__(self, generation: int, max_series: int) -> None:
        self.generation = generation
        self.slots: dict[bytes, int] = {}
        self.names: list[str] = []
        self.numbers = np.zeros(max_series + 1, np.uint64)
        self.told_s = np.zeros(max_series + 1, np.float64)  # the last one is that of UNKNOWN, never told
        self.key_bytes = 0
        self.symbols: dict[str, int] = {}
        self.symbol_bytes = 0
        self.layouts = Layouts(max_series)

    def find(self, keys: Sequence[bytes]) -> np.ndarray:
        """Give the slot of each key, or ``UNKNOWN``."""
        return np.fromiter(map(self.slots.get, keys, repeat(UNKNOWN)), np.int64, len(keys))

    def is_told(self, slots: np.ndarray, now_s: float) -> np.ndarray:
        """Tell for each slot whether it is known; who is not is to be described, or again."""
        told: np.ndarray = self.told_s[slots] >= now_s - RETELL_S
        return told


class KnownSeries:
    """
    Remembers series that are stored, within bounds. Safe to use from many threads.

    A series is remembered after its description was stored, never before: until then every sample brings it again.
    """

    def __init__(self, max_series: int = MAX_SERIES) -> None:
        self._max_series = max_series
        self._lock = threading.Lock()  # guards everything that grows; lookups need none
        self._families: dict[str, About] = {}
        self._memory = Memory(0, max_series)
        self._full_s = 0.0

    @property
    def memory(self) -> Memory:
        """What is remembered now: who decodes a request looks everything up in one."""
        return self._memory

    def find(self, keys: Sequence[bytes], now_s: float) -> tuple[np.ndarray, np.ndarray]:
        """Give for each key the store's number, and whether it is known; who is not is to be described, or again."""
        memory = self._memory
        found = memory.find(keys)
        return memory.numbers[found], memory.is_told(found, now_s)

    def learn(self, memory: Memory, layout: Layout, now_s: float) -> None:
        """Remember how series of *memory* follow each other."""
        with self._lock:
            memory.layouts.learn(layout, now_s)

    def remember(self, series: Iterable[Fresh], now_s: float) -> None:
        """Remember series whose description is stored now."""
        with self._lock:
            memory = self._memory
            for one in series:
                slot = memory.slots.get(one.key)
                if slot is None:
                    slot = self._take_slot(memory, one)
                if slot is None:
                    self._make_room(now_s)
                    return
                # Spread, so that not all are told again at once.
                memory.told_s[slot] = now_s - random.random() * RETELL_S / 2  # noqa: S311 - nothing secret

    def symbols(self, texts: Sequence[str]) -> tuple[int, list[int]]:
        """Number strings: the same string has the same number in every request of one generation, which comes first."""
        memory = self._memory
        found = list(map(memory.symbols.get, texts))
        if None not in found:
            return memory.generation, found  # type: ignore[return-value]
        with self._lock:
            size = sum(len(text) for text, number in zip(texts, found, strict=True) if number is None)
            memory = self._memory
            if len(memory.symbols) + len(texts) > MAX_SYMBOLS or memory.symbol_bytes + size > MAX_KEY_BYTES:
                memory = self._forget()
            memory.symbol_bytes += size
            known = memory.symbols
            return memory.generation, [known.setdefault(text, len(known)) for text in texts]

    def describe(self, families: dict[str, About]) -> None:
        """Take in what a client says of its families; series of those that changed are told again."""
        with self._lock:
            changed = {name for name, about in families.items() if self._families.get(name) != about}
            if not changed:
                return
            for name in changed:
                if name in self._families or (len(self._families) < MAX_FAMILIES and len(name) <= MAX_NAME):
                    self._families[name] = families[name]
            told = {name + suffix for name in changed for suffix in ("", *SUFFIXES)}
            for slot, name in enumerate(self._memory.names):
                if name in told:
                    self._memory.told_s[slot] = 0.0

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

    def _take_slot(self, memory: Memory, one: Fresh) -> int | None:
        """Find a place for a series; None if there is none."""
        slot, size = len(memory.names), len(one.key) + len(one.name)
        if slot >= self._max_series or memory.key_bytes + size > MAX_KEY_BYTES:
            return None
        memory.names.append(one.name)
        memory.numbers[slot] = one.number
        memory.key_bytes += size
        memory.slots[one.key] = slot  # last: from here on it is found
        return slot

    def _make_room(self, now_s: float) -> None:
        """Forget everything, but no sooner than ``FORGET_S`` after it was full first."""
        if not self._full_s:
            self._full_s = now_s
        elif now_s - self._full_s > FORGET_S:
            self._forget()

    def _forget(self) -> Memory:
        self._full_s = 0.0
        self._memory = Memory(self._memory.generation + 1, self._max_series)
        return self._memory


SUFFIXES: Final = ("_bucket", "_sum", "_count", "_total", "_info", "_created")
"""What the names of a family's series have after the family's own."""

NOTHING: Final = About()
