"""Python's log records for people: plain, coloured on a terminal, or with fields behind the message."""

from __future__ import annotations

import logging
import time
from typing import Final

from sightline.sdk import redact
from sightline.sdk.capture import fields_of
from sightline.sdk.json_format import utc
from sightline.wire.lines import describe

PLAIN: Final = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
"""How a record stands in a file or a pipe where people read it."""

_COLOURS: Final = ((50, "1;97;41"), (40, "31"), (30, "33"), (20, "32"), (0, "36"))
"""From a level on, the colour of its name, as a terminal's escape code."""


class TextFormatter(logging.Formatter):
    """Formats as Python does, with a format string, and takes secrets out of message and traceback."""

    def __init__(self, fmt: str = PLAIN, datefmt: str | None = None) -> None:
        """Take a format string with ``%(…)s`` in it, as :class:`logging.Formatter` does."""
        super().__init__(fmt, datefmt)

    def format(self, record: logging.LogRecord) -> str:
        """Give the text; it has several lines where the message or a traceback has."""
        try:
            return redact.redactor.text(super().format(record))
        except Exception as error:
            return f"{record.levelname} {record.name}: a log could not be formatted: {describe(error)}"


class FieldsFormatter(TextFormatter):
    """
    Formats a record with its fields behind the message.

    ``2024-01-15T10:30:45.123Z [INFO] [module] [function] message, key=value``
    """

    def __init__(self) -> None:
        super().__init__("[%(levelname)s] [%(module)s] [%(funcName)s] %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - Python's name
        """Put the time before and the fields behind the message."""
        parts = [f"{utc(record.created)} {super().formatMessage(record)}", *_pairs(record)]
        return ", ".join(parts)


class ColourFormatter(TextFormatter):
    """Formats for a terminal: time, level in its colour, logger, message, and the fields in grey."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - Python's name
        """Give the line."""
        colour = next(code for level, code in _COLOURS if record.levelno >= level)
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        line = (
            f"\x1b[2m{clock}.{int(record.msecs):03d}\x1b[0m \x1b[{colour}m{record.levelname:8}\x1b[0m "
            f"\x1b[34m{record.name}\x1b[0m {record.message}"
        )
        fields = " ".join(_pairs(record))
        return f"{line} \x1b[2m{fields}\x1b[0m" if fields else line


def _pairs(record: logging.LogRecord) -> list[str]:
    told = redact.redactor.clean(fields_of(record)).items()
    # On one line: a value with newlines could look like logs of its own.
    return [f"{name}={describe(value)}".replace("\r", "\\r").replace("\n", "\\n") for name, value in told]
