"""What becomes of an answer while it is written, and the limits at which it is cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_BYTES: Final = 1024 * 1024 * 1024
"""Largest answer, in bytes as it is written; what is more is cut off and said."""


@dataclass(slots=True)
class Told:
    """
    An answer that is being written.

    Attributes:
        limit: most rows.
        rows: rows so far.
        size: bytes so far.
        cut: ``rows`` or ``bytes`` where a limit was met and there was more; empty while there is no cut.
        most_bytes: most bytes; the answer ends behind the piece that goes over it.
    """

    limit: int
    rows: int = 0
    size: int = 0
    cut: str = ""
    most_bytes: int = MAX_BYTES

    def take(self, rows: int) -> int:
        """Count rows that come, and give how many of them are still within the limit."""
        taken = min(rows, self.limit - self.rows)
        self.rows += taken
        if taken < rows:
            self.cut = "rows"
        return taken

    def wrote(self, piece: bytes) -> bytes:
        """Count what was written; gives it back."""
        self.size += len(piece)
        if self.size > self.most_bytes and not self.cut:
            self.cut = "bytes"
        return piece
