"""Room for what one request becomes: a small body can name much that is then repeated for each of its records."""

from __future__ import annotations

from typing import Final

from sightline.base.errors import BodyTooLarge
from sightline.base.limits import MAX_BODY_BYTES

MAX_DECODED_BYTES: Final = 4 * MAX_BODY_BYTES
"""Bytes of the texts of all rows of one request: four times what a body may have."""


class Room:
    """Counts what a request's rows take, while they are made. *most_bytes* is how much they may take."""

    def __init__(self, most_bytes: int = MAX_DECODED_BYTES) -> None:
        self._most_bytes = most_bytes
        self._left_bytes = most_bytes

    def take(self, size_bytes: int) -> None:
        """
        Take so much.

        Raises:
            BodyTooLarge: if there is not so much left.
        """
        self._left_bytes -= size_bytes
        if self._left_bytes < 0:
            wanted = self._most_bytes - self._left_bytes
            raise BodyTooLarge(
                f"What the request says, repeated for each of its records, takes {wanted:,} bytes or more; at most "
                f"{self._most_bytes:,} are taken. Send fewer records at once, or say less with each."
            )
