"""An application of this process as httpx's other end; its answers come as they are made."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp

    Messages = asyncio.Queue[dict[str, Any]]


class InProcess(httpx.AsyncBaseTransport):
    """Calls *app* as a server does. httpx's own transport would hold an answer until it is whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Call it, and answer as soon as there is a status."""
        body = await request.aread()
        messages: Messages = asyncio.Queue(1)
        call = asyncio.create_task(self._call(request, body, messages))
        started = await messages.get()
        if not started:
            await call
            raise httpx.RemoteProtocolError("There was no answer.")
        return httpx.Response(started["status"], headers=started["headers"], stream=_Answer(messages, call))

    async def _call(self, request: httpx.Request, body: bytes, messages: Messages) -> None:
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "scheme": "http",
            "method": request.method, "path": request.url.path, "raw_path": request.url.raw_path.partition(b"?")[0],
            "query_string": request.url.query, "root_path": "", "server": ("localhost", 80), "client": ("localhost", 0),
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
        }  # fmt: skip
        asked = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> dict[str, Any]:
            found = next(asked, None)
            return found if found is not None else await asyncio.get_running_loop().create_future()

        try:
            await self._app(scope, receive, messages.put)  # type: ignore[arg-type]
        finally:
            await messages.put({})


class _Answer(httpx.AsyncByteStream):
    def __init__(self, messages: Messages, call: asyncio.Task[None]) -> None:
        self._messages = messages
        self._call = call

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._messages.get()
            if not message:
                raise httpx.RemoteProtocolError("The answer broke off.")
            more = message.get("more_body", False)
            yield message.get("body", b"")

    async def aclose(self) -> None:
        while not self._call.done():
            self._call.cancel()
            room = asyncio.ensure_future(self._messages.get())  # the call may wait for room for its last message
            await asyncio.wait([self._call, room], return_when="FIRST_COMPLETED")
            room.cancel()
            await asyncio.wait([room])
        with suppress(Exception, asyncio.CancelledError):
            self._call.result()
