"""Samples of one profile, put together and written as rows of ``profiles``."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sightline.base.limits import MAX_AHEAD_NS
from sightline.wire.decoded import Decoded
from sightline.wire.rows import PROFILES, Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sightline.wire.pprof.stacks import Stacks
    from sightline.wire.pprof.weights import Weights
    from sightline.wire.room import Room

MAX_ROWS: Final = 50_000
"""Different stacks taken of one profile; the others are rejected, and counted."""

MAX_TAKEN_BYTES: Final = 64 * 1024 * 1024
"""Characters of all stacks of a request, and of the resource that each repeats: a small profile can name very many."""

FRAME_BYTES: Final = 8
"""Bytes of a frame beside its characters: one location can stand for hundreds of functions."""

_MOST: Final = (1 << 63) - 1

Labels = tuple[str, str, str, str]
"""Thread, trace, span and the span's name."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made a profile: resource attributes, and the moment that stands in for the profile's own."""

    received_ns: int
    resource: dict[str, str] = field(default_factory=dict)


class Samples:
    """Adds up samples by the places of their stack and by their labels. *columns* is how many values each has."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._added: dict[tuple[tuple[int, ...], Labels], list[int]] = defaultdict(lambda: [0, 0, 0])
        self._rejected = 0

    def add(self, places: tuple[int, ...], labels: Labels, values: Sequence[int], weights: Weights) -> None:
        """Add one; what has another number of values, or is a stack too many, is rejected."""
        key = places, labels
        if len(values) != self._columns or (len(self._added) >= MAX_ROWS and key not in self._added):
            self._rejected += 1
        else:
            _add(self._added[key], weights.of(values))

    def rows(self, profile: Any, stacks: Stacks, origin: Origin, room: Room) -> Decoded:
        """Write the rows, one for each stack of functions; *profile* tells ``time_nanos`` and ``duration_nanos``."""
        duration = min(max(0, profile.duration_nanos), _MOST)
        start = profile.time_nanos
        if not 0 < start <= origin.received_ns + MAX_AHEAD_NS:
            start = max(0, origin.received_ns - duration)
        rows = Rows(PROFILES)
        about = sum(len(name) + len(value) for name, value in origin.resource.items())
        for (stack, (thread, trace, span, name)), (samples, wall, cpu) in self._named(stacks, room, about).items():
            self._rejected += not stack
            if stack and (samples or wall or cpu):
                rows.add(
                    origin.resource, Timestamp=start, Duration=duration, ThreadName=thread, TraceId=trace, SpanId=span,
                    SpanName=name, Stack=stack, Samples=samples, WallNanoseconds=wall, CpuNanoseconds=cpu,
                )  # fmt: skip
        reason = f"A sample needs a stack and a value of each type; {MAX_ROWS:,} stacks are kept of a profile."
        tables = {"profiles": rows.table()} if len(rows) else {}
        return Decoded(tables, len(rows), self._rejected, reason if self._rejected else "")

    def _named(self, stacks: Stacks, room: Room, about: int) -> dict[tuple[tuple[str, ...], Labels], list[int]]:
        """
        Name the functions of stacks; those that differ only in their lines become one.

        Each takes room for itself and for *about*, the characters of the resource that its row repeats.
        """
        found: dict[tuple[tuple[str, ...], Labels], list[int]] = defaultdict(lambda: [0, 0, 0])
        for (places, labels), weights in self._added.items():
            stack = stacks.of(places)
            room.take(about + sum(map(len, labels)) + sum(map(len, stack)) + FRAME_BYTES * len(stack))
            _add(found[stack, labels], weights)
        return found


def _add(total: list[int], weights: Sequence[int]) -> None:
    for place, weight in enumerate(weights):
        total[place] = min(total[place] + weight, _MOST)
