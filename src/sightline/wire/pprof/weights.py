"""What a sample's values say: how often its stack was seen, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.base.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNITS: Final = {"nanoseconds": 1, "microseconds": 10**3, "milliseconds": 10**6, "seconds": 10**9}

_CPU: Final = frozenset({"cpu", "process_cpu", "cpu-time", "on-cpu"})

_MOST: Final = (1 << 63) - 1


class Weights:
    """
    Reads values by the types that a profile gives them.

    Raises:
        DecodeError: if none of them is a time or a count of stacks: bytes and objects have no table.
    """

    def __init__(self, profile: Any, texts: list[str]) -> None:
        def named(kind: Any) -> tuple[str, str]:
            return tuple(texts[at] if 0 <= at < len(texts) else "" for at in (kind.type, kind.unit))  # type: ignore[return-value]

        types = [named(kind) for kind in profile.sample_type]
        self.columns = len(types)
        times = {place: _UNITS[unit] for place, (_, unit) in enumerate(types) if unit in _UNITS}
        self._cpu = _first(times, types, cpu=True)
        self._wall = _first(times, types, cpu=False)
        self._count = next((place for place, (_, unit) in enumerate(types) if unit == "count"), None)
        self._times = times
        kind, unit = named(profile.period_type)
        self._period_ns = max(0, profile.period) * _UNITS.get(unit, 0)
        self._period_is_cpu = kind in _CPU
        if not times and not (self._count is not None and self._period_ns):
            told = ", ".join(f"{kind} in {unit}" for kind, unit in types[:20]) or "nothing"
            raise DecodeError(
                f"The profile is of {told[:500]}; only those of time are kept: cpu, wall, delay, samples."
            )

    def of(self, values: Sequence[int]) -> tuple[int, int, int]:
        """Give samples, nanoseconds of the clock and nanoseconds of a processor; what is not told is 0."""
        cpu = self._time(values, self._cpu)
        wall = self._time(values, self._wall)
        if self._count is not None:
            count = max(0, values[self._count])
        else:
            count = max(1, round(max(cpu, wall) / self._period_ns)) if self._period_ns else 1
        if not self._times:
            told = min(count * self._period_ns, _MOST)
            cpu, wall = (told, 0) if self._period_is_cpu else (0, told)
        return count, wall, cpu

    def _time(self, values: Sequence[int], place: int | None) -> int:
        return 0 if place is None else min(max(0, values[place]) * self._times[place], _MOST)


def _first(times: dict[int, int], types: list[tuple[str, str]], *, cpu: bool) -> int | None:
    return next((place for place in times if (types[place][0] in _CPU) is cpu), None)
