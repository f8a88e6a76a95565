"""What commands print: coloured on a terminal, plain where it is piped, JSON where it is asked for."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LEVEL_STYLES: Final = {"DEBUG": "dim", "INFO": "green", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}

_CONTROL: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in {9, 10}}
"""What a record says must not steer the terminal that shows it; tabs and line ends are harmless."""


def is_terminal() -> bool:
    """Tell whether a person reads what is printed."""
    return sys.stdout.isatty()


def clean(text: object) -> str:
    """Write control characters out, so that a record cannot steer the terminal."""
    return str(text).translate(_CONTROL)


def note(text: str) -> None:
    """Tell a person something beside the output, on standard error."""
    print(text, file=sys.stderr)


class Copied:
    """Tells a person how far a copy got: at most once a second, and when it is whole."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, done: int, whole: int) -> None:
        """Take in how many bytes are done, of how many."""
        now = time.monotonic()
        if now >= self._next or done >= whole:
            self._next = now + 1.0
            note(f"{done:,} of {whole:,} bytes")


def json_object(value: Any) -> None:
    """Print one JSON object, on several lines where a person reads it."""
    encoded = msgspec.json.encode(value)
    print((msgspec.json.format(encoded, indent=2) if is_terminal() else encoded).decode())


def json_lines(rows: Iterable[Any]) -> None:
    """Print one JSON object a line."""
    for row in rows:
        print(msgspec.json.encode(row).decode(), flush=True)


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    right: frozenset[int] = frozenset(),
    whole: frozenset[int] = frozenset(),
) -> None:
    """
    Print rows below the names of their columns.

    Args:
        columns: the names.
        rows: the cells; control characters in them are written out.
        right: numbers of the columns that are set to the right.
        whole: numbers of the columns that are cut rather than broken on a narrow terminal.
    """
    cells = [[clean(cell).replace("\n", "\\n") for cell in row] for row in rows]
    if is_terminal():
        _rich_table(columns, cells, right, whole)
        return
    widths = [max([len(name), *(len(row[at]) for row in cells)]) for at, name in enumerate(columns)]
    for row in [list(columns), *cells]:
        set_out = [
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(set_out).rstrip())


def _rich_table(
    columns: Sequence[str], cells: Sequence[Sequence[str]], right: frozenset[int], whole: frozenset[int]
) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for at, name in enumerate(columns):
        cut = at in whole
        made.add_column(
            name, justify="right" if at in right else "left", no_wrap=cut, overflow="ellipsis" if cut else "fold"
        )
    for row in cells:
        made.add_row(*(Text(cell) for cell in row))
    Console().print(made)


def log_line(record: dict[str, Any]) -> None:
    """Print one log record on a line, and its traceback below where it has one."""
    attributes = dict(record.get("attributes") or {})
    stack = str(attributes.pop("exception.stacktrace", ""))
    told = " ".join(
        f"{clean(key)}={clean(value)}"
        for key, value in attributes.items()
        if not key.startswith(("code.", "thread.", "exception."))
    )
    level = str(record.get("level", ""))
    when = str(record.get("timestamp", ""))[:23].replace("T", " ")
    who = "/".join(filter(None, (record.get("service"), record.get("logger"))))
    body = clean(record.get("body", "")).replace("\n", "\n    ")
    if not is_terminal():
        print(f"{when} {level:<8} {clean(who)}  {body}{'  ' if told else ''}{told}", flush=True)
        _print_stack(stack)
        return
    from rich.console import Console
    from rich.text import Text

    line = Text.assemble(
        (when, "dim"), " ", (f"{level:<8}", LEVEL_STYLES.get(level, "")), " ", (clean(who), "cyan"), "  ", body,
        "  ", (told, "dim"),
    )  # fmt: skip
    Console(soft_wrap=True).print(line)
    _print_stack(stack)


def _print_stack(stack: str) -> None:
    for line in stack.rstrip().splitlines():
        print(f"    {clean(line)}")


def human_bytes(size: float) -> str:
    """Write a number of bytes for people."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def human_seconds(seconds: float) -> str:
    """Write a length of time for people, in its largest unit."""
    for limit, unit, divisor in ((120, "s", 1), (7200, "min", 60), (172_800, "h", 3600)):
        if seconds < limit:
            return f"{seconds / divisor:.0f} {unit}"
    return f"{seconds / 86400:.0f} days"
