"""
Python's logging without its record, where nobody would see the record but us.

Below the level at which the host's own handlers listen, a record of Python's logging is built for us alone, and
building it takes longer than recording it. There the call is recorded from its arguments. Whatever could make a
difference to the host, a filter, a level of its own, a record factory, another hook, leads back to the ordinary way.
"""

from __future__ import annotations

import logging
import sys
import threading
from time import time_ns
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

from sightline.model.severity import number_of_python
from sightline.sdk import capture, guard
from sightline.sdk.context import fields
from sightline.sdk.logging import write
from sightline.sdk.recorder import recorder
from sightline.wire.lines import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

_frame = sys._getframe  # noqa: SLF001 - documented, and ten times cheaper than inspect
_bound_fields = fields.get
_original = logging.Logger._log  # noqa: SLF001 - the one place below all methods of a logger
_handle = logging.Logger.handle
_SOURCE: Final = str(logging._srcfile)  # noqa: SLF001 - by which Python knows its own frames
_NUMBERS: Final = {level: number_of_python(level) for level in (10, 20, 30, 40, 50)}
_thread = threading.current_thread
_level_name = logging.getLevelName
_plain: Final = (logging.Logger, logging.RootLogger)
_ALONE: Final = "sightline"
"""Key of our verdict among a logger's cached levels, which Python clears whenever a level changes anywhere."""


def _log(
    self: logging.Logger,
    level: int,
    msg: object,
    args: Any,
    exc_info: Any = None,
    extra: Mapping[str, object] | None = None,
    stack_info: bool = False,  # noqa: FBT001, FBT002
    stacklevel: int = 1,
) -> None:
    if exc_info is None and not stack_info and stacklevel == 1 and _took(self, level, msg, args, extra):
        return
    _original(self, level, msg, args, exc_info, extra, stack_info, stacklevel)


def _took(logger: logging.Logger, level: int, msg: object, args: Any, extra: Mapping[str, object] | None) -> bool:
    hook = capture.hook
    if level >= hook.host_level or level < hook.recorded_from or logger.filters or logger.disabled:
        return False
    verdict = logger._cache.get(_ALONE)  # type: ignore[attr-defined]  # noqa: SLF001
    if verdict is None:
        verdict = type(logger) in _plain and not capture.has_own_level(logger)
        logger._cache[_ALONE] = verdict  # type: ignore[attr-defined]  # noqa: SLF001
    if not verdict or _replaced():
        return False
    frame = _frame(3)
    # Called by a function of the module itself, the caller is further up; Python's own search finds it.
    return frame.f_code.co_filename != _SOURCE and _record(logger, level, msg, args, extra, frame)


def _replaced() -> bool:
    """Tell whether somebody else has a hand in how Python's logging makes or passes records."""
    python = logging.Logger
    return (
        python.callHandlers is not capture.call_handlers
        or python.handle is not _handle
        or logging._logRecordFactory is not logging.LogRecord  # type: ignore[attr-defined]  # noqa: SLF001
    )


def _record(
    logger: logging.Logger, level: int, msg: object, args: Any, extra: Mapping[str, object] | None, frame: Any
) -> bool:
    """Record the call; False where the ordinary way must have it, for it raises on wrong ``extra``."""
    busy = capture.hook.busy
    if getattr(busy, "on", False) or not recorder.enabled:
        return True
    if extra is not None and not capture.STANDARD.isdisjoint(extra):
        return False
    busy.on = True
    try:
        told: dict[str, Any] = {**(_bound_fields() or {}), **(extra or {})}
        code = frame.f_code
        told["code.file.path"] = code.co_filename
        told["code.function.name"] = code.co_name
        told["code.line.number"] = frame.f_lineno
        told["thread.name"] = _thread().name
        write(
            time_ns(),
            _NUMBERS.get(level) or number_of_python(level),
            _level_name(level),
            logger.name,
            _message(msg, args),
            told,
        )
    except Exception as error:
        guard.failed("logging", error)
    finally:
        busy.on = False
    return True


def _message(msg: object, args: Any) -> str:
    """Put the arguments into the message as ``LogRecord`` does; where they do not fit, give both."""
    try:
        text = str(msg)
        if not args:
            return text
        if len(args) == 1 and isinstance(args[0], dict) and args[0]:
            args = args[0]
        return str(text % args)
    except Exception:
        return f"{describe(msg)} {describe(args)}"


_ours: Final = FunctionType(
    # Searches for the caller, Python's and structlog's, pass over frames of the module ``logging``: this is one.
    _log.__code__.replace(co_filename=_SOURCE),
    {"__name__": "logging", "_took": _took, "_original": _original},
    "_log",
    _log.__defaults__,
)


def install() -> None:
    """Take the short way from now on, where it makes no difference."""
    if logging.Logger._log is _original:  # noqa: SLF001
        logging.Logger._log = _ours  # type: ignore[method-assign]  # noqa: SLF001


def remove() -> None:
    """Leave Python's logging as it was found, unless somebody has replaced ours since."""
    if logging.Logger._log is _ours:  # noqa: SLF001
        logging.Logger._log = _original  # type: ignore[method-assign]  # noqa: SLF001
