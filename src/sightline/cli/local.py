"""The server's own application without a port: how commands read the store while no server runs."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, ExitStack
from typing import TYPE_CHECKING, Any, Final, Self

import httpx

from sightline.base.interrupts import Held
from sightline.base.settings import load
from sightline.cli.answers import broken_off, given, read
from sightline.cli.in_process import InProcess
from sightline.server.app import create_app, open_services
from sightline.server.lock import HomeLock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from sightline.server.services import Services

CATCH_UP_S: Final = 30.0
"""Longest that a command waits until what lies in the spool is stored, in seconds."""

_URL: Final = "http://localhost"


class Local:
    """
    Answers from the store of *home*, by the same code that answers over HTTP.

    The home's lock is held meanwhile, so a server that is started now says that the directory is in use. No port is
    taken and no log file is followed.
    """

    def __init__(self, home: Path) -> None:
        self._home = home.expanduser().resolve()
        self._open = ExitStack()

    def get(self, path: str, parameters: dict[str, Any] | None = None) -> Any:
        """Ask with GET."""
        return read(self._runner.run(self._client.get(path, params=given(parameters or {}))))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Ask with POST."""
        return read(self._runner.run(self._client.post(path, json=body)))

    def send(self, path: str, parameters: dict[str, Any], content: bytes) -> Any:
        """Send bytes with POST."""
        return read(self._runner.run(self._client.post(path, params=given(parameters), content=content)))

    def delete(self, path: str, parameters: dict[str, Any]) -> Any:
        """Ask with DELETE."""
        return read(self._runner.run(self._client.delete(path, params=given(parameters), timeout=None)))

    def stream(self, path: str, parameters: dict[str, Any], body: dict[str, Any] | None = None) -> Iterator[bytes]:
        """Ask with GET, or with POST where there is a body, and have the answer's bytes as they are made."""
        method = "GET" if body is None else "POST"
        request = self._client.build_request(method, path, params=given(parameters), json=body)
        answer = self._runner.run(self._client.send(request, stream=True))
        try:
            if not answer.is_success:
                self._runner.run(answer.aread())
                read(answer)
            pieces = answer.aiter_bytes()
            while (piece := self._runner.run(_next(pieces))) is not None:
                yield piece
        except httpx.RemoteProtocolError:
            raise broken_off() from None
        finally:
            self._runner.run(answer.aclose())

    def __enter__(self) -> Self:
        settings = {name: found.value for name, found in load({"home": self._home}).items()}
        with Held() as interrupt, ExitStack() as opening:
            opening.enter_context(HomeLock(self._home))
            services = opening.enter_context(open_services(settings, _URL, serves=False))
            _catch_up(services, interrupt)
            self._runner = opening.enter_context(asyncio.Runner())
            inside = AsyncExitStack()
            opening.callback(lambda: self._runner.run(inside.aclose()))
            self._client = self._runner.run(_start(create_app(services, listen=False), inside))
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()


async def _start(app: FastAPI, inside: AsyncExitStack) -> httpx.AsyncClient:
    await inside.enter_async_context(app.router.lifespan_context(app))
    return await inside.enter_async_context(httpx.AsyncClient(transport=InProcess(app), base_url=_URL))


async def _next(pieces: AsyncIterator[bytes]) -> bytes | None:
    return await anext(pieces, None)


def _catch_up(services: Services, interrupt: Held) -> None:
    """Wait until what lies in the spool is stored; the loop that does it is the server's own."""
    deadline = time.monotonic() + CATCH_UP_S
    while time.monotonic() < deadline and not services.lines.trouble:
        interrupt.check()
        backlog = services.lines.backlog()
        if backlog is not None and backlog.behind_bytes == 0:
            return
        time.sleep(0.02)
