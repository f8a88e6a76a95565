"""Output whose reader has gone, as with ``| head -1``: the command ends quietly, as that signal would end it."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOSED: Final = 141
"""Exit code: nobody reads the output any more, as shells count it (128 and the number of SIGPIPE)."""


@contextmanager
def ending_quietly() -> Iterator[None]:
    """
    Write out what is left at the end, and end the process where nobody reads it.

    The signal itself is ignored, as Python has it: it would end a server whose client has gone, too.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _discard()
        sys.exit(CLOSED)


def _discard() -> None:
    """Have nothing complain later on: what is still held is written where it is lost."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
