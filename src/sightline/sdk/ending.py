"""What is done when a process ends in a way that ``atexit`` does not see."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from sightline.sdk import guard

if TYPE_CHECKING:
    from collections.abc import Callable


class _Ending:
    """Ends children of ``multiprocessing`` in order: they leave without running what ``atexit`` knows."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[], None]] = []
        self._registered = False

    def add(self, callback: Callable[[], None]) -> None:
        """Call *callback* at the end of each such child, too."""
        self._callbacks.append(callback)

    def expect(self) -> None:
        """Make the child that is about to start, and those after it, end in order."""
        if self._registered or "multiprocessing.util" not in sys.modules:
            return
        from multiprocessing import util

        util.register_after_fork(self, _Ending._arrange)
        self._registered = True

    def _arrange(self) -> None:
        from multiprocessing import util

        # The lowest priority runs last: what other finalizers record is still taken.
        util.Finalize(None, self._end, exitpriority=-1_000_000)

    def _end(self) -> None:
        for callback in self._callbacks:
            try:
                callback()
            except Exception as error:
                guard.failed("ending", error)


ending: Final = _Ending()
"""The ending of this process and its children."""

os.register_at_fork(before=ending.expect)
