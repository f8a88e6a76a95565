"""Answers that are given piece by piece while the engine makes them: bounded memory, whatever their size."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import anyio
import anyio.to_thread
from starlette.responses import Response, StreamingResponse

from sightline.base.errors import QueryError, StoreError
from sightline.server.answers import HEADERS, stopped_when_left
from sightline.server.threads import Threads

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping

    from starlette.types import Receive, Scope, Send

    from sightline.query.told import Told

AHEAD_BYTES: Final = 256 * 1024
"""What is made before the first byte is sent. An answer that is shorter says its length and its cut in its head."""

STALL_S: Final = 30.0
"""Longest wait for a client that does not read on, in seconds; it keeps others from their turn."""

BEGIN_AT_ONCE: Final = 8
"""Answers that wait for their turn at once, in threads of their own: those that are being given need theirs."""

_beginning: Final = Threads("pouring", BEGIN_AT_ONCE)

_log = logging.getLogger(__name__)


async def poured(
    begin: Callable[[], Generator[bytes]], told: Told, media_type: str, headers: Mapping[str, str]
) -> Response:
    """
    Answer with what *begin* gives, which is called and read in threads.

    What goes wrong before much was made is raised; later, the connection is closed before the answer's end, so that
    nobody takes half an answer for a whole one. A client that leaves stops the query.
    """
    asker = uuid4().hex
    async with stopped_when_left(asker) as left:
        pieces = await _beginning.run(begin)
        held, ended = await _beginning.run(_ahead, pieces)
    head = {**HEADERS, **headers, "Sightline-Row-Limit": str(told.limit)}
    if ended or left.is_set():
        head |= {"Sightline-Rows": str(told.rows), "Sightline-Truncated": told.cut or "no"}
        return Response(held, headers=head, media_type=media_type)
    return _Pouring(held, pieces, asker, head, media_type)


def _ahead(pieces: Iterator[bytes]) -> tuple[bytes, bool]:
    """Make the first pieces; tells whether that is all."""
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) >= AHEAD_BYTES:
            return bytes(held), False
    return bytes(held), True


class _Pouring(StreamingResponse):
    """Sends what is made already, then each piece as it is made."""

    def __init__(
        self, held: bytes, pieces: Generator[bytes], asker: str, headers: Mapping[str, str], media_type: str
    ) -> None:
        super().__init__((), headers=headers, media_type=media_type)
        self._held = held
        self._pieces = pieces
        self._asker = asker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - see leaving.py
        """Send all of it; return without an end where there is none."""
        try:
            async with stopped_when_left(self._asker) as left:
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                whole = await self._sent(send, left)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._pieces.close)
        if whole:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _sent(self, send: Send, left: asyncio.Event) -> bool:
        try:
            async for piece in self._all():
                with anyio.fail_after(STALL_S):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                if left.is_set():
                    return False
        except (QueryError, StoreError) as error:
            _log.warning("An answer broke off: %s", error)
            return False
        except TimeoutError:
            _log.warning("An answer broke off: the client did not read on for %g s.", STALL_S)
            return False
        return True

    async def _all(self) -> AsyncIterator[bytes]:
        piece: bytes | None = self._held
        while piece is not None:
            if piece:
                yield piece
            piece = await anyio.to_thread.run_sync(next, self._pieces, None)
