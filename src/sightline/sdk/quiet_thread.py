"""Threads that no signal of the host's is given to."""

from __future__ import annotations

import signal
import threading
from typing import Final

_OF_THE_THREAD: Final = frozenset(
    {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS}
)
"""What a thread brings upon itself, and what tells of it, such as ``faulthandler``, must hear."""

_OF_THE_HOST: Final = frozenset(signal.valid_signals() - _OF_THE_THREAD)


class QuietThread(threading.Thread):
    """
    A thread of our own, in which all signals are blocked from its beginning.

    A host that blocks a signal while it must not be interrupted does so in its own thread only. Given to another one,
    the signal ends the process all the same: children of Celery's pool died like that with the pool's lock in hand.
    """

    def start(self) -> None:
        """Begin, with the signals blocked; those of the thread that starts it are as before."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _OF_THE_HOST)
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
