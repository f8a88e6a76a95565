"""Notices that the client of a question has left, so that nobody's query runs on."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from sightline.store.connect import Store

_asked: ContextVar[tuple[Receive, Store] | None] = ContextVar("sightline-asked", default=None)


class Leaving:
    """Remembers, for each request, how to learn that its client left; pure ASGI, so that handlers see it."""

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self.app = app
        self.store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        token = _asked.set((receive, self.store))
        try:
            await self.app(scope, receive, send)
        finally:
            _asked.reset(token)


def watch(asker: str, left: asyncio.Event) -> asyncio.Task[None] | None:
    """
    Stop the queries of *asker* when the client of the current request leaves; cancel the task when there is an answer.

    *left* is set then. The request's body has been read by then. None where no request is under way.
    """
    found = _asked.get()
    return None if found is None else asyncio.create_task(_watch(asker, left, *found), name="sightline-leaving")


async def _watch(asker: str, left: asyncio.Event, receive: Receive, store: Store) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    left.set()
    # A query that waits for its turn is not known to the engine yet: it is stopped when it has begun.
    while True:
        await asyncio.to_thread(store.cancel, asker)
        await asyncio.sleep(0.5)
