"""Records of several lines: a first line and what belongs to it, such as a traceback."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sightline.wire.log_object import LogObject

TRACEBACK: Final = "Traceback (most recent call last):"

_BETWEEN: Final = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
    "Caused by: ",
    "  ",
    "\t",
)
_ERROR: Final = re.compile(r"(?:[^\W\d]\w*\.)*[^\W\d]\w*(?:: .*)?")


class Joiner:
    """Tells of lines without a format which of them go on with the record before them."""

    def __init__(self) -> None:
        self._within = False

    def continues(self, line: str) -> bool:
        """Tell whether *line* belongs to the lines before it: it is indented, or of their traceback."""
        if TRACEBACK in line:
            self._within = True
            return line.startswith(TRACEBACK)
        if line.startswith(_BETWEEN):
            return True
        if self._within and not line.strip():
            return True
        if self._within and _ERROR.fullmatch(line):
            self._within = False
            return True
        self._within = False
        return False


def fill(record: LogObject, more: list[str]) -> None:
    """Put the further lines of a record where they belong: a traceback into its attributes, others into the body."""
    if not more:
        return
    start = next((at for at, line in enumerate(more) if line.lstrip().startswith(TRACEBACK)), None)
    if start is None:
        record.body = "\n".join([record.body, *more]).rstrip()
        return
    record.body = "\n".join([record.body, *more[:start]]).rstrip()
    trace = "\n".join(more[start:]).rstrip()
    record.attributes["exception.stacktrace"] = trace
    last = next((line for line in reversed(trace.split("\n")) if line and not line.startswith((" ", "\t"))), "")
    if last and not last.startswith(TRACEBACK) and _ERROR.fullmatch(last):
        kind, _, message = last.partition(": ")
        record.attributes["exception.type"] = kind
        if message:
            record.attributes["exception.message"] = message
