"""Lets bound fields and the current span follow into threads and thread pools; tasks have them by themselves."""

from __future__ import annotations

import functools
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

from sightline.sdk.context import current, fields
from sightline.sdk.imports import when_imported
from sightline.sdk.recorder import recorder

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from concurrent.futures.thread import ThreadPoolExecutor

_OURS: Final = "sightline"
"""What the names of our own threads begin with: they serve the process, not who happened to start them."""


_POOLS: Final = "concurrent.futures.thread"
"""Imported by those who use it, and not by us: it takes a millisecond."""


class _Threads:
    """Wraps ``Thread.start`` and ``ThreadPoolExecutor.submit`` for as long as somebody asks for it."""

    def __init__(self) -> None:
        self._wanted: set[str] = set()
        self._start = threading.Thread.start
        self._submit: Any = None
        self._waits = False

    def want(self, who: str) -> None:
        """Begin, for *who*."""
        if not self._wanted:
            self._start = threading.Thread.start
            threading.Thread.start = _start  # type: ignore[method-assign]
        self._wanted.add(who)
        if _POOLS in sys.modules or not self._waits:
            self._waits = True
            when_imported(_POOLS, self._wrap_pools)

    def _wrap_pools(self) -> None:
        pool: Any = sys.modules[_POOLS].ThreadPoolExecutor
        if self._wanted and pool.submit is not _submit:
            self._submit = pool.submit
            pool.submit = _submit

    def unwant(self, who: str) -> None:
        """End, unless another one wants it, or somebody has wrapped them since."""
        self._wanted.discard(who)
        if self._wanted:
            return
        if threading.Thread.start is _start:
            threading.Thread.start = self._start  # type: ignore[method-assign]
        if _POOLS in sys.modules:
            pool: Any = sys.modules[_POOLS].ThreadPoolExecutor
            if pool.submit is _submit:
                pool.submit = self._submit

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
        submitted: Future[Any] = self._submit(pool, function, *args, **kwargs)
        return submitted


def _serves_its_starter(thread: threading.Thread) -> bool:
    """Tell threads that are started for a task at hand from those that outlive it and serve many."""
    if thread.name.startswith(_OURS):
        return False
    pools: Any = sys.modules.get(_POOLS)
    return pools is None or getattr(thread, "_target", None) is not pools._worker  # noqa: SLF001 - what pools run


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
