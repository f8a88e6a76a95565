"""Holds the loop from the spool to the store between two inserts, for as long as a copy needs one moment."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sightline.base.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_WAIT_S: Final = 30.0
"""Seconds until what was begun has to be stored; longer than any insert takes."""


class Pause:
    """Asked for by one thread, kept by the loop."""

    def __init__(self) -> None:
        self._one = threading.Lock()  # guards the whole pause: there is one at a time
        self._wanted = threading.Event()
        self._reached = threading.Event()

    @contextmanager
    def held(self) -> Iterator[None]:
        """
        Wait until no insert is begun and not fulfilled; the loop begins none meanwhile, and lines wait in the spool.

        Raises:
            StoreUnavailable: if what was begun is not stored in time.
        """
        with self._one:
            self._reached.clear()
            self._wanted.set()
            try:
                if not self._reached.wait(LONGEST_WAIT_S):
                    raise StoreUnavailable(
                        f"Lines that were begun are not stored after {LONGEST_WAIT_S:g} s; see /health for why, and "
                        "try again then."
                    )
                yield
            finally:
                self._wanted.clear()

    def holds(self, *, idle: bool) -> bool:
        """
        Tell the loop whether to begin nothing new. What was begun and failed is sent again all the same.

        Args:
            idle: whether nothing is begun and not fulfilled.
        """
        if self._wanted.is_set() and idle:
            self._reached.set()
        return self._wanted.is_set()
