"""The engine counts days and hours in UTC, wherever it runs."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS: Final = {"session_timezone": "UTC"}
"""For a server that has a zone of its own."""


@contextmanager
def utc() -> Iterator[None]:
    """Let the embedded engine be loaded: it takes its zone from the environment then, and never again."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    try:
        yield
    finally:
        del os.environ["TZ"]
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()
