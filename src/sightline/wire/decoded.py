"""What decoding one request gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Decoded:
    """
    Rows of one request, by the table that they go to.

    Attributes:
        tables: the rows; tables without any are absent.
        accepted: records that were taken: spans, log records or data points.
        rejected: records that were refused one by one.
        reason: why they were refused, for the client; empty if none was.
    """

    tables: dict[str, pa.Table]
    accepted: int
    rejected: int = 0
    reason: str = ""
