"""Puts merges off while more comes in than the processors have time for, within bounds."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sightline.base.errors import SightlineError
from sightline.server.relief import TIGHT_SHARE
from sightline.server.room import private_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sightline.store.connect import Store

LOOK_S: Final = 0.1
"""Seconds between two looks, each of some microseconds."""

WEIGHT: Final = 0.2
"""How much one look says: what is told of is about the last second."""

CROWDED_SHARE: Final = 0.6
"""Share of the looks that meet a crowd of requests."""

BUSY_SHARE: Final = 0.6
"""Share of all processors that this process uses before merges are put off; half of it is enough to go on so."""

ASK_EVERY: Final = 4
"""Looks of a rush after which the engine is asked, which takes it eight milliseconds."""

FEW_PARTS: Final = 50
"""With more parts in one partition no merge is put off."""

MOST_PARTS: Final = 100
"""With so many parts in one partition merges go on, rush or not: each part is one more that questions look into."""

LOST_BYTES: Final = 16 * 1024 * 1024
"""Bytes, compressed, of merges that run and may be broken off; larger ones are let end first."""


class Rush:
    """
    Knows whether merges are to wait: requests come side by side, and the processors are busy.

    Args:
        store: an embedded one.
        budget_bytes: memory that the process may have; where it is tight, no merge is put off.

    Attributes:
        on: whether they are.
    """

    def __init__(self, store: Store, budget_bytes: int) -> None:
        self.on = False
        self._store = store
        self._budget_bytes = budget_bytes
        self._crowded = 0.0
        self._busy = 0.0
        self._looks = 0

    @contextmanager
    def watch(self, crowded: Callable[[], bool]) -> Iterator[None]:
        """Look meanwhile, in a thread of its own, whether there is a rush; *crowded* tells of requests."""
        ended = threading.Event()

        def look() -> None:
            processors = os.cpu_count() or 1
            at, used = time.monotonic(), time.process_time()
            while not ended.wait(LOOK_S):
                before_at, before = at, used
                at, used = time.monotonic(), time.process_time()
                self.look(crowded=crowded(), busy=(used - before) / (at - before_at) / processors)

        thread = threading.Thread(target=look, name="sightline-rush", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self.on = False

    def look(self, *, crowded: bool, busy: float) -> None:
        """Take a look into account: whether there is a crowd, and which share of the processors was used since."""
        self._crowded += (crowded - self._crowded) * WEIGHT
        self._busy += (busy - self._busy) * WEIGHT
        if self._crowded < CROWDED_SHARE or self._busy < (BUSY_SHARE / 2 if self.on else BUSY_SHARE):
            self.on, self._looks = False, 0
            return
        if self._looks % ASK_EVERY == 0:
            self.on = self._may_wait()
        self._looks += 1

    def _may_wait(self) -> bool:
        """Ask whether there is memory, parts are few enough, and nothing else needs what merges: deletions do."""
        if private_bytes() > self._budget_bytes * TIGHT_SHARE:
            return False
        try:
            parts, merging_bytes, changes = self._store.unmerged()
        except SightlineError:
            return False
        if changes:
            return False
        return parts < MOST_PARTS if self.on else parts < FEW_PARTS and merging_bytes <= LOST_BYTES
