"""Remembers what was stored lately, so that the same content sent again is stored once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MOST: Final = 20_000
"""Identities that are remembered, a few megabytes; of a busy program those of a minute."""


class Recent:
    """The identities of what was stored lately, or is being stored. Used in the server's event loop."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[str, asyncio.Future[None]] = {}

    async def once(self, identity: str, store: Callable[[], Awaitable[object]]) -> None:
        """
        Store what is not stored yet; return when it is, whoever does it.

        Args:
            identity: of the content; empty for one that has none, which is stored each time.
            store: stores it. What it raises is raised to all who wait, and the content may come again.
        """
        if not identity:
            await store()
            return
        under_way = self._known.get(identity)
        if under_way is not None:
            await asyncio.shield(under_way)
            return
        done = self._known[identity] = asyncio.get_running_loop().create_future()
        try:
            await store()
        except BaseException as error:
            del self._known[identity]
            if isinstance(error, Exception):
                done.set_exception(error)
                done.exception()  # nobody may be waiting
            else:
                done.cancel()
            raise
        done.set_result(None)
        while len(self._known) > self._most:
            oldest = next(iter(self._known))
            if not self._known[oldest].done():
                break
            del self._known[oldest]
