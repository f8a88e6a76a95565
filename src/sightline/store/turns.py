"""Who waits for whom: work of one kind runs so many at a time."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from sightline.base.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator


class Turns:
    """
    The turns of one kind of work. They bound the memory that it takes, and guard nothing.

    Args:
        most: how many run side by side.
        doing: what those who have a turn do, for the message to one who gets none: ``queries run``.
    """

    def __init__(self, most: int, doing: str) -> None:
        self._most = most
        self._doing = doing
        self._free = threading.BoundedSemaphore(most)
        self._whole = threading.Lock()  # two who each had a part of all would wait for each other

    @contextmanager
    def one(self, seconds: float | None = None) -> Iterator[None]:
        """
        Have a turn, for which it may wait for *seconds*, or without end.

        Raises:
            StoreUnavailable: if none came.
        """
        if not self._free.acquire(timeout=seconds):
            raise StoreUnavailable(
                f"The store is busy: {self._most} {self._doing}, and no turn came in {seconds:g} s. Ask again later, "
                "or for less."
            )
        try:
            yield
        finally:
            self._free.release()

    @contextmanager
    def all(self, seconds: float | None = None) -> Iterator[None]:
        """Have all turns, so that nobody else has one; for each it waits for *seconds* at most, or without end."""
        with ExitStack() as taken:
            if self._whole.acquire(timeout=-1 if seconds is None else seconds):
                taken.callback(self._whole.release)
            for _ in range(self._most):
                if self._free.acquire(timeout=seconds):
                    taken.callback(self._free.release)
            yield
