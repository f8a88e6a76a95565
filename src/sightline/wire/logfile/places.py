"""Where in a block of lines what cuts them stands: found for all lines at once, with numpy."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

Numbers = np.ndarray[Any, np.dtype[Any]]

_PIECE_BYTES: Final = 256 * 1024
"""Bytes that are searched at a time, so that what is found stays in the processor's cache."""

_FIRST: Final = np.zeros(1, np.int32)


class Lines:
    """
    A block of whole lines, and where they begin and end and what cuts them stands.

    Attributes:
        content: the bytes; UTF-8, each line with its newline.
        bytes_: the same as numbers.
        starts: where each line begins; all places are 32-bit numbers.
        ends: where each ends, without its line end.
        quotes: where quotes stand.
        spaces: where spaces stand, and the end of the content.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.bytes_: Numbers = np.frombuffer(content, np.uint8)
        newlines, self.quotes, self.spaces = self._found()
        self.starts: Numbers = np.concatenate([_FIRST, newlines[:-1] + 1]) if len(newlines) else newlines
        returns = self.bytes_[np.maximum(newlines - 1, 0)] == ord("\r")
        self.ends: Numbers = np.maximum(newlines - returns, self.starts)

    def _found(self) -> tuple[Numbers, Numbers, Numbers]:
        """Find newlines, quotes and spaces in one pass: hardly another byte of a text is as small as they are."""
        found: tuple[list[Numbers], ...] = ([], [], [])
        for start in range(0, len(self.bytes_), _PIECE_BYTES):
            piece = self.bytes_[start : start + _PIECE_BYTES]
            places = np.flatnonzero(piece <= ord('"')).astype(np.int32)
            bytes_ = piece[places]
            places += start
            for byte, of_byte in zip(b'\n" ', found, strict=True):
                of_byte.append(places[bytes_ == byte])
        found[-1].append(np.array([len(self.bytes_)], np.int32))
        newlines, quotes, spaces = (np.concatenate(of_byte) if of_byte else _FIRST[:0] for of_byte in found)
        return newlines, quotes, spaces


def first_behind(found: Numbers, places: Numbers, likely: Numbers) -> Numbers:
    """
    Find for each place the first of *found* that is at or behind it.

    Args:
        found: numbers in ascending order.
        places: what is looked for, in any order.
        likely: where each may be among *found*. Looking there first is faster than searching.

    Returns:
        Where it is among *found*; their number if there is none.
    """
    if not len(found):
        return np.zeros(len(places), np.int64)
    index: Numbers = likely.clip(0, len(found) - 1)
    right = (found[index] >= places) & ((index == 0) | (found[index - 1] < places))
    if not right.all():
        wrong = np.flatnonzero(~right)
        index[wrong] = np.searchsorted(found, places[wrong])
    return index
