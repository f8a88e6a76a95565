"""
What an application passes on to the Sightline server of its machine: ``/dashboard``, the monitoring API and beacons.

Only where the setting ``monitoring_surfaces`` says so: whoever reaches the application's port then sees its figures.
"""

from __future__ import annotations

import http.client
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from sightline.sdk.autostart import is_running
from sightline.sdk.recorder import recorder
from sightline.sdk.surfaces import LARGEST_BODY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Answer = tuple[int, list[tuple[str, str]], bytes]

LONGEST_WAIT_S: Final = 5.0
"""Seconds that the server may take; a page that waits longer had better be told."""

MOST_AT_ONCE: Final = 4
"""Requests that are passed on at a time. More would hold threads, and tell nothing that these do not tell."""

MOST_BYTES: Final = 8 * 1024 * 1024
"""Largest answer that is passed on. 10,000 requests one by one have about 2 MiB."""

LONGEST_QUERY: Final = 1024
"""Characters of a query string."""

_QUERY: Final = re.compile(r"[!-~]*", re.ASCII)
_KEPT: Final = frozenset({
    "content-type", "cache-control", "content-security-policy", "referrer-policy", "x-content-type-options",
    "retry-after",
})  # fmt: skip
"""Headers of the server's answer that are given on."""

_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - names of listeners, to which nothing is bound


class _Turns:
    """Threads and turns of this process; a forked child has its own."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        self.free = threading.BoundedSemaphore(MOST_AT_ONCE)
        self.threads: ThreadPoolExecutor | None = None

    def executor(self) -> ThreadPoolExecutor:
        if self.threads is None:
            self.threads = ThreadPoolExecutor(MOST_AT_ONCE, "sightline passing")
        return self.threads


_turns: Final = _Turns()
recorder.on_fork(_turns.renew)


def pass_on(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
    """
    Ask the server of this machine, and give its answer; a problem where there is none in ``LONGEST_WAIT_S``.

    Args:
        method: of the request.
        path: one of those that are passed on.
        query: the query string, as it came.
        headers: of the request, their names in lower case.
        body: what was sent.

    Returns:
        Status, headers and body.
    """
    refused = _refusal(method, query, headers, body)
    if refused is not None:
        return refused
    turn = _turns.free
    if not turn.acquire(blocking=False):
        return _busy()
    try:
        return _passed(method, path, query, body)
    finally:
        turn.release()


async def pass_on_async(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
    """Ask as ``pass_on`` does, in a thread of its own: the event loop is not held up."""
    # Imported by the first request, as asyncio is.
    import asyncio

    refused = _refusal(method, query, headers, body)
    if refused is not None:
        return refused
    turn = _turns.free
    if not turn.acquire(blocking=False):
        return _busy()
    asked = _turns.executor().submit(_passed, method, path, query, body)
    asked.add_done_callback(lambda _: turn.release())
    return await asyncio.wrap_future(asked)


def _refusal(method: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
    if method == "POST" and _is_foreign(headers):
        return problem(403, "Other web pages may not ask here", "The request was made by a page of another site.")
    if len(query) > LONGEST_QUERY or not _QUERY.fullmatch(query):
        return problem(400, "The request cannot be read", f"The query string has at most {LONGEST_QUERY} characters.")
    if len(body) > LARGEST_BODY:
        return problem(413, "The body is too large", f"At most {LARGEST_BODY:,} bytes are passed on.")
    return None


def _busy() -> Answer:
    return problem(503, "Too many ask at once", f"At most {MOST_AT_ONCE} requests are passed on at a time.")


def _passed(method: str, path: str, query: str, body: bytes) -> Answer:
    address = _address(recorder.settings["home"].value)
    if address is None:
        return problem(503, "No Sightline server runs", "Start one on the application's machine: sightline serve.")
    try:
        return _asked(address, "POST" if method == "POST" else "GET", f"{path}?{query}" if query else path, body)
    except (OSError, http.client.HTTPException) as error:
        why = f"It gave no answer in {LONGEST_WAIT_S:.0f} seconds or broke off: {type(error).__name__}."
        return problem(503, "The Sightline server does not answer", why)


def problem(status: int, title: str, detail: str) -> Answer:
    """Say what is wrong, as the server does (RFC 9457)."""
    body = msgspec.json.encode({"type": "about:blank", "title": title, "status": status, "detail": detail})
    headers = [("content-type", "application/problem+json"), ("content-length", str(len(body)))]
    if status == 503:
        headers.append(("retry-after", "5"))
    return status, [*headers, ("cache-control", "no-store")], body


def _is_foreign(headers: Mapping[str, str]) -> bool:
    """Tell whether a browser asks for a page of another site; programs say nothing of the kind."""
    origin = headers.get("origin", "")
    own = not origin or origin.partition("://")[2] == headers.get("host", "")
    return not own or headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}


def _address(home: Path) -> tuple[str, int] | None:
    """Read where the server of *home* answers; its file alone may be that of one that was killed."""
    try:
        if not is_running(home):
            return None
        told: Any = msgspec.json.decode((home / "server.json").read_bytes())
        parts = urlsplit(told["url"])
        host = parts.hostname or ""
        return (_EVERYWHERE.get(host, host), parts.port or 80) if parts.scheme == "http" else None
    except (OSError, ValueError, KeyError, TypeError, msgspec.MsgspecError):
        return None


def _asked(address: tuple[str, int], method: str, target: str, sent: bytes) -> Answer:
    give_up_at = time.monotonic() + LONGEST_WAIT_S
    connection = http.client.HTTPConnection(*address, timeout=LONGEST_WAIT_S)
    try:
        connection.request(method, target, sent or None, headers={"Accept": "*/*", "Connection": "close"})
        socket = connection.sock
        response = connection.getresponse()
        body = bytearray()
        while True:
            left = give_up_at - time.monotonic()
            if left <= 0:
                raise TimeoutError
            socket.settimeout(left)
            part = response.read1(64 * 1024)
            if not part:
                break
            body += part
            if len(body) > MOST_BYTES:
                return problem(502, "The answer is too large", f"It has more than {MOST_BYTES:,} bytes; ask for less.")
        kept = [(name.lower(), value) for name, value in response.getheaders() if name.lower() in _KEPT]
        if response.status != 204:  # which has no body, and may not tell the size of one
            kept.append(("content-length", str(len(body))))
        return response.status, kept, bytes(body)
    finally:
        connection.close()
