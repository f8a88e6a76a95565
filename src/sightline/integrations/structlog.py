"""
Records what structlog logs, with its fields and the ids of the span: ``sightline.integrations.structlog.instrument()``.

A processor in structlog's own chain: what the chain drops is not recorded, and what the program shows stays as it is.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, Final

from sightline.base.errors import PackageMissing
from sightline.model.severity import NUMBERS
from sightline.sdk.capture import RecordedFields, RecordedText
from sightline.sdk.json_format import current_ids
from sightline.sdk.logging import tell
from sightline.sdk.presence import Instrumented, presence

try:
    import structlog
except ImportError:
    raise PackageMissing("structlog is not installed: pip install structlog") from None

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from sightline.sdk.logging import Place

_configure: Final = structlog.configure
_LEVELS: Final = {"warn": "WARNING", "exception": "ERROR", "fatal": "CRITICAL", "notset": "TRACE", "msg": "INFO"}
_KNOWN: Final = frozenset({"event", "level", "logger", "logger_name", "timestamp", "trace_id", "span_id"})
"""Keys of an event that other parts of a record say already."""


def record(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """
    Record an event, and put ``trace_id`` and ``span_id`` on it for those who show it; a processor for structlog.

    It belongs before the renderer, and ``mark`` behind it.
    """
    level = str(event.get("level", method)).upper()
    level = _LEVELS.get(level.lower(), level)
    told = {key: value for key, value in event.items() if key not in _KNOWN and not key.startswith("_")}
    if isinstance(told.get("exception"), str):
        told["exception.stacktrace"] = told.pop("exception")
    name = event.get("logger") or event.get("logger_name") or getattr(logger, "name", None) or "structlog"
    tell(str(name), NUMBERS.get(level, 9), level, event.get("event", ""), told, _place(), shown=False)
    trace_id, span_id = current_ids()
    if trace_id:
        event.setdefault("trace_id", trace_id)
        event.setdefault("span_id", span_id)
    return event


def mark(_: Any, __: str, rendered: Any) -> Any:
    """Mark what the renderer made, so that Python's logging does not record it again; a processor for structlog."""
    if isinstance(rendered, tuple) and len(rendered) == 2 and rendered[0]:
        first, *rest = rendered[0]
        return (_marked(first), *rest), rendered[1]
    if isinstance(rendered, dict) and "msg" in rendered:
        return {**rendered, "msg": _marked(rendered["msg"])}
    return _marked(rendered)


def instrument() -> None:
    """
    Record everything that structlog logs from now on, however it is configured now or later.

    Call it before the first log: structlog's loggers may keep the chain that they began with. Done twice, it counts
    once.
    """
    if not getattr(structlog.configure, "by_sightline", False):
        structlog.configure = _configuring(structlog.configure)
    _insert()
    presence.note(Instrumented("structlog", "sightline", structlog.__version__))


def _configuring(configure: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(configure)
    def configure_and_insert(*args: Any, **kwargs: Any) -> None:
        configure(*args, **kwargs)
        _insert()

    configure_and_insert.by_sightline = True  # type: ignore[attr-defined]
    return configure_and_insert


def _insert() -> None:
    """Put our processors around the last one, which renders."""
    processors = list(structlog.get_config()["processors"])
    if record not in processors:
        _configure(processors=[*processors[:-1], record, *processors[-1:], mark])


def _marked(value: Any) -> Any:
    if isinstance(value, str):
        return RecordedText(value)
    return RecordedFields(value) if type(value) is dict else value


def _place() -> Place:
    """Find the caller's line: the first that is neither structlog's nor ours."""
    frame = sys._getframe(2)  # noqa: SLF001 - documented, and ten times cheaper than inspect
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] == "structlog":
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name
