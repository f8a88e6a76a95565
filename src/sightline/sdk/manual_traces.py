"""Traces for code that times its own steps: begun, filled and ended by calls, and recorded like all others."""

from __future__ import annotations

import threading
from time import time_ns
from typing import Any, Final

from sightline.model.span import INTERNAL
from sightline.sdk import guard
from sightline.sdk.context import current_span
from sightline.sdk.recorder import recorder
from sightline.sdk.tracing import Span

_MOST_OPEN: Final = 1000
"""Traces that are open at once. Beyond, the oldest is ended as it stands: somebody forgot it."""

_open: dict[str, Span] = {}
# Guards the open traces.
_lock = threading.Lock()


def _reborn() -> None:
    global _lock  # noqa: PLW0603 - renewed with the process
    _lock = threading.Lock()
    _open.clear()


recorder.on_fork(_reborn)


def start_trace(name: str, **attributes: Any) -> str:
    """
    Begin a trace, or a part of the current one.

    Returns:
        What ``add_span`` and ``end_trace`` know it by: a W3C ``traceparent``, which may also be sent to other services.
    """
    root = Span(name, INTERNAL, attributes or None)
    root.begin(current_span())
    key = f"00-{root.trace_id}-{root.span_id}-01"
    forgotten = None
    with _lock:
        if len(_open) >= _MOST_OPEN:
            forgotten = _open.pop(next(iter(_open)))
        _open[key] = root
    if forgotten is not None:
        forgotten.set_attribute("sightline.forgotten", value=True)
        forgotten.end()
    return key


def add_span(
    trace: str,
    name: str,
    duration_s: float | None = None,
    *,
    start_ns: int | None = None,
    error: BaseException | str | None = None,
    **attributes: Any,
) -> None:
    """
    Add a step that is over to a trace; one that was ended already is left as it is.

    Args:
        trace: what ``start_trace`` gave.
        name: of the step, such as ``embedding``.
        duration_s: how long it took. It ended now, unless *start_ns* is given.
        start_ns: when it began, nanoseconds since the epoch.
        error: what went wrong.
        attributes: what is known of it.
    """
    with _lock:
        root = _open.get(trace)
    if root is None:
        return
    try:
        taken = round((duration_s or 0.0) * 1e9)
        step = Span(name, INTERNAL, attributes or None)
        step.start = start_ns or time_ns() - taken
        step.begin(root)
        _note(step, error)
        step.end(step.start + taken)
    except Exception as failure:
        guard.failed("add_span", failure)


def end_trace(trace: str, status: str = "ok", error: BaseException | str | None = None) -> None:
    """
    End a trace; doing it twice changes nothing.

    Args:
        trace: what ``start_trace`` gave.
        status: ``ok`` or ``error``, or a word of your own, which is kept as the attribute ``status``.
        error: what went wrong; makes the status an error.
    """
    with _lock:
        root = _open.pop(trace, None)
    if root is None:
        return
    if error is not None or status.lower() == "error":
        _note(root, error if error is not None else "")
    elif status.lower() == "ok":
        root.mark_ok()
    else:
        root.set_attribute("status", status)
    root.end()


def _note(span: Span, error: BaseException | str | None) -> None:
    if isinstance(error, BaseException):
        span.fail(error)
    elif error is not None:
        span.mark_failed(error)
