"""
Ctrl-C while the ``sightline`` command starts: it ends quietly, never in the middle of an import or of what is opened.

Imports hardly anything itself: before it is in force, Python tells where it was interrupted.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final, Self

INTERRUPTED: Final = 130
"""Exit code: stopped by Ctrl-C, as shells count it."""


def is_command() -> bool:
    """Tell whether this process is the ``sightline`` command, as early as that can be told."""
    name = (getattr(sys, "argv", None) or [""])[0]  # an interpreter within another program may have none
    return os.path.basename(name) == "sightline" or sys.orig_argv[1:3] == ["-m", "sightline"]  # noqa: PTH119 - light


def end_at_once() -> None:
    """
    Let Ctrl-C end the process where it is, while nothing is open.

    As an exception it would come up in the middle of an import, where some libraries swallow it and others make
    another of it.
    """
    _replace(_end)


def as_usual() -> None:
    """Let Ctrl-C raise ``KeyboardInterrupt`` again, for what has something to clear up."""
    import signal

    _replace(signal.default_int_handler)


class Held:
    """
    Holds Ctrl-C back until what is done within is whole; a second one ends the process where it is.

    A context manager, that raises ``KeyboardInterrupt`` on the way out if it was asked for and nothing else is wrong.

    Attributes:
        asked: whether it was.
    """

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> Self:
        _replace(self._ask)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        as_usual()
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raise ``KeyboardInterrupt`` if it was asked for: here all that was begun is whole."""
        if self.asked:
            raise KeyboardInterrupt

    def _ask(self, *_: object) -> None:
        if self.asked:
            _end()
        self.asked = True


def _end(*_: object) -> None:
    os._exit(INTERRUPTED)


def _replace(handler: Any) -> None:
    """Set the handler in place of Python's or one of ours: who ignores Ctrl-C, or takes it otherwise, goes on so."""
    import signal
    import threading

    before = signal.getsignal(signal.SIGINT)
    ours = before is signal.default_int_handler or getattr(before, "__module__", "") == __name__
    if ours and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)


if is_command():
    end_at_once()
