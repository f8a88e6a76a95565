"""The one thread that Sightline runs in a user's process: it runs what is due, and is never there at a fork."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sightline.sdk import guard
from sightline.sdk.ending import ending
from sightline.sdk.quiet_thread import QuietThread
from sightline.sdk.recorder import recorder

if TYPE_CHECKING:
    from collections.abc import Callable

_PAUSE_S: Final = 0.2
"""Longest that a fork waits for a task that is running. The child does without the thread in any case."""

_FINISH_S: Final = 1.0
"""Longest that the end of the process waits for the last run of the tasks."""


@dataclass(slots=True)
class Task:
    """
    Something that is done again and again.

    Attributes:
        run: what is done; its failures are noted and do not stop it.
        interval: tells after a run how many seconds lie before the next.
        first_s: seconds until the first run.
        at_end: whether it runs once more before recording stops.
        due: when it runs next, on the monotonic clock.
    """

    run: Callable[[], None]
    interval: Callable[[], float]
    first_s: float
    at_end: bool = False
    due: float = 0.0


class Background:
    """
    Runs tasks in one daemon thread per process.

    The thread ends before a fork and starts again after it, in the parent and in the child: a lock that it might hold
    is free, and Python sees no second thread that would be lost.
    """

    def __init__(self) -> None:
        self._tasks: list[Task] = []
        self._active = False
        self._fresh()

    def _fresh(self) -> None:
        # Guards the three fields below, and wakes the thread.
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._ending = False
        self._final = False

    def add(self, task: Task) -> None:
        """Run *task* from now on, whenever recording is on."""
        task.due = time.monotonic() + task.first_s
        with self._changed:
            self._tasks.append(task)
            self._changed.notify_all()

    def start(self) -> None:
        """Begin to run the tasks."""
        self._active = True
        for task in self._tasks:
            task.due = time.monotonic() + task.first_s
        self._launch()

    def stop(self) -> None:
        """Run once more what runs at the end, and end the thread. Takes a second at most."""
        self._active = False
        self._end(_FINISH_S, final=True)

    def pause(self) -> None:
        """End the thread for now, before a fork."""
        if self._active:
            self._end(_PAUSE_S, final=False)

    def resume(self) -> None:
        """Start the thread again, after a fork."""
        if self._active:
            self._launch()

    def reborn(self) -> None:
        """Start anew in a forked child, where no thread of the parent runs."""
        self._fresh()
        if self._active:
            self.start()

    def _launch(self) -> None:
        with self._changed:
            if self._thread is not None and self._thread.is_alive():
                return
            thread = QuietThread(target=self._loop, name="sightline", daemon=True)
            self._ending = self._final = False
            self._thread = thread
        try:
            thread.start()
        except RuntimeError as error:
            # No thread can be started: the limit is reached, or the interpreter ends.
            self._thread = None
            guard.failed("background", error)

    def _end(self, wait_s: float, *, final: bool) -> None:
        with self._changed:
            thread, self._thread = self._thread, None
            self._ending, self._final = True, final
            self._changed.notify_all()
        if thread is not None and thread is not threading.current_thread() and thread.is_alive():
            thread.join(wait_s)

    def _loop(self) -> None:
        me = threading.current_thread()
        while True:
            with self._changed:
                while not self._ending and (wait_s := self._wait_s()) > 0:
                    self._changed.wait(wait_s)
                ending, final = self._ending or self._thread is not me, self._final
            now = time.monotonic()
            for task in list(self._tasks):
                if (final and task.at_end) or (not ending and task.due <= now):
                    self._run(task)
            if ending:
                return

    def _wait_s(self) -> float:
        return min((task.due for task in self._tasks), default=time.monotonic() + 3600) - time.monotonic()

    def _run(self, task: Task) -> None:
        try:
            task.run()
        except Exception as error:
            guard.failed(task.run.__qualname__, error)
        finally:
            task.due = time.monotonic() + task.interval()


background: Final = Background()
"""The background of this process."""


recorder.on_start(background.start)
recorder.on_stop(background.stop)
recorder.on_fork(background.reborn)
ending.add(recorder.stop)
# Handlers before a fork run last come, first served: the thread has ended before the recorder holds its writer.
os.register_at_fork(before=background.pause, after_in_parent=background.resume)
