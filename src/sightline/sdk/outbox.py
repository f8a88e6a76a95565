"""A bounded buffer between those who log and a destination that may be slow: a file, a socket."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import deque
from typing import TYPE_CHECKING, Final

from sightline.sdk import guard
from sightline.sdk.ending import ending
from sightline.sdk.quiet_thread import QuietThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PAUSE_S: Final = 0.2
"""Longest that a fork waits for a delivery that is under way."""

_FINISH_S: Final = 2.0
"""Longest that the end of the process waits for what is still in a buffer."""

_RETRY_S: Final = (0.1, 5.0)
"""First and longest pause after a delivery that failed."""

_STALLED_S: Final = 0.02
"""A delivery that takes longer than this is one that nobody waits for."""

_YIELD_S: Final = 0.0002
"""How long a caller lets the thread have the processor when the buffer is nearly full and the destination is well."""

_all: Final[weakref.WeakSet[Outbox]] = weakref.WeakSet()


class Outbox:
    """
    Takes lines without waiting and delivers them from a thread of its own, in order, many at once.

    A line that finds the buffer full is shed and counted, and the destination is told once there is room. The thread
    starts with the first line; it is not there at a fork, and what is waiting then is delivered by the parent alone.

    Attributes:
        shed: lines that were shed in this process.
    """

    def __init__(
        self,
        name: str,
        deliver: Callable[[list[bytes]], None],
        *,
        most: int = 1000,
        report: Callable[[int], bytes] | None = None,
        chores: Callable[[], Iterator[None]] | None = None,
        chores_in_s: Callable[[], float] = lambda: 3600.0,
    ) -> None:
        """
        Make a buffer.

        Args:
            name: of the destination, for people.
            deliver: takes lines, oldest first. Where it raises, the same lines are offered again later.
            most: lines that may wait; further ones are shed.
            report: makes a line that says how many were shed.
            chores: done beside, in small steps, each time that *chores_in_s* says.
            chores_in_s: seconds until the chores are due again.
        """
        self.name = name
        self.shed = 0
        self._deliver = deliver
        self._most = most
        self._report = report
        self._chores = chores
        self._chores_in_s = chores_in_s
        self._fresh()
        _all.add(self)

    def _fresh(self) -> None:
        # Guards all below, and wakes the thread and those who wait for it. A signal handler may log: re-entrant.
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._sending: list[bytes] = []
        self._sending_since = 0.0
        self._unreported = 0
        self._thread: threading.Thread | None = None
        self._ending = False
        self._due = 0.0

    def put(self, line: bytes) -> None:
        """Take a line; never waits for the destination."""
        with self._changed:
            used = len(self._waiting) + len(self._sending)
            if used >= self._most:
                self.shed += 1
                self._unreported += 1
                return
            self._waiting.append(line)
            if self._thread is None:
                self._launch()
            elif used == 0:
                self._changed.notify_all()
            stalled = bool(self._sending) and time.monotonic() - self._sending_since > _STALLED_S
        if used * 4 >= self._most * 3 and not stalled:
            # A loop that logs would not let the thread run for milliseconds, and fill the buffer by that alone.
            time.sleep(_YIELD_S)

    def flush(self, wait_s: float = _FINISH_S) -> bool:
        """Wait until all is delivered, for *wait_s* at most; tell whether it is."""
        until = time.monotonic() + wait_s
        with self._changed:
            if self._thread is None and self._unfinished():
                self._launch()
            while self._unfinished() and self._thread is not None:
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            return not self._unfinished()

    def close(self) -> bool:
        """
        Deliver what waits, for two seconds at most, and end the thread; tell whether it has ended.

        What the destination does not take then counts as shed. The buffer may be used again. A thread that has not
        ended waits for the destination, and may go on with it at any time.
        """
        self.flush()
        self.pause()
        with self._changed:
            ended = self._thread is None
            lines = [*self._sending, *self._take()] if ended else []
        if lines and not self._try(lines):
            self.shed += len(lines)
        if ended:
            self._fresh()
        return ended

    def pause(self) -> None:
        """End the thread for now."""
        with self._changed:
            thread, self._ending = self._thread, True
            self._changed.notify_all()
        if thread is not None and thread is not threading.current_thread():
            thread.join(_PAUSE_S)

    def resume(self) -> None:
        """Go on after a fork."""
        with self._changed:
            self._ending = False
            if self._thread is None and self._unfinished():
                self._launch()

    def reborn(self) -> None:
        """Begin anew in a forked child: what waited is the parent's to deliver."""
        self.shed = 0
        self._fresh()

    def _launch(self) -> None:
        self._ending = False
        thread = QuietThread(target=self._loop, name=f"sightline-{self.name}", daemon=True)
        self._thread = thread
        try:
            thread.start()
        except RuntimeError:
            # No thread can be started: the interpreter ends. ``close`` delivers.
            self._thread = None

    def _loop(self) -> None:
        steps: Iterator[None] | None = None
        retry_s = _RETRY_S[0]
        while True:
            if self._chores is not None and time.monotonic() >= self._due:
                self._due = time.monotonic() + self._chores_in_s()
                steps = steps or self._chores()
            if not self._next(busy=steps is not None):
                return
            if self._sending:
                retry_s = self._send(retry_s)
            if steps is not None:
                steps = self._step(steps)

    def _next(self, *, busy: bool) -> bool:
        """Wait for something to do, and take what waits; False where the thread is to end."""
        with self._changed:
            while not (busy or self._ending or self._unfinished()):
                wait_s = max(0.0, self._due - time.monotonic()) if self._chores is not None else None
                if not self._changed.wait(wait_s):
                    break
            if self._ending:
                self._thread = None
                self._changed.notify_all()
                return False
            if not self._sending:
                self._sending = self._take()
            self._sending_since = time.monotonic()
        return True

    def _send(self, retry_s: float) -> float:
        """Deliver what was taken, or wait a while where that fails; give the next such while."""
        done = self._try(self._sending)
        with self._changed:
            if done:
                self._sending = []
                self._changed.notify_all()
                return _RETRY_S[0]
            if not self._ending:
                self._changed.wait(retry_s)
            return min(2 * retry_s, _RETRY_S[1])

    def _unfinished(self) -> bool:
        return bool(self._waiting or self._sending or (self._unreported and self._report is not None))

    def _take(self) -> list[bytes]:
        lines = list(self._waiting)
        self._waiting.clear()
        if self._unreported and self._report is not None:
            count, self._unreported = self._unreported, 0
            lines.append(self._report(count))
        return lines

    def _try(self, lines: list[bytes]) -> bool:
        try:
            self._deliver(lines)
        except Exception as error:
            guard.failed(f"writing to {self.name}", error)
            return False
        return True

    def _step(self, steps: Iterator[None]) -> Iterator[None] | None:
        try:
            next(steps)
        except StopIteration:
            return None
        except Exception as error:
            guard.failed(f"tidying {self.name}", error)
            return None
        return steps


def _for_all(method: Callable[[Outbox], object]) -> Callable[[], None]:
    def call() -> None:
        for outbox in list(_all):
            method(outbox)

    return call


reborn: Final = _for_all(Outbox.reborn)
"""Starts all anew in a forked child."""

ending.add(_for_all(Outbox.close))
os.register_at_fork(
    before=_for_all(Outbox.pause),
    after_in_parent=_for_all(Outbox.resume),
    after_in_child=reborn,
)
