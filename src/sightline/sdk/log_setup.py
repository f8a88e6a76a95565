"""``setup_logging``: where a program's logs are shown, in one call."""

from __future__ import annotations

import logging
import os
import socket
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from sightline.base import settings as table
from sightline.base.errors import SettingInvalid
from sightline.model import resource
from sightline.sdk import files
from sightline.sdk.capture import hook
from sightline.sdk.json_format import JSONFormatter
from sightline.sdk.logging import show_from
from sightline.sdk.text_format import PLAIN, ColourFormatter, FieldsFormatter, TextFormatter
from sightline.sdk.threads import threads

if TYPE_CHECKING:
    from collections.abc import Mapping

LIBRARY_LEVELS: Final[dict[str, int]] = {
    "urllib3": logging.WARNING,
    "requests": logging.WARNING,
    "uvicorn": logging.WARNING,
    "uvicorn.access": logging.WARNING,
    "chromadb": logging.INFO,
    "fastapi": logging.INFO,
}
"""Levels of libraries that say much. One that lets more pass than the program's own level gets that instead."""

AUDIT, SECURITY = "audit", "security"
"""Names of the two loggers that have a file of their own and do not propagate."""

_DEVELOPMENT: Final = frozenset({"development", "dev", "local", "test", "testing"})
"""Environments in which people read the logs as they come."""


class _Installed:
    """What the last ``setup_logging`` did, to be undone by the next."""

    def __init__(self) -> None:
        self.handlers: list[tuple[logging.Logger, logging.Handler]] = []
        self.levels: list[tuple[logging.Logger, int]] = []

    def add(self, logger: logging.Logger, handler: logging.Handler) -> None:
        logger.addHandler(handler)
        self.handlers.append((logger, handler))

    def set_level(self, logger: logging.Logger, level: int) -> None:
        self.levels.append((logger, hook.host_level if logger.parent is None and hook.installed else logger.level))
        logger.setLevel(level)

    def undo(self) -> None:
        for logger, handler in self.handlers:
            logger.removeHandler(handler)
        for handler in {id(handler): handler for _, handler in self.handlers}.values():
            handler.close()
        for logger, level in reversed(self.levels):
            logger.setLevel(level)
        for name in (AUDIT, SECURITY):
            logging.getLogger(name).propagate = True
        self.handlers, self.levels = [], []
        show_from(logging.CRITICAL, None)
        threads.unwant("showing")


_installed: Final = _Installed()


def setup_logging(
    level: str | int | None = None,
    json_format: bool | None = None,  # noqa: FBT001 - the signature that callers know
    environment: str | None = None,
    *,
    log_file: str | Path | None = None,
    error_file: str | Path | None = None,
    audit_file: str | Path | None = None,
    security_file: str | Path | None = None,
    console: bool = True,
    stream: IO[str] | None = None,
    application: str | None = None,
    library_levels: Mapping[str, str | int] | None = None,
    max_bytes: int = files.MAX_BYTES,
    compress_after_days: float = files.COMPRESS_AFTER_DAYS,
    retention_days: Mapping[str, Any] | None = None,
    buffer: int = files.BUFFER,
) -> None:
    """
    Show this program's logs on the console, and write them to files where *log_file* says so.

    It is about showing only; ``sightline.configure`` records, with or without it. Called again, it takes back what it
    did before; handlers of others stay.

    Args:
        level: lowest level that is shown. ``LOG_LEVEL``, or INFO.
        json_format: JSON or text. ``LOG_FORMAT``, else text in development and JSON everywhere else.
        environment: ``SIGHTLINE_ENVIRONMENT``, or development.
        log_file: of all logs. ``LOG_FILE``. The next three stand beside it, unless they are named:
            ``app.error.log``, ``app.audit.log``, ``app.security.log``.
        error_file: of ERROR and above.
        audit_file: of the logger ``audit``, which then has no other place.
        security_file: of the logger ``security``, likewise.
        console: whether logs are shown on *stream*.
        stream: standard error where it is None.
        application: the service's name, or the program's.
        library_levels: levels of loggers, beside ``LIBRARY_LEVELS``.
        max_bytes: size at which a file is rotated; it is at midnight, too.
        compress_after_days: age at which a rotated file is compressed.
        retention_days: days by level, and for ``audit`` and ``security``, where they differ from base/retention.py;
            or for one environment, as ``{"production": {"INFO": 30}}``. ``SIGHTLINE_RETENTION``.
        buffer: lines that may wait for the disk before further ones are shed.

    Raises:
        SettingInvalid: if a value is not allowed; nothing was changed then.
    """
    name = logging.getLevelName(level) if isinstance(level, int) else level
    call = {
        "level": name,
        "environment": environment,
        "log_file": log_file,
        "service": application,
        "retention": None if retention_days is None else dict(retention_days),
    }
    settings = {key: value.value for key, value in table.load(_given(call)).items()}
    lowest = logging.getLevelNamesMapping()[settings["level"]]
    where = settings["environment"]
    style = _style(json_format, settings["log_format"], where)
    own_levels = {logger: _number(logger, given) for logger, given in (library_levels or {}).items()}
    always = JSONFormatter(
        application=settings["service"] or resource.program_name(), hostname=socket.gethostname(), environment=where
    )
    keeping: dict[str, Any] = {
        "environment": where, "max_bytes": max_bytes, "compress_after_days": compress_after_days,
        "retention_days": settings["retention"], "buffer": buffer,
    }  # fmt: skip
    paths = _paths(settings["log_file"], {"error": error_file, AUDIT: audit_file, SECURITY: security_file})
    handlers: dict[str, logging.Handler] = {
        kind: files.LogFileHandler(
            path, kind="application" if kind == "error" else kind, level="ERROR" if kind == "error" else 0, **keeping
        )
        for kind, path in paths.items()
    }
    for handler in handlers.values():
        handler.setFormatter(_formatter(style, always, None))
    if console:
        shown = logging.StreamHandler(stream or sys.stderr)
        shown.setFormatter(_formatter(style, always, shown.stream))
        handlers["console"] = shown
    _install(lowest, own_levels, handlers)


def reset_logging() -> None:
    """Take back what ``setup_logging`` did."""
    _installed.undo()


def _install(lowest: int, own_levels: dict[str, int], handlers: Mapping[str, logging.Handler]) -> None:
    _installed.undo()
    root = logging.getLogger()
    _installed.set_level(root, lowest)
    for name, level in LIBRARY_LEVELS.items():
        _installed.set_level(logging.getLogger(name), max(level, lowest))
    for name, level in own_levels.items():
        _installed.set_level(logging.getLogger(name), level)
    for kind, handler in handlers.items():
        if kind not in {AUDIT, SECURITY}:
            _installed.add(root, handler)
    for kind in (AUDIT, SECURITY):
        logger = logging.getLogger(kind)
        logger.propagate = False
        _installed.set_level(logger, min(lowest, logging.INFO))
        own = handlers.get(kind) or handlers.get("console") or handlers.get("application")
        if own is not None:
            _installed.add(logger, own)
    show_from(lowest, hook.show)
    threads.want("showing")


def _given(call: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in call.items() if value is not None}


def _number(logger: str, level: str | int) -> int:
    number = level if isinstance(level, int) else logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise SettingInvalid(f"library_levels of {logger} is {level!r}; expected a level, such as WARNING.")
    return number


def _style(json_format: bool | None, log_format: str, environment: str) -> str:  # noqa: FBT001 - as it was given
    if json_format is not None:
        return "json" if json_format else (log_format if "%(" in log_format else PLAIN)
    if log_format.lower() in {"json", "fields"}:
        return log_format.lower()
    if log_format.lower() == "text":
        return PLAIN
    if "%(" in log_format:
        return log_format
    if log_format:
        raise SettingInvalid(
            f"log_format is {log_format!r}; expected json, text, fields, or a format string such as {PLAIN!r}."
        )
    return PLAIN if environment.lower() in _DEVELOPMENT else "json"


def _formatter(style: str, as_json: JSONFormatter, stream: IO[str] | None) -> logging.Formatter:
    if style == "json":
        return as_json
    if style == "fields":
        return FieldsFormatter()
    if style == PLAIN and stream is not None and _has_colours(stream):
        return ColourFormatter()
    return TextFormatter(style)


def _has_colours(stream: IO[str]) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def _paths(log_file: Path | None, named: Mapping[str, str | Path | None]) -> dict[str, Path]:
    """Give the path of each file that is written, by its kind."""
    paths = {kind: Path(path) for kind, path in named.items() if path is not None}
    if log_file is None:
        return paths
    paths["application"] = log_file
    if not log_file.exists() or log_file.is_file():
        for kind in named:
            paths.setdefault(kind, log_file.with_name(f"{log_file.stem}.{kind}{log_file.suffix or '.log'}"))
    return paths
