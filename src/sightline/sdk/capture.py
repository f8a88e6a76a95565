"""Takes every record that passes through Python's :mod:`logging`, and hands ours to its handlers."""

from __future__ import annotations

import logging
import threading
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from sightline.model.severity import number_of_python
from sightline.sdk import guard
from sightline.sdk.context import fields
from sightline.sdk.logging import write
from sightline.sdk.recorder import recorder
from sightline.sdk.told_errors import log_attributes
from sightline.wire.lines import describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from sightline.sdk.logging import Place

_bound_fields = fields.get

_STANDARD: Final = tuple(logging.LogRecord("", 0, "", 0, "", None, None).__dict__)
"""What every record has, in the order in which it is set. What comes behind was given as ``extra``."""

STANDARD: Final = frozenset((*_STANDARD, "message", "asctime", "taskName"))
_LAST: Final = _STANDARD[-1]
_BESIDE: Final = "sightline_fields"
"""Attribute of a record of ours with the fields whose names Python's own attributes have."""


class RecordedText(str):
    """A message on its way through Python's logging whose record was taken before it was put into words."""

    __slots__ = ()


class RecordedFields(dict[str, Any]):
    """Likewise, where the message is a mapping that a formatter will put into words."""


_RECORDED: Final = frozenset({RecordedText, RecordedFields})


def capture(record: logging.LogRecord) -> None:
    """Record what went through Python's logging, with its extra fields, the context's and the ids of the span."""
    told = fields_of(record)
    if record.exc_info and record.exc_info[1] is not None:
        told.update(log_attributes(record.exc_info[1]))
    elif record.exc_text:
        told["exception.stacktrace"] = record.exc_text
    if record.stack_info:
        told["code.stacktrace"] = record.stack_info
    told["code.file.path"] = record.pathname
    told["code.function.name"] = record.funcName
    told["code.line.number"] = record.lineno
    told["thread.name"] = record.threadName
    write(
        int(record.created * 1e9), number_of_python(record.levelno), record.levelname, record.name, message_of(record),
        told,
    )  # fmt: skip


def message_of(record: logging.LogRecord) -> str:
    """Give the message with its arguments; where they do not fit, both."""
    try:
        return record.getMessage()
    except Exception:
        return f"{describe(record.msg)} {describe(record.args)}"


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Give the context's fields and those of the call, as they are: nothing is taken out yet."""
    told: dict[str, Any] = dict(_bound_fields() or ())
    known = record.__dict__
    if len(known) > len(_STANDARD):
        told.update(_extra(known))
        beside = told.pop(_BESIDE, None)
        if beside:
            told.update(beside)
    return told


def _extra(known: dict[str, Any]) -> dict[str, Any]:
    """Pick the fields given as ``extra``: they stand behind the standard ones, unless a factory put some before."""
    behind = dict(islice(known.items(), len(_STANDARD) - 1, None))
    if behind.pop(_LAST, None) is not None and next(iter(behind), None) is not None and known.keys() >= _FIRST:
        return {key: value for key, value in behind.items() if key not in STANDARD}
    return {key: value for key, value in known.items() if key not in STANDARD}


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
        self.busy = threading.local()
        """Its ``on`` is set while this thread records: what a value's own text logs is not recorded once more."""
        self.recorded_from = logging.NOTSET

    def install(self, level: int) -> None:
        """Begin to see records, and let those from *level* on pass the root logger."""
        root = logging.getLogger()
        if not self.installed:
            self.installed = True
            self._original = logging.Logger.callHandlers
            self.host_level = root.level
            logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign, assignment]
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

    def show(
        self, name: str, level: int, message: str, told: dict[str, Any], error: BaseException | None, place: Place
    ) -> None:
        """Hand a log of our own loggers, which is recorded already, to the handlers that would get a library's."""
        logger = logging.getLogger(name)
        if not logger.isEnabledFor(level) or not self._lets_pass(logger, level):
            return
        path, line, function = place
        exc_info = None if error is None else (type(error), error, error.__traceback__)
        record = logging.getLogRecordFactory()(name, level, path, line, message, None, exc_info, function)
        known = record.__dict__
        beside = {}
        for key, value in told.items():
            if key in STANDARD:
                beside[key] = value
            else:
                known[key] = value
        if beside:
            known[_BESIDE] = beside
        if self.installed:
            self._original(logger, record)
        else:
            logger.callHandlers(record)

    def _lets_pass(self, logger: logging.Logger, level: int) -> bool:
        """Tell whether the host's own levels let a record pass."""
        return not self.installed or level >= self.host_level or has_own_level(logger)

    def _lower(self, root: logging.Logger, level: int) -> None:
        self.recorded_from = level
        logging.Logger.setLevel(root, min(level, self.host_level) if self.host_level else self.host_level)

    def _set_root_level(self, level: int | str) -> None:
        """Stand in for the root logger's ``setLevel``: the host's level steers its handlers, not our recording."""
        root = logging.getLogger()
        logging.Logger.setLevel(root, level)
        self.host_level = root.level
        self._lower(root, self.recorded_from)

    def see(self, logger: logging.Logger, record: logging.LogRecord) -> None:
        """Record *record*, then let the host's handlers have it if the host's own level lets it pass."""
        if (
            record.levelno >= self.recorded_from
            and recorder.enabled
            and not getattr(self.busy, "on", False)
            and record.msg.__class__ not in _RECORDED
        ):
            self.busy.on = True
            try:
                capture(record)
            except Exception as error:
                guard.failed("logging", error)
            finally:
                self.busy.on = False
        if self._lets_pass(logger, record.levelno):
            self._original(logger, record)


def has_own_level(logger: logging.Logger) -> bool:
    """Tell whether a logger below the root sets a level, so that the root's does not apply."""
    at: logging.Logger | None = logger
    while at is not None and at.parent is not None:
        if at.level:
            return True
        at = at.parent
    return False


hook: Final = _Hook()


def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
    """Stand in for ``Logger.callHandlers``."""
    hook.see(logger, record)
