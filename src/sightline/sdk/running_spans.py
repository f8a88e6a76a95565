"""
Which span each thread is within, as another thread sees it.

Python does not let one thread read the context variables of another. While a profile is taken, and only then, whoever
makes a span current notes it for its thread or task as well.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from contextvars import Context
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from sightline.sdk import tracing
from sightline.sdk.context import current, span_of

if TYPE_CHECKING:
    from contextvars import Token
    from types import FrameType

_WORKER: Final = "AnyIO worker thread"
"""Threads in which frameworks on AnyIO run functions that are not async, each call in the context of its request."""

_running_loop: Final = asyncio._get_running_loop  # noqa: SLF001 - unlike the public one it raises nothing where none runs
_ident: Final = threading.get_ident


class _NotingVariable:
    """Stands in the place of ``current``, and notes what is set."""

    def __init__(self, notes: RunningSpans) -> None:
        self._notes = notes
        self.get = current.get

    def set(self, value: Any) -> Token[Any]:
        self._notes.note(value)
        return current.set(value)

    def reset(self, token: Token[Any]) -> None:
        current.reset(token)
        self._notes.note(current.get())


def _use(variable: Any, instead_of: Any) -> None:
    """Have all who make a span current do it by *variable*; they look these names up at each call."""
    for name, module in list(sys.modules.items()):
        if not name.startswith("sightline.") or name == __name__:
            continue
        if vars(module).get("current") is instead_of:
            vars(module)["current"] = variable
        if vars(module).get("_set_current") == instead_of.set:
            vars(module)["_set_current"] = variable.set


class RunningSpans:
    """The spans that threads are within. From ``start`` to ``stop`` spans are dearer by tenths of a microsecond."""

    def __init__(self) -> None:
        self._started = False
        self._variable: Any = _NotingVariable(self)
        self._forget()

    def _forget(self) -> None:
        self._of_threads: dict[int, Any] = {}
        self._of_tasks: WeakKeyDictionary[asyncio.Task[Any], Any] = WeakKeyDictionary()
        self._loops: dict[int, asyncio.AbstractEventLoop] = {}

    def start(self) -> None:
        """Begin to note."""
        if self._started:
            return
        self._started = True
        _use(self._variable, current)
        self.note(current.get())

    def stop(self) -> None:
        """Note no more, and forget."""
        if not self._started:
            return
        self._started = False
        _use(current, self._variable)
        self._forget()

    def reborn(self) -> None:
        """Forget, in a forked child, the threads of the parent."""
        self._forget()

    def note(self, value: Any) -> None:
        """Note what is current now, in the thread or task that asks."""
        loop = _running_loop()
        if loop is None:
            self._of_threads[_ident()] = value
            return
        self._loops[_ident()] = loop
        task = asyncio.current_task(loop)
        if task is not None:
            self._of_tasks[task] = value

    def find(self, ident: int, thread: str, frame: FrameType) -> tracing.Span | None:
        """Find the span that a thread is within; None where it is within none, or it cannot be told."""
        loop = self._loops.get(ident)
        if loop is not None and not loop.is_closed():
            return _recording(self._of_task(loop))
        if thread.startswith(_WORKER):
            return _recording(_of_worker(frame))
        return _recording(self._of_threads.get(ident))

    def prune(self, idents: set[int]) -> None:
        """Forget threads that are gone; their numbers are given to new ones."""
        for known in (self._of_threads, self._loops):
            for gone in known.keys() - idents:
                known.pop(gone, None)

    def _of_task(self, loop: asyncio.AbstractEventLoop) -> Any:
        task = asyncio.current_task(loop)
        if task is None:
            return None
        if sys.version_info >= (3, 12):
            # The task's own context, which also has what it inherited; earlier Pythons do not show it.
            return task.get_context().get(current)
        return self._of_tasks.get(task)


def _of_worker(frame: FrameType) -> Any:
    """Find the context in which an AnyIO worker runs its function: it is a local variable of the worker's loop."""
    above: FrameType | None = frame
    while above is not None:
        if above.f_code.co_name == "run":
            found = above.f_locals.get("context")
            if isinstance(found, Context):
                return found.get(current)
        above = above.f_back
    return None


def _recording(value: Any) -> tracing.Span | None:
    """Give the span of a noted value, if it is one of ours and has not ended."""
    span = span_of(value)
    return span if isinstance(span, tracing.Span) and span.recording else None


running_spans: Final = RunningSpans()
"""The spans that the threads of this process are within."""
