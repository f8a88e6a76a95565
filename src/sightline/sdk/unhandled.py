"""
Sees the exceptions that nobody handled: in the program, its threads, tasks, processes and destructors.

The host's own hooks are called as before. One that the host sets later, and that does not call the one before it,
takes ours out.
"""

from __future__ import annotations

import importlib
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

from sightline.sdk import guard
from sightline.sdk.imports import when_imported
from sightline.sdk.recorder import recorder

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


def _tell(error: BaseException | None, mechanism: str, describe: Callable[[], dict[str, Any]] = dict) -> None:
    if error is None or not recorder.enabled:
        return
    try:
        # Imported when there is an error: a program without one is spared it.
        from sightline.sdk import errors

        errors.unhandled(error, mechanism, describe())
    except Exception as failure:
        guard.failed("errors", failure)


class _Hooks:
    """The hooks of ``sys`` and ``threading``, around those that were there."""

    def __init__(self) -> None:
        self._before: dict[Any, Any] = {}
        self._patched = False

    def install(self) -> None:
        """Put the hooks in, where they are not in already."""
        for place, name, make in _PLACES:
            present = getattr(place, name)
            if not getattr(present, "by_sightline", False):
                hook = make(present)
                hook.by_sightline = True
                self._before[place, name] = (present, hook)
                setattr(place, name, hook)
        if not self._patched:
            self._patched = True
            when_imported("asyncio.base_events", lambda: _watch_loop("asyncio.base_events", "BaseEventLoop"))
            when_imported("uvloop", lambda: _watch_loop("uvloop", "Loop"))
            when_imported("multiprocessing.process", _watch_processes)

    def remove(self) -> None:
        """Put back what was there, unless the host has put another hook around ours."""
        for place, name, _ in _PLACES:
            present, hook = self._before.pop((place, name), (None, None))
            if hook is not None and getattr(place, name) is hook:
                setattr(place, name, present)


def _program_hook(before: Callable[..., Any]) -> Any:
    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        _tell(error, "sys.excepthook")
        before(kind, error, trace)

    return hook


def _thread_hook(before: Callable[..., Any]) -> Any:
    def hook(args: threading.ExceptHookArgs) -> None:
        _tell(
            args.exc_value,
            "threading.excepthook",
            lambda: {} if args.thread is None else {"thread.name": args.thread.name},
        )
        before(args)

    return hook


def _unraisable_hook(before: Callable[..., Any]) -> Any:
    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        _tell(
            unraisable.exc_value,
            "sys.unraisablehook",
            # The object itself may be half destroyed; only its type is told.
            lambda: {"error.where": unraisable.err_msg or "", "error.object": type(unraisable.object).__qualname__},
        )
        before(unraisable)

    return hook


_PLACES: Final = (
    (sys, "excepthook", _program_hook),
    (threading, "excepthook", _thread_hook),
    (sys, "unraisablehook", _unraisable_hook),
)


def _watch_loop(module: str, name: str) -> None:
    """See what a loop's exception handler is given, whichever handler the host has set."""
    kind = getattr(importlib.import_module(module), name)
    before = kind.call_exception_handler

    def call_exception_handler(self: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        _tell(error, "asyncio", lambda: {"error.where": context.get("message", ""), **_task(context)})
        before(self, context)

    kind.call_exception_handler = call_exception_handler


def _task(context: dict[str, Any]) -> dict[str, str]:
    task = context.get("task") or context.get("future")
    name = getattr(task, "get_name", None)
    return {} if name is None else {"asyncio.task": str(name())}


def _watch_processes() -> None:
    """See what ends a child of ``multiprocessing``, which prints it and leaves, past all hooks."""
    kind: Any = importlib.import_module("multiprocessing.process").BaseProcess
    before = kind._bootstrap  # noqa: SLF001 - the one place that all processes pass

    def bootstrap(self: Any, *args: Any, **kwargs: Any) -> Any:
        run = self.run

        def run_and_tell() -> None:
            try:
                run()
            except BaseException as error:
                _tell(error, "multiprocessing", lambda: {"process.name": self.name})
                raise

        self.run = run_and_tell
        return before(self, *args, **kwargs)

    kind._bootstrap = bootstrap  # noqa: SLF001


hooks: Final = _Hooks()
"""The hooks of this process; ``configure`` puts them in."""
