"""Errors: each a log line of level ERROR with its category, severity and fingerprint, and a count."""

from __future__ import annotations

import threading
import traceback
from collections import Counter
from time import time_ns
from typing import TYPE_CHECKING, Any, Final

from sightline.model.error import ErrorCategory, ErrorSeverity
from sightline.model.fingerprint import LONGEST_CHAIN, MOST_MEMBERS
from sightline.model.severity import NUMBERS
from sightline.sdk import fingerprint as naming
from sightline.sdk import guard, metrics, redact, told_errors
from sightline.sdk.context import fields
from sightline.sdk.logging import levels, write
from sightline.sdk.recorder import recorder
from sightline.sdk.tracing import exception_attributes
from sightline.wire.lines import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sightline.sdk.logging import Place

LOGGER: Final = "sightline.errors"
"""The logger under whose name errors are found."""

COUNTER: Final = "sightline_errors"
"""The counter's family: ``sightline_errors_total{category,type,severity}``. Hosts have an ``errors`` themselves."""

_MOST_TYPES: Final = 1000
"""Types of exceptions that are counted apart. Programs can make types without end; further ones count as ``other``."""

_LONGEST_STACK: Final = 64 * 1024
"""Characters kept of a stack trace; what is cut out lies in the middle."""

_LONGEST_MESSAGE: Final = 8 * 1024
"""Characters kept of a message."""

_LONGEST_OTHER: Final = 500
"""Characters kept of the message of an exception behind or within another."""


class _Counts:
    """How often each error happened in this process."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        # Guards the counts.
        self._lock = threading.Lock()
        self._by_key: Counter[str] = Counter()

    def add(self, category: str, kind: str) -> str:
        """Count one, and give the type under which it is counted."""
        with self._lock:
            key = f"{category}:{kind}"
            if key not in self._by_key and len(self._by_key) >= _MOST_TYPES:
                kind = "other"
                key = f"{category}:{kind}"
            self._by_key[key] += 1
        return kind

    def read(self) -> dict[str, int]:
        """Give all counts by ``category:type``."""
        with self._lock:
            return dict(self._by_key)


_counts: Final = _Counts()
recorder.on_fork(_counts.renew)


def error_counts() -> dict[str, int]:
    """Tell how often each error was tracked in this process, by ``category:type``: ``{"database:KeyError": 3}``."""
    return _counts.read()


def track_error(
    error: BaseException,
    category: ErrorCategory | str = ErrorCategory.SYSTEM,
    severity: ErrorSeverity | str = ErrorSeverity.MEDIUM,
    context: Mapping[str, Any] | None = None,
) -> str:
    """
    Record an error that was caught, and count it.

    It becomes a log line of level ERROR, logger ``sightline.errors``, with ``exception.type``, ``.message`` and
    ``.stacktrace`` (causes, groups and source lines included), ``error.category``, ``error.severity`` and
    ``error.fingerprint``, the bound fields such as ``request_id`` and ``user_id``, and the ids of the current span.

    Args:
        error: the exception.
        category: what it is about.
        severity: how bad it is; a critical one is for alerts that go out at once.
        context: more fields of the record; secrets are taken out.

    Returns:
        The fingerprint, 16 hex digits: the same for each occurrence of the same error.

    Raises:
        ValueError: if *category* or *severity* is none of those that exist.
    """
    return _track(error, ErrorCategory(category), ErrorSeverity(severity), context, "")


def unhandled(error: BaseException, mechanism: str, context: Mapping[str, Any] | None = None) -> None:
    """Record an exception that nobody handled, unless it was recorded before; *mechanism* says where it ended."""
    if not recorder.enabled or not worth_telling(error) or told_errors.fingerprint_of(error):
        return
    if recorder.settings["capture_errors"].value:
        _track(error, ErrorCategory.SYSTEM, ErrorSeverity.HIGH, context, mechanism)


def worth_telling(error: BaseException) -> bool:
    """Tell errors from what ends a program or a task on purpose: ``SystemExit``, ``KeyboardInterrupt``, …."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(Exception) is not None
    return isinstance(error, Exception)


def _track(
    error: BaseException,
    category: ErrorCategory,
    severity: ErrorSeverity,
    context: Mapping[str, Any] | None,
    mechanism: str,
) -> str:
    name = ""
    try:
        name = naming.fingerprint(error)
        if levels.show is not None and not mechanism:
            told = {"error.category": category.value, "error.severity": severity.value, "error.fingerprint": name}
            body = f"{type(error).__name__}: {describe(error)}"
            levels.show(LOGGER, 40, body, {**(context or {}), **told}, error, _place(error))
        if not recorder.enabled:
            return name
        kind = _counts.add(category.value, type(error).__name__)
        counter = metrics.counter(COUNTER, "Errors that were tracked or that nobody handled.", _LABELS)
        counter.labels(category.value, kind, severity.value).inc()
        told = _attributes(error, mechanism)
        told["error.category"], told["error.severity"] = category.value, severity.value
        told["error.fingerprint"] = name
        _record(error, {**(fields.get() or {}), **(context or {}), **told})
        told_errors.note(error, name)
    except Exception as failure:
        guard.failed("errors", failure)
    return name


_LABELS: Final = ("category", "type", "severity")


def _record(error: BaseException, told: dict[str, Any]) -> None:
    body = told["exception.message"] or told["exception.type"]
    body = redact.redactor.text(f"{type(error).__name__}: {body}")
    write(time_ns(), NUMBERS["ERROR"], "ERROR", LOGGER, body, told)


def _place(error: BaseException) -> Place:
    frames = list(naming.frames(error.__traceback__))
    if not frames:
        return "", 0, ""
    frame, line = frames[-1]
    return frame.f_code.co_filename, line, frame.f_code.co_name


def _attributes(error: BaseException, mechanism: str) -> dict[str, Any]:
    links = list(naming.chain(error))
    told: dict[str, Any] = {
        "exception.type": _type_of(error),
        "exception.message": redact.short(describe(error), _LONGEST_MESSAGE),
        "exception.stacktrace": _stack(error, links),
        "thread.name": threading.current_thread().name,
        "error.handled": not mechanism,
    }
    if mechanism:
        told["error.mechanism"] = mechanism
    if len(links) > 1:
        told["error.chain"] = [
            {
                "type": _type_of(one),
                "message": redact.short(describe(one), _LONGEST_OTHER),
                "relation": relation or "raised",
            }
            for one, relation in links
        ]
    if isinstance(error, BaseExceptionGroup):
        told["error.members"] = [
            {
                "type": _type_of(one),
                "message": redact.short(describe(one), _LONGEST_OTHER),
                "fingerprint": naming.fingerprint(one),
            }
            for one in error.exceptions[:MOST_MEMBERS]
        ]
    inner = list(naming.frames(error.__traceback__))
    own = [place for place in inner if naming.is_application(place[0].f_code.co_filename)]
    if inner:
        frame, line = (own or inner)[-1]
        told["code.file.path"] = frame.f_code.co_filename
        told["code.function.name"] = frame.f_code.co_qualname
        told["code.line.number"] = line
    if _wants_locals():
        from sightline.sdk.frame_locals import told_locals

        told["error.locals"] = told_locals(error.__traceback__)
    return told


def _wants_locals() -> bool:
    setting = recorder.settings.get("capture_locals")
    return setting is not None and bool(setting.value)


def _type_of(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _stack(error: BaseException, links: list[tuple[BaseException, str]]) -> str:
    last = links[-1][0]
    if len(links) == LONGEST_CHAIN and (last.__cause__ or last.__context__):
        # Python would format all of a chain, however long it is.
        text = "\n".join(_bare_stack(one) for one, _ in reversed(links))
    else:
        text = exception_attributes(error)["exception.stacktrace"]
    text = redact.redactor.text(text)
    if len(text) > _LONGEST_STACK:
        half = _LONGEST_STACK // 2
        text = f"{text[:half]}\n… {len(text) - 2 * half} characters …\n{text[-half:]}"
    return text


def _bare_stack(error: BaseException) -> str:
    stack = "".join(traceback.format_tb(error.__traceback__, limit=-20))
    message = redact.short(describe(error), _LONGEST_OTHER)
    return f"Traceback (most recent call last):\n{stack}{_type_of(error)}: {message}\n"
