"""The functions of a profile's stacks, the outermost first."""

from __future__ import annotations

from typing import Any, Final

DEEPEST: Final = 512
"""Frames kept of one stack, the innermost ones; as many are drawn."""

LONGEST: Final = 300
"""Characters kept of a function's name, and of its file's."""


class Stacks:
    """Looks up locations, each of which is one function and those that were written into it by a compiler."""

    def __init__(self, profile: Any, texts: list[str]) -> None:
        self._texts = texts
        self._functions = {function.id: self._name(function) for function in profile.function}
        self._locations = {location.id: location for location in profile.location}
        self._frames: dict[int, list[str]] = {}

    def of(self, places: tuple[int, ...]) -> tuple[str, ...]:
        """Give the frames of a stack, which pprof writes with the innermost first."""
        found: list[str] = []
        for place in places:
            found += self._at(place)
            if len(found) >= DEEPEST:
                break
        return tuple(found[:DEEPEST][::-1])

    def _at(self, place: int) -> list[str]:
        frames = self._frames.get(place)
        if frames is None:
            location = self._locations.get(place)
            frames = [] if location is None else self._named(location)
            self._frames[place] = frames
        return frames

    def _named(self, location: Any) -> list[str]:
        lines = location.line[:DEEPEST]
        return [self._functions.get(line.function_id, "?") for line in lines] or [f"0x{location.address:x}"]

    def _name(self, function: Any) -> str:
        """Write ``file:function``, as Sightline's own have ``module:function``."""
        name = self._text(function.name) or self._text(function.system_name) or "?"
        file = self._text(function.filename)
        return f"{file}:{name}" if file else name

    def _text(self, place: int) -> str:
        return self._texts[place][:LONGEST] if 0 <= place < len(self._texts) else ""
