"""
How requests were laid out: series that follow each other as they did before are read all at once.

A client sends its series in the same order in every scrape, and nothing but values and times differs. So a request is
compared with one before it, samples left out, and numpy reads the samples where they must be. Only bytes that are equal
to bytes which were read as known series count, so nothing is ever guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_LAYOUT_BYTES: Final = 64 * 1024 * 1024
"""Bytes of all layouts: as much as the keys of all series take. Series beyond them are looked up one by one."""

LEAST_SERIES: Final = 32
"""Series of a layout at least: fewer are looked up as fast one by one."""

KEEP_S: Final = 60.0
"""Seconds between two times that all layouts are forgotten because there is no room for more."""

VALUE_BYTES: Final = 18
"""Length of a sample with its value, at the end of a series: eight bytes, a time of six, and what is around them."""

ZERO_BYTES: Final = 9
"""Length of a sample without its value, which is then 0."""

_SERIES: Final = 0x0A
_TAIL_BYTES: Final = 16
_TAIL: Final = f"V{_TAIL_BYTES}"
"""
The last bytes of a series, read at once: a 9, eight bytes of value, a 16, six bytes of time.

A known series is longer, for it has a name. One without a value has labels where the value would be.
"""

_WITHOUT_VALUE: Final = np.array([0xFF, 0xFF00], np.uint64)
_WITHOUT_TIME: Final = np.array([0xFFFF_FFFF_FFFF_FFFF, 0xFFFF], np.uint64)
"""What is kept of the two halves of such a tail when the sample is taken out, with a value and without."""

_SEVENS: Final = 1 << np.arange(0, 42, 7)
"""What each byte of a time counts."""

_GOES_ON_BITS: Final = np.uint64(0x8080_8080_8080)
_GOES_ON: Final = np.uint64(0x0080_8080_8080)
"""The bits of a time's bytes that say that it goes on: set in all but the last."""

_NUMBER: Final = 0xFFFF_FFFF
_INDEX_BITS: Final = 32


class Run(NamedTuple):
    """
    Series of a request that follow each other as they did before.

    Attributes:
        slots: the memory's numbers of the series.
        times: their samples' times, in milliseconds.
        values: their samples' values.
        ends: where each ends, in bytes of the request; the first begins at ``start``.
        start: where the run begins.
    """

    slots: np.ndarray
    times: np.ndarray
    values: np.ndarray
    ends: np.ndarray
    start: int


@dataclass(frozen=True, slots=True)
class Layout:
    """
    Series as they stood in a request.

    Attributes:
        content: their bytes, with zeros where values and times were.
        ends: where each ends.
        valued: whether each has a value, which is left out where it is 0.
        slots: the memory's numbers of the series.
    """

    content: np.ndarray
    ends: np.ndarray
    valued: np.ndarray
    slots: np.ndarray

    @property
    def size_bytes(self) -> int:
        """Bytes that it takes."""
        return sum(part.nbytes for part in (self.content, self.ends, self.valued, self.slots))

    @classmethod
    def of(cls, series: Sequence[bytes], valued: np.ndarray, slots: np.ndarray) -> Layout:
        """Lay out series, each of which ends in a sample of ``VALUE_BYTES`` or ``ZERO_BYTES``."""
        heads = {size: _head(size) for size in set(map(len, series))}
        content = np.frombuffer(bytearray(b"".join([heads[len(one)] + one for one in series])), np.uint8)
        ends = np.cumsum([len(heads[len(one)]) + len(one) for one in series])
        _take_out(content, ends, valued)
        return cls(content, ends, valued, slots)

    def follow(self, body: memoryview, start: int, first: int, most: int) -> Run | None:
        """
        Read the series of *body* from *start* on, as far as they are those from *first* on.

        Args:
            body: a request.
            start: where a series begins in it.
            first: which series of the layout is expected there.
            most: series that are tried.
        """
        begin = int(self.ends[first - 1]) if first else 0
        ends = self.ends[first : first + most] - begin
        ends = ends[: np.searchsorted(ends, len(body) - start, "right")]
        if not len(ends):
            return None
        size = int(ends[-1])
        piece = np.frombuffer(bytearray(body[start : start + size]), np.uint8)
        times, values, timed = _take_out(piece, ends, self.valued[first : first + len(ends)])
        same = piece == self.content[begin : begin + size]
        count = len(ends) if same.all() else int(np.searchsorted(ends, same.argmin(), "right"))
        if not timed[:count].all():
            count = int(timed.argmin())
        if not count:
            return None
        return Run(self.slots[first : first + count], times[:count], values[:count], ends[:count] + start, start)


class Layouts:
    """
    The layouts of one memory, within bounds. Who changes it holds the memory's lock; lookups need none.

    Args:
        max_series: series that the memory has room for.
        room_bytes: most bytes of all layouts.
    """

    def __init__(self, max_series: int, room_bytes: int = MAX_LAYOUT_BYTES) -> None:
        self._room_bytes = room_bytes
        self._places = np.zeros(max_series, np.int64)  # number of the layout, from 1 on; the index above it
        self._layouts: dict[int, Layout] = {}
        self._living: dict[int, int] = {}  # series that are found in each
        self._next = 1
        self._forgotten_s = 0.0
        self.size_bytes = 0

    def find(self, slot: int) -> tuple[Layout, int] | None:
        """Find where a series stood last: the layout, and which of its series it is."""
        place = int(self._places[slot])
        layout = self._layouts.get(place & _NUMBER)
        return None if layout is None else (layout, place >> _INDEX_BITS)

    def learn(self, layout: Layout, now_s: float) -> None:
        """Remember a layout, where there is room."""
        slots, last = np.unique(layout.slots[::-1], return_index=True)
        self._leave(slots)
        if self.size_bytes + layout.size_bytes > self._room_bytes:
            if now_s - self._forgotten_s < KEEP_S or layout.size_bytes > self._room_bytes:
                return
            self._forgotten_s = now_s
            self._layouts, self._living, self.size_bytes = {}, {}, 0
        number, self._next = self._next, self._next + 1
        self._layouts[number] = layout
        self._living[number] = len(slots)
        self.size_bytes += layout.size_bytes
        self._places[slots] = (len(layout.slots) - 1 - last) << _INDEX_BITS | number

    def _leave(self, slots: np.ndarray) -> None:
        """Take series out of the layouts that they stood in; one without any is forgotten."""
        numbers, counts = np.unique(self._places[slots] & _NUMBER, return_counts=True)
        self._places[slots] = 0
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
            if number in self._layouts:
                self._living[number] -= count
                if not self._living[number]:
                    del self._living[number]
                    self.size_bytes -= self._layouts.pop(number).size_bytes


def _head(size: int) -> bytes:
    """Write what stands before a series of so many bytes."""
    written = bytearray([_SERIES])
    while size > 0x7F:
        written.append(size & 0x7F | 0x80)
        size >>= 7
    written.append(size)
    return bytes(written)


def _take_out(content: np.ndarray, ends: np.ndarray, valued: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Put zeros where values and times are, and give what was there.

    Returns:
        The times, the values, and whether each time is one.
    """
    tails = np.ndarray(len(content) - _TAIL_BYTES + 1, _TAIL, content, strides=(1,))
    places = ends - _TAIL_BYTES
    found = tails[places]
    values = np.ndarray(len(ends), "<f8", found, 1, (_TAIL_BYTES,)).copy()
    words = found.view("<u8").reshape(-1, 2)
    raw = words[:, 1] >> np.uint64(16)
    if valued.all():
        words &= _WITHOUT_VALUE
    else:
        words &= np.where(valued[:, None], _WITHOUT_VALUE, _WITHOUT_TIME)
        values[~valued] = 0.0
    tails[places] = found
    return _times(raw), values, raw & _GOES_ON_BITS == _GOES_ON


def _times(raw: np.ndarray) -> np.ndarray:
    """Read times of six bytes; neighbours mostly have the same, which is read once."""
    bounds = np.concatenate([[0], np.flatnonzero(raw[1:] != raw[:-1]) + 1, [len(raw)]])
    parts = raw[bounds[:-1]].view(np.uint8).reshape(-1, 8)[:, :6] & 0x7F
    return np.repeat(parts @ _SEVENS, bounds[1:] - bounds[:-1])
