"""Rows that are decoded and not stored yet. They may take many times what their requests did, and are bounded too."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sightline.base.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sightline.wire.decoded import Decoded

WAITING_SHARE: Final = 8
"""The memory budget is this many times what rows that wait may take."""

MAX_WAITING_BYTES: Final = 128 * 1024 * 1024
"""Bytes of those rows where no budget is known: an eighth of the usual one."""


class Waiting:
    """
    Counts the bytes of rows that wait, for all requests of one server. Used in the event loop alone.

    One request alone is always taken, however large: it would be as large when it comes again.

    Attributes:
        held_bytes: of all rows that wait now.
    """

    def __init__(self, limit_bytes: int = MAX_WAITING_BYTES) -> None:
        self.held_bytes = 0
        self._limit_bytes = limit_bytes

    @contextmanager
    def hold(self, decoded: Decoded) -> Iterator[None]:
        """
        Count what was decoded until it is stored.

        Raises:
            StoreUnavailable: if all rows that wait would then take more than the limit.
        """
        size = sum(rows.get_total_buffer_size() for rows in decoded.tables.values())
        if self.held_bytes and self.held_bytes + size > self._limit_bytes:
            raise StoreUnavailable(
                f"Rows that wait to be stored take {self.held_bytes:,} of {self._limit_bytes:,} bytes, and these would "
                f"take {size:,}. Send them again later."
            )
        self.held_bytes += size
        try:
            yield
        finally:
            self.held_bytes -= size
