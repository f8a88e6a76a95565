"""The Model Context Protocol, a message a line."""

from __future__ import annotations

import asyncio
import sys
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec

from sightline import __version__
from sightline.base.errors import SightlineError
from sightline.cli import show
from sightline.server.mcp.asking import ToolFailed
from sightline.server.mcp.protocol import PARSE_ERROR, Protocol, refusal

if TYPE_CHECKING:
    from pathlib import Path

MAX_LINE: Final = 1024 * 1024
"""Longest message, in bytes."""

AT_ONCE: Final = 16
"""Most messages that are answered side by side; the next waits to be read."""


def serve(server: str | None, home: Path | None) -> None:
    """Answer messages until standard input ends. Whatever else is printed goes to standard error."""
    if sys.stdin.isatty():
        show.note("A coding assistant starts this command and writes to it; docs/howto/assistants.md. Ctrl-D ends it.")
    lines, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    asyncio.run(_Lines(Protocol(_Outside(server, home), __version__), answers).run(lines))


class _Outside:
    """Asks the server that runs, or the store itself; found anew for each question, for servers come and go."""

    def __init__(self, server: str | None, home: Path | None) -> None:
        self._server = server
        self._home = home
        self._turn = asyncio.Lock()  # the store can be opened once at a time
        self._asking: asyncio.Task[Any] | None = None

    async def __call__(self, path: str, parameters: dict[str, Any], body: dict[str, Any] | None = None) -> Any:
        """Give the answer's JSON."""
        await self._turn.acquire()
        # A request that is cancelled leaves its thread with the store open: the turn is over when the thread is.
        self._asking = asyncio.create_task(asyncio.to_thread(self._asked, path, parameters, body))
        self._asking.add_done_callback(lambda _: self._turn.release())
        return await asyncio.shield(self._asking)

    def _asked(self, path: str, parameters: dict[str, Any], body: dict[str, Any] | None) -> Any:
        from sightline.cli.answers import open_answers

        try:
            with open_answers(self._server, self._home) as answers:
                return answers.get(path, parameters) if body is None else answers.post(path, body)
        except SightlineError as error:
            raise ToolFailed(str(error)) from None


class _Lines:
    """Reads messages, answers them side by side, and writes each answer as a line."""

    def __init__(self, protocol: Protocol, file: IO[bytes]) -> None:
        self._protocol = protocol
        self._file = file
        self._running: dict[Any, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self, lines: IO[bytes]) -> None:
        """Answer until the lines end, then what is under way."""
        while line := await asyncio.to_thread(lines.readline, MAX_LINE):
            await self._room.acquire()
            try:
                message = msgspec.json.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                self._write(refusal(PARSE_ERROR, "This is no JSON."))
                self._room.release()
                continue
            self._begin(message)
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _begin(self, message: Any) -> None:
        key = message.get("id", object()) if isinstance(message, dict) else object()
        if isinstance(message, dict) and message.get("method") == "notifications/cancelled":
            self._cancel(message.get("params"))
        key = key if isinstance(key, str | int) else object()
        task = asyncio.create_task(self._answered(message))
        self._running[key] = task
        task.add_done_callback(lambda done: self._ended(key, done))

    def _cancel(self, params: Any) -> None:
        """Give no answer to a request whose client does not want it any more."""
        wanted = params.get("requestId") if isinstance(params, dict) else None
        if isinstance(wanted, str | int) and wanted in self._running:
            self._running[wanted].cancel()

    def _ended(self, key: Any, done: asyncio.Task[None]) -> None:
        self._room.release()
        if self._running.get(key) is done:
            del self._running[key]

    async def _answered(self, message: Any) -> None:
        reply = await self._protocol.answer(message)
        if reply.message is not None:
            self._write(reply.message)

    def _write(self, message: dict[str, Any]) -> None:
        self._file.write(msgspec.json.encode(message) + b"\n")
        self._file.flush()
