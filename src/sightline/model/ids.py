"""Trace, span and instance ids, as lower-case hex."""

from __future__ import annotations

import os
from typing import Final

_BATCH: Final = 256
"""Ids made at once: one read of the kernel's random numbers costs as much as twenty ids."""

_pool: list[str] = []
take: Final = _pool.pop
"""Take one ready id of 16 hex digits; IndexError when there is none left, and then ``refill`` gives one."""

give_back: Final = _pool.append
"""Put an id back that was not used."""


def refill() -> str:
    """Make a batch of random ids and take one."""
    _pool.extend(os.urandom(8 * _BATCH).hex(" ", 8).split())
    return _pool.pop()


def new_span_id() -> str:
    """Make a random id of 16 hex digits, for a span or an instance."""
    try:
        return take()
    except IndexError:
        return refill()


def new_trace_id() -> str:
    """Make a random id of 32 hex digits."""
    return new_span_id() + new_span_id()


def stock(ready: list[str]) -> None:
    """Have these ids handed out next, in their order, instead of random ones."""
    _pool[:] = reversed(ready)


def forget() -> None:
    """Throw ready ids away: after a fork, parent and child would hand out the same."""
    _pool.clear()
