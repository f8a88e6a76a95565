"""Lets bound fields and the current span follow into threads and thread pools; tasks have them by themselves."""

from __future__ import annotations

import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import thread as pools
from typing import TYPE_CHECKING, Any, Final

from sightline.sdk.context import current, fields
from sightline.sdk.recorder import recorder

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

_OURS: Final = "sightline"
"""What the names of our own threads begin with: they serve the process, not who happened to start them."""


class _Threads:
    """Wraps ``Thread.start`` and ``ThreadPoolExecutor.submit`` for as long as somebody asks for it."""

    def __init__(self) -> None:
        self._wanted: set[str] = set()
        self._start = threading.Thread.start
        self._submit = ThreadPoolExecutor.submit

    def want(self, who: str) -> None:
        """Begin, for *who*."""
        if not self._wanted:
            self._start, self._submit = threading.Thread.start, ThreadPoolExecutor.submit
            threading.Thread.start = _start  # type: ignore[method-assign]
            ThreadPoolExecutor.submit = _submit  # type: ignore[method-assign, assignment]
        self._wanted.add(who)

    def unwant(self, who: str) -> None:
        """End, unless another one wants it, or somebody has wrapped them since."""
        self._wanted.discard(who)
        if self._wanted:
            return
        if threading.Thread.start is _start:
            threading.Thread.start = self._start  # type: ignore[method-assign]
        if ThreadPoolExecutor.submit is _submit:
            ThreadPoolExecutor.submit = self._submit  # type: ignore[method-assign]

    def start(self, thread: threading.Thread) -> None:
        """Start *thread* with what is bound here."""
        span, bound = current.get(), fields.get()
        own = vars(thread)
        if (span is not None or bound is not None) and "run" not in own and _serves_its_starter(thread):
            own["run"] = functools.partial(_run, thread, span, bound)
        try:
            self._start(thread)
        except BaseException:
            own.pop("run", None)
            raise

    def submit(
        self, pool: ThreadPoolExecutor, function: Callable[..., Any], args: Any, kwargs: dict[str, Any]
    ) -> Future[Any]:
        """Give *function* to *pool*, to be run with what is bound here."""
        span, bound = current.get(), fields.get()
        if span is not None or bound is not None:
            function = functools.partial(_within, span, bound, function)
        return self._submit(pool, function, *args, **kwargs)


def _serves_its_starter(thread: threading.Thread) -> bool:
    """Tell threads that are started for a task at hand from those that outlive it and serve many."""
    return not thread.name.startswith(_OURS) and getattr(thread, "_target", None) is not pools._worker  # noqa: SLF001


def _run(thread: threading.Thread, span: Any, bound: dict[str, Any] | None) -> None:
    del vars(thread)["run"]
    current.set(span)
    fields.set(bound)
    thread.run()


def _within(span: Any, bound: dict[str, Any] | None, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    before = current.get(), fields.get()
    current.set(span)
    fields.set(bound)
    try:
        return function(*args, **kwargs)
    finally:
        current.set(before[0])
        fields.set(before[1])


threads: Final = _Threads()


def _start(self: threading.Thread) -> None:
    threads.start(self)


def _submit(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
    return threads.submit(self, fn, args, kwargs)


recorder.on_start(functools.partial(threads.want, "recording"))
recorder.on_stop(functools.partial(threads.unwant, "recording"))
