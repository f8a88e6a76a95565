"""Logs: our own logger, and the one way on which each log gets into the spool."""

from __future__ import annotations

import sys
import weakref
from time import time_ns
from typing import TYPE_CHECKING, Any, Final

from sightline.model.log import LogRecord
from sightline.sdk import guard, redact
from sightline.sdk.context import current, fields, span_of
from sightline.sdk.recorder import recorder
from sightline.sdk.told_errors import log_attributes
from sightline.sdk.tracing import Span
from sightline.wire.lines import describe, encode

if TYPE_CHECKING:
    from collections.abc import Callable

_get_current = current.get
_bound_fields = fields.get
_frame = sys._getframe  # noqa: SLF001 - documented, and ten times cheaper than inspect

DEBUG, INFO, WARNING, ERROR, CRITICAL = 10, 20, 30, 40, 50


def _ids(around: Any, record: LogRecord) -> None:
    """Put the ids of any kind of span on *record*."""
    if isinstance(around, Span):
        record.trace, record.span = around.trace_id, around.span_id
        return
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

    __slots__ = ("__weakref__", "_always", "level", "name")

    def __init__(self, name: str, *, always: bool = False) -> None:
        """
        Make a logger; most code asks ``get_logger`` for one.

        Args:
            name: as it is searched for.
            always: record from INFO on, whatever the level is set to.
        """
        self.name = name
        self._always = always
        self.level = INFO if always else lowest()
        if not always:
            _loggers_of_all_kinds.add(self)

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
        if levels.show is not None:
            self._record_and_show(severity, level, message, values)
            return
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
                redact.redactor.text(message if message.__class__ is str else describe(message)),
                redact.redactor.clean(told),
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

    def _record_and_show(self, severity: int, level: str, message: object, values: dict[str, Any]) -> None:
        frame = _frame(3)
        code = frame.f_code
        tell(
            self.name, severity, level, message, values, (code.co_filename, frame.f_lineno, code.co_name),
            always=self._always,
        )  # fmt: skip


Place = tuple[str, int, str]
"""Where a log comes from: file, line and function."""


def caller(depth: int) -> Place:
    """Say where the function was called that called this; *depth* 1 and more for those above it."""
    frame = _frame(depth + 2)
    return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name


def tell(
    logger: str,
    severity: int,
    level: str,
    message: object,
    values: dict[str, Any],
    place: Place | None,
    *,
    always: bool = False,
    shown: bool = True,
    clean: bool = False,
    time: int = 0,
) -> None:
    """
    Record a log from wherever it comes, and show it where logs are shown; never raises.

    Args:
        logger: the logger's name.
        severity: OpenTelemetry's number.
        level: the level's name.
        message: the body.
        values: fields of the call; ``exc_info`` among them is taken as Python's logging takes it.
        place: file, line and function; None for what no line of the user's code says.
        always: whether it is recorded even where the level says otherwise.
        shown: whether it is shown; False for what its source shows by itself.
        clean: whether the secrets are taken out of *values* already. Those of an exception are in any case.
        time: nanoseconds since the epoch; now where it is 0.
    """
    try:
        error = _error_of(values.pop("exc_info", None))
        number = _PYTHON_NUMBERS[severity]
        body = message if isinstance(message, str) else describe(message)
        if recorder.enabled and (always or number >= levels.lowest):
            told = {**(_bound_fields() or {}), **values}
            if error is not None:
                told = {**log_attributes(error), **told}
            if place is not None:
                told["code.file.path"], told["code.line.number"], told["code.function.name"] = place
            write(time or time_ns(), severity, level, logger, body, told, clean=clean and error is None)
        if shown and levels.show is not None:
            levels.show(logger, number, body, values, error, place or ("", 0, ""))
    except Exception as failure:
        guard.failed("log", failure)


def write(
    time: int, severity: int, level: str, logger: str, body: str, told: dict[str, Any], *, clean: bool = False
) -> None:
    """Take the secrets out, unless that is done, join the log to the current span, encode and append it."""
    redactor = redact.redactor
    record = LogRecord(
        time, recorder.instance, "", "", severity, level, logger, redactor.text(body),
        told if clean else redactor.clean(told),
    )  # fmt: skip
    around = span_of(_get_current())
    if around is not None:
        if around.__class__ is Span:
            record.trace, record.span = around.trace_id, around.span_id
        else:
            _ids(around, record)
    recorder.append(encode(record))


_PYTHON_NUMBERS: Final = {1: 5, 5: DEBUG, 9: INFO, 13: WARNING, 17: ERROR, 21: CRITICAL}


def _error_of(given: Any) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return given[1] if len(given) > 1 else None
    return sys.exc_info()[1] if given else None


def _with_exception(values: dict[str, Any]) -> dict[str, Any]:
    error = _error_of(values.pop("exc_info"))
    return values if error is None else {**log_attributes(error), **values}


class _Levels:
    """
    What all loggers have in common.

    Attributes:
        lowest: level from which on logs are recorded.
        shown: level from which on our loggers' logs are shown, where they are.
        show: hands a log of ours to the handlers of Python's logging; None until ``setup_logging`` is called.
    """

    lowest = INFO
    shown = CRITICAL
    show: Callable[[str, int, str, dict[str, Any], BaseException | None, Place], None] | None = None


levels: Final = _Levels()
_loggers: Final[dict[str, Logger]] = {}
_loggers_of_all_kinds: Final[weakref.WeakSet[Logger]] = weakref.WeakSet()


def get_logger(name: str = "", /) -> Logger:
    """Give the logger of this name; the same one at each call. Its methods take fields as keywords."""
    logger = _loggers.get(name)
    if logger is None:
        logger = _loggers.setdefault(name, Logger(name))
    return logger


def set_level(level: int) -> None:
    """Record from this level on, in all our loggers."""
    levels.lowest = level
    _apply()


def show_from(level: int, show: Callable[..., None] | None) -> None:
    """Hand the logs of our loggers to *show* from this level on; None ends it."""
    levels.shown = level
    levels.show = show
    _apply()


def lowest() -> int:
    """Tell from which level on a log of ours goes anywhere at all."""
    return levels.lowest if levels.show is None else min(levels.lowest, levels.shown)


def _apply() -> None:
    level = lowest()
    for logger in list(_loggers_of_all_kinds):
        logger.level = level
