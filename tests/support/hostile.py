"""Small bodies made to grow, and what became of them."""

import time
from collections.abc import Callable
from typing import Any

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.wire.room import MAX_DECODED_BYTES

MOST_BYTES = MAX_DECODED_BYTES * 5 // 4
"""What rows of one request may take: their texts, and the places where these begin and end."""

MOST_CPU_S = 8.0
"""Processor time for one body on a busy machine; the worst took minutes before they were bounded."""


def outcome(decode: Callable[[], Any]) -> tuple[int, float]:
    """Decode; give how many bytes its rows take, 0 where it was refused, and the processor time in seconds."""
    started = time.process_time()
    try:
        grown = sum(table.nbytes for table in _tables(decode()).values())
    except (BodyTooLarge, DecodeError):
        grown = 0
    return grown, time.process_time() - started


def _tables(decoded: Any) -> dict[str, Any]:
    """Find the tables in what any of the decoders gives."""
    if isinstance(decoded, tuple):
        decoded = decoded[0]
    tables: dict[str, Any] = getattr(decoded, "decoded", decoded).tables
    return tables
