"""Keeps out of our own processes what nothing in them uses, though a library would import it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType


class Absent:
    """A finder that says of one package that it is not installed."""

    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> None:
        """Refuse the package, and know nothing of any other."""
        del path, target
        if name == self._package:
            raise ModuleNotFoundError(f"{name} is kept out of this process", name=name)


def leave_out_pandas() -> None:
    """
    Say that there is no pandas.

    chDB brings it along, and pyarrow imports it at its first array, wherever it is installed: 33 MiB, and nearly half
    of the processor time that a server needs to start. Only for processes of our own, never for a user's.
    """
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, Absent("pandas"))
