"""Gives memory back to the system that allocators keep for later: what counts against the budget is what is in use."""

from __future__ import annotations

import ctypes
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from sightline.server.room import private_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sightline.store.connect import Store

EVERY_S: Final = 0.1
"""Seconds between two looks, each of which takes some microseconds."""

REST_S: Final = 1.0
"""Shortest time between two times of giving back: what is given back has to be asked for again."""

SHARE: Final = 0.5
"""Share of the budget above which memory is given back; below it nobody else needs it."""

TIGHT_SHARE: Final = 0.6
"""Share of the budget above which there is no rest: in a second the engine frees, and keeps, hundreds of megabytes."""


@contextmanager
def relieving(store: Store, budget_bytes: int) -> Iterator[None]:
    """Watch this process's memory meanwhile, in a thread of its own, and give back what is kept for later."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(EVERY_S):
            if (used := private_bytes()) > budget_bytes * SHARE:
                give_back(store)
                if used <= budget_bytes * TIGHT_SHARE:
                    ended.wait(REST_S)

    thread = threading.Thread(target=watch, name="sightline-relief", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def give_back(store: Store) -> None:
    """Let the three allocators of this process give back: the engine's, Arrow's and the C library's."""
    store.give_back()
    pa.default_memory_pool().release_unused()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):  # glibc's alone has it
        trim(0)
