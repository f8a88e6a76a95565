"""Logs: our own logger, and every record that passes through Python's :mod:`logging`."""

from __future__ import annotations

import logging
import sys
import threading
from itertools import islice
from time import time_ns
from typing import TYPE_CHECKING, Any, Final

from sightline.model.log import LogRecord
from sightline.model.severity import number_of_python
from sightline.sdk import guard, redact
from sightline.sdk.context import current, fields, span_of
from sightline.sdk.recorder import recorder
from sightline.sdk.tracing import Span, exception_attributes
from sightline.wire.lines import describe, encode

if TYPE_CHECKING:
    from collections.abc import Callable

_get_current = current.get
_bound_fields = fields.get
_frame = sys._getframe  # noqa: SLF001 - documented, and ten times cheaper than inspect

DEBUG, INFO, WARNING, ERROR, CRITICAL = 10, 20, 30, 40, 50


def _ids(around: Any, record: LogRecord) -> None:
    """Put the ids of a span of another tracer on *record*."""
    ids = around.get_span_context()
    if ids.is_valid:
        record.trace, record.span = f"{ids.trace_id:032x}", f"{ids.span_id:016x}"


class Logger:
    """
    A logger that records straight into the spool.

    Attributes:
        name: as it is searched for.
        level: lowest level recorded, in Python's numbers.
    """

    __slots__ = ("level", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.level = levels.lowest

    def debug(self, message: object, /, **values: Any) -> None:
        """Record *message* and its fields at level DEBUG."""
        if self.level <= DEBUG:
            self._record(5, "DEBUG", message, values)

    def info(self, message: object, /, **values: Any) -> None:
        """Record *message* and its fields at level INFO."""
        if self.level <= INFO:
            self._record(9, "INFO", message, values)

    def warning(self, message: object, /, **values: Any) -> None:
        """Record *message* and its fields at level WARNING."""
        if self.level <= WARNING:
            self._record(13, "WARNING", message, values)

    def error(self, message: object, /, **values: Any) -> None:
        """Record *message* and its fields at level ERROR; ``exc_info=True`` adds the current exception."""
        if self.level <= ERROR:
            self._record(17, "ERROR", message, values)

    def critical(self, message: object, /, **values: Any) -> None:
        """Record *message* and its fields at level CRITICAL; ``exc_info=True`` adds the current exception."""
        if self.level <= CRITICAL:
            self._record(21, "CRITICAL", message, values)

    def exception(self, message: object, /, **values: Any) -> None:
        """Record *message*, its fields and the current exception at level ERROR."""
        if self.level <= ERROR:
            values.setdefault("exc_info", True)
            self._record(17, "ERROR", message, values)

    def _record(self, severity: int, level: str, message: object, values: dict[str, Any]) -> None:
        if not recorder.enabled:
            return
        try:
            frame = _frame(2)
            code = frame.f_code
            told = values
            if "exc_info" in values:
                told = _with_exception(values)
            told["code.function.name"] = code.co_name
            told["code.line.number"] = frame.f_lineno
            bound = _bound_fields()
            if bound:
                told = {**bound, **told}
            record = LogRecord(
                time_ns(), recorder.instance, "", "", severity, level, self.name,
                message if message.__class__ is str else describe(message), redact.redactor.clean(told),
            )  # fmt: skip
            around = span_of(_get_current())
            if around is not None:
                if around.__class__ is Span:
                    record.trace, record.span = around.trace_id, around.span_id
                else:
                    _ids(around, record)
            recorder.append(encode(record))
        except Exception as error:
            guard.failed("log", error)


def _with_exception(values: dict[str, Any]) -> dict[str, Any]:
    given = values.pop("exc_info")
    error = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else None
    if given is True:
        error = sys.exc_info()[1]
    return values if error is None else {**exception_attributes(error), **values}


class _Levels:
    """The lowest level that is recorded, for all loggers."""

    lowest = INFO


levels: Final = _Levels()
_loggers: Final[dict[str, Logger]] = {}


def get_logger(name: str = "", /) -> Logger:
    """Give the logger of this name; the same one at each call. Its methods take fields as keywords."""
    logger = _loggers.get(name)
    if logger is None:
        logger = _loggers.setdefault(name, Logger(name))
    return logger


def set_level(level: int) -> None:
    """Record from this level on, in all our loggers."""
    levels.lowest = level
    for logger in list(_loggers.values()):
        logger.level = level


# Python's own logging.

_STANDARD: Final = tuple(logging.LogRecord("", 0, "", 0, "", None, None).__dict__)
"""What every record has, in the order in which it is set. What comes behind was given as ``extra``."""

_STANDARD_SET: Final = frozenset((*_STANDARD, "message", "asctime", "taskName"))
_LAST: Final = _STANDARD[-1]
_OUR_OWN: Final = "sightline"


def capture(record: logging.LogRecord) -> None:
    """Record what went through Python's logging, with its extra fields, the context's and the ids of the span."""
    known = record.__dict__
    told: dict[str, Any] = dict(_bound_fields() or ())
    if len(known) > len(_STANDARD):
        told.update(_extra(known))
    if record.exc_info and record.exc_info[1] is not None:
        told.update(exception_attributes(record.exc_info[1]))
    elif record.exc_text:
        told["exception.stacktrace"] = record.exc_text
    if record.stack_info:
        told["code.stacktrace"] = record.stack_info
    told["code.file.path"] = record.pathname
    told["code.function.name"] = record.funcName
    told["code.line.number"] = record.lineno
    told["thread.name"] = record.threadName
    try:
        message = record.getMessage()
    except Exception:
        message = f"{describe(record.msg)} {describe(record.args)}"
    line = LogRecord(
        int(record.created * 1e9), recorder.instance, "", "", number_of_python(record.levelno), record.levelname,
        record.name, message, redact.redactor.clean(told),
    )  # fmt: skip
    around = span_of(_get_current())
    if around is not None:
        if around.__class__ is Span:
            line.trace, line.span = around.trace_id, around.span_id
        else:
            _ids(around, line)
    recorder.append(encode(line))


def _extra(known: dict[str, Any]) -> dict[str, Any]:
    """Pick the fields given as ``extra``: they stand behind the standard ones, unless a factory put some before."""
    behind = dict(islice(known.items(), len(_STANDARD) - 1, None))
    if behind.pop(_LAST, None) is not None and next(iter(behind), None) is not None and known.keys() >= _FIRST:
        return {key: value for key, value in behind.items() if key not in _STANDARD_SET}
    return {key: value for key, value in known.items() if key not in _STANDARD_SET}


_FIRST: Final = frozenset(_STANDARD)


class _Hook:
    """
    Sees each record after its logger's level and filters, whatever handlers there are.

    A handler on the root logger would miss loggers that do not propagate, vanish with ``dictConfig``, and keep
    ``basicConfig`` and the last resort on stderr from working. ``callHandlers`` is the one place all records pass.
    """

    def __init__(self) -> None:
        self.installed = False
        self.host_level = logging.WARNING
        self._original: Callable[[logging.Logger, logging.LogRecord], None] = logging.Logger.callHandlers
        self._busy = threading.local()

    def install(self, level: int) -> None:
        """Begin to see records, and let those from *level* on pass the root logger."""
        root = logging.getLogger()
        if not self.installed:
            self.installed = True
            self._original = logging.Logger.callHandlers
            self.host_level = root.level
            logging.Logger.callHandlers = _call_handlers  # type: ignore[method-assign, assignment]
            root.setLevel = self._set_root_level  # type: ignore[method-assign]
        self._lower(root, level)

    def remove(self) -> None:
        """Leave Python's logging as it was found."""
        if not self.installed:
            return
        self.installed = False
        root = logging.getLogger()
        logging.Logger.callHandlers = self._original  # type: ignore[method-assign, assignment]
        vars(root).pop("setLevel", None)
        root.setLevel(self.host_level)

    def _lower(self, root: logging.Logger, level: int) -> None:
        self._recorded_from = level
        logging.Logger.setLevel(root, min(level, self.host_level) if self.host_level else self.host_level)

    def _set_root_level(self, level: int | str) -> None:
        """Stand in for the root logger's ``setLevel``: the host's level steers its handlers, not our recording."""
        root = logging.getLogger()
        logging.Logger.setLevel(root, level)
        self.host_level = root.level
        self._lower(root, self._recorded_from)

    def see(self, logger: logging.Logger, record: logging.LogRecord) -> None:
        """Record *record*, then let the host's handlers have it if the host's own level lets it pass."""
        busy = self._busy
        if record.levelno >= self._recorded_from and recorder.enabled and not getattr(busy, "on", False):
            busy.on = True
            try:
                capture(record)
            except Exception as error:
                guard.failed("logging", error)
            finally:
                busy.on = False
        if record.levelno >= self.host_level or _has_own_level(logger):
            self._original(logger, record)


def _has_own_level(logger: logging.Logger) -> bool:
    """Tell whether a logger below the root sets a level, so that the root's does not apply."""
    at: logging.Logger | None = logger
    while at is not None and at.parent is not None:
        if at.level:
            return True
        at = at.parent
    return False


hook: Final = _Hook()


def _call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
    hook.see(logger, record)
