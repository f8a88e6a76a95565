"""
Stops the merges of the embedded engine before the disk has no room at all, whoever fills it, and while there is a rush.

The engine takes what it could not write for written: a merge that meets a full disk replaces whole parts by an empty
one. Inserts are refused long before that; merges need to be told.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
from typing import TYPE_CHECKING, Final

from sightline.base.errors import SightlineError
from sightline.server.room import LINES_SHARE

if TYPE_CHECKING:
    from pathlib import Path

    from sightline.server.rush import Rush
    from sightline.store.connect import Store
    from sightline.store.proof import Proof

LOOK_S: Final = 0.05
"""Seconds between two looks, each of some microseconds: a disk takes longer for what is left at the limit."""

STOP_SHARE: Final = LINES_SHARE / 2
"""
Share of the disk's reserve below which nothing is merged. No insert of ours gets there, so that retention, which
merges too, goes on where our own records are what fills the disk.
"""

_log = logging.getLogger(__name__)


class MergeGuard:
    """
    Looks at the disk of a store in a thread of its own.

    Args:
        store: an embedded one.
        directory: where it has its files.
        reserve_bytes: bytes of the disk that are to stay free.
        proof: is let look as well, so that it misses no moment in which the disk is full.
        rush: puts merges off as well, while the disk has room.
    """

    def __init__(
        self, store: Store, directory: Path, reserve_bytes: int, proof: Proof | None = None, rush: Rush | None = None
    ) -> None:
        self._store = store
        self._directory = directory
        self._stop_bytes = int(reserve_bytes * STOP_SHARE)
        self._start_bytes = int(reserve_bytes * LINES_SHARE)
        self._proof = proof
        self._rush = rush
        self._full = False
        self._stopped = False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sightline-merges", daemon=True)

    def start(self) -> None:
        """Look once, and from now on."""
        self._look()
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(LOOK_S):
            with contextlib.suppress(OSError):  # a disk that does not answer may do so at the next look
                self._look()

    def _look(self) -> None:
        free = shutil.disk_usage(self._directory).free
        if self._proof is not None:
            self._proof.note(free)
        full = free <= self._start_bytes if self._full else free < self._stop_bytes
        if full and not self._full:
            _log.warning("The disk of %s has %s bytes free: nothing is merged.", self._directory, f"{free:,}")
        self._full = full
        stop = full or (self._rush is not None and self._rush.on)
        if stop != self._stopped:
            self._merge(on=not stop)

    def _merge(self, *, on: bool) -> None:
        try:
            self._store.merge(on=on)
        except SightlineError:
            return  # the next look tells it again
        self._stopped = not on
