"""
Who may ask a server that is open on loopback: programs of this machine and its own pages, no other web page.

A page of an origin that is known may send what browsers record, to the paths made for it, and nothing else.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

from sightline.server.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

FROM_BROWSERS: Final = re.compile(r"/api/(?:rum|[\w-]{1,64}/(?:envelope|store))/?", re.ASCII)
"""Paths that pages of other origins may post to: they only write telemetry, and their answers say nothing."""

_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "content-type, content-encoding, x-sentry-auth, sentry-trace, baggage, traceparent",
    "Access-Control-Allow-Private-Network": "true",
    "Access-Control-Max-Age": "600",
}


class Guard:
    """
    Refuses what only a browser that was led here by another page would send.

    A page elsewhere can point its own name at 127.0.0.1 (DNS rebinding): then ``Host`` is that name. It can post a
    form or ask a question here without permission: then ``Origin`` or ``Sec-Fetch-Site`` tells. Programs send neither.

    Pages on loopback, such as one that a development server shows, and those of *origins* may send telemetry; browsers
    are told so (CORS), never with credentials.

    Attributes:
        app: what is guarded.
        hosts: names besides loopback's under which the server is reached, without port.
        origins: besides loopback's, of pages that may send telemetry, such as ``https://shop.example``.
    """

    def __init__(
        self, app: ASGIApp, hosts: frozenset[str] = frozenset(), origins: frozenset[str] = frozenset()
    ) -> None:
        self.app = app
        self.hosts = hosts
        self.origins = frozenset(origin.rstrip("/").lower() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a problem or a preflight, or pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        origin = Headers(scope=scope).get("origin", "")
        if refusal is None and origin and FROM_BROWSERS.fullmatch(scope["path"]):
            send = _allowing(origin, send)
            if scope["method"] == "OPTIONS":
                await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, send)
                return
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = _host_of(f"//{headers.get('host', '')}")
        if not self._is_here(host):
            return problem(
                421,
                "host-unknown",
                "This server does not answer to that name",
                f"The Host header names {host[:64]!r}; ask for 127.0.0.1 or localhost.",
            )
        origin = headers.get("origin")
        if origin is not None and FROM_BROWSERS.fullmatch(scope["path"]) and scope["method"] in {"POST", "OPTIONS"}:
            foreign = not self._may_send(origin)
        else:
            foreign = self._is_foreign(headers)
        following_a_link = scope["method"] in SAFE_METHODS and headers.get("sec-fetch-mode") == "navigate"
        if not foreign or following_a_link:
            return None
        return problem(
            403, "cross-site", "Other web pages may not ask here", "The request was made by a page of another site."
        )

    def _is_foreign(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        foreign = origin is not None and not self._is_here(_host_of(origin))
        return foreign or headers.get("sec-fetch-site") in {"cross-site", "same-site"}

    def _may_send(self, origin: str) -> bool:
        return origin.lower() in self.origins or self._is_here(_host_of(origin))

    def _is_here(self, host: str) -> bool:
        return host == "localhost" or host.endswith(".localhost") or host in self.hosts or _is_loopback(host)


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _allowing(origin: str, send: Send) -> Send:
    """Tell the browser that the page of *origin* may read the answer."""

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = "Retry-After, X-Sentry-Rate-Limits, X-Sentry-Error"
            headers.add_vary_header("Origin")
        await send(message)

    return told
