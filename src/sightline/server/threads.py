"""Threads beside the event loop, counted by what they do, so that what waits for the store holds up nothing else."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import anyio.to_thread
from anyio.lowlevel import RunVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """
    The threads of one kind of work.

    Args:
        kind: names it.
        most: how many there are at once; further calls wait.
    """

    def __init__(self, kind: str, most: int) -> None:
        self._most = most
        self._limiter: RunVar[anyio.CapacityLimiter] = RunVar(f"sightline-{kind}")

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a blocking *function* in one of them."""
        try:
            limiter = self._limiter.get()
        except LookupError:  # each event loop has its own
            limiter = anyio.CapacityLimiter(self._most)
            self._limiter.set(limiter)
        return await anyio.to_thread.run_sync(functools.partial(function, *args, **kwargs), limiter=limiter)
