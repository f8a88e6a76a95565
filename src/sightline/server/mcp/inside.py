"""Asks the API within this process, by the application itself: the same limits, the same refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec

from sightline.server.mcp.asking import refused

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive


class Inside:
    """
    Asks *app*.

    Args:
        app: the application.
        receive: of the request that the tool was called by; when its client leaves, what it asked is stopped.
    """

    def __init__(self, app: ASGIApp, receive: Receive) -> None:
        self._app = app
        self._receive = receive

    async def __call__(self, path: str, parameters: dict[str, Any], body: dict[str, Any] | None = None) -> Any:
        """Give the answer's JSON."""
        asked = {name: value for name, value in parameters.items() if value not in (None, "")}
        content = b"" if body is None else msgspec.json.encode(body)
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "scheme": "http",
            "method": "GET" if body is None else "POST", "path": path, "raw_path": quote(path).encode(),
            "query_string": urlencode(asked).encode(), "root_path": "", "server": ("localhost", 80),
            "client": ("localhost", 0), "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        }  # fmt: skip
        waiting: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]
        status, pieces = 500, []

        async def receive() -> Message:
            return waiting.pop() if waiting else await self._receive()

        async def send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            pieces.append(message.get("body", b""))

        await self._app(scope, receive, send)
        found = msgspec.json.decode(b"".join(pieces))
        if status >= 300:
            raise refused(found, status)
        return found
