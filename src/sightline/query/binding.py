"""Values that statements name and never hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Bind = Callable[[object, str], str]
    """Takes a value and its type in the engine, and gives the placeholder that stands for it."""


def binder(parameters: dict[str, object]) -> Bind:
    """Make a function that adds values to *parameters* under names of its own."""

    def bind(value: object, kind: str) -> str:
        name = f"n{len(parameters)}"
        parameters[name] = value
        return f"{{{name}:{kind}}}"

    return bind
