"""Parts a request of version 1 into runs of series that came so before, and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sightline.wire.prometheus.layouts import VALUE_BYTES, ZERO_BYTES

if TYPE_CHECKING:
    from sightline.wire.prometheus.known import Memory
    from sightline.wire.prometheus.layouts import Run

FREE_STEPS: Final = 8
"""Runs and single series that a request may have whatever their length."""

STEP_SERIES: Final = 32
"""Series of a run beyond them, on average: shorter runs cost more than series that are looked up one by one."""

_SERIES: Final = 0x0A
_VALUE_TAIL: Final = b"\x12\x10\x09"
_MOST, _LEAST = 1 << 20, 64
"""Series that are tried at once: all, and after a run that broke off twice as many as it had, but at least these."""


class Taken(NamedTuple):
    """
    Parts of a request.

    Attributes:
        runs: series that were read.
        rest: all else: a message by itself.
        is_new: whether the request has hardly anything in common with those before, and is all in *rest*.
    """

    runs: list[Run]
    rest: bytes
    is_new: bool


def take(body: bytes, memory: Memory) -> Taken:
    """Read the series of *body* that follow each other as they did before."""
    view, runs, rest = memoryview(body), [], []
    start, most, room = 0, _MOST, FREE_STEPS * STEP_SERIES
    while (end := _end(body, start)) and room >= 0:
        run = None
        slot = memory.slots.get(_key(body, start, end))
        found = None if slot is None else memory.layouts.find(slot)
        if found is not None:
            run = found[0].follow(view, start, found[1], most)
        room -= STEP_SERIES
        if run is None:
            rest.append(view[start:end])
            start = end
            continue
        count = len(run.slots)
        room += count
        most = max(_LEAST, 2 * count)
        runs.append(run)
        start = int(run.ends[-1])
    if room < 0:
        return Taken([], body, is_new=True)
    rest.append(view[start:])
    return Taken(runs, b"".join(rest), is_new=False)


def _end(body: bytes, start: int) -> int:
    """Find where the series ends that begins at *start*; 0 where none begins, or it is cut."""
    place, size = start, 0
    if start + 1 >= len(body) or body[start] != _SERIES:
        return 0
    for shift in range(0, 28, 7):
        place += 1
        if place >= len(body):
            return 0
        size |= (body[place] & 0x7F) << shift
        if body[place] < 0x80:
            end = place + 1 + size
            return end if end <= len(body) else 0
    return 0


def _key(body: bytes, start: int, end: int) -> bytes:
    """Give what stands before the sample of the series from *start* to *end*: its labels, where they are known."""
    valued = body[end - VALUE_BYTES : end - VALUE_BYTES + 3] == _VALUE_TAIL
    return body[content_start(body, start) : end - (VALUE_BYTES if valued else ZERO_BYTES)]


def content_start(body: bytes, start: int) -> int:
    """Find what stands behind the field's number and length of the series that begins at *start*."""
    start += 1
    while body[start] & 0x80:
        start += 1
    return start + 1
