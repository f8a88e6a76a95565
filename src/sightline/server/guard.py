"""Who may ask a server that is open on loopback: programs of this machine and its own pages, no other web page."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from sightline.server.problems import problem

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """
    Refuses what only a browser that was led here by another page would send.

    A page elsewhere can point its own name at 127.0.0.1 (DNS rebinding): then ``Host`` is that name. It can post a
    form or ask a question here without permission: then ``Origin`` or ``Sec-Fetch-Site`` tells. Programs send neither.

    Attributes:
        app: what is guarded.
        hosts: names besides loopback's under which the server is reached, without port.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str] = frozenset()) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a problem, or pass the request on."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
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
        foreign = origin is not None and not self._is_here(_host_of(origin))
        foreign = foreign or headers.get("sec-fetch-site") in {"cross-site", "same-site"}
        following_a_link = scope["method"] in SAFE_METHODS and headers.get("sec-fetch-mode") == "navigate"
        if not foreign or following_a_link:
            return None
        return problem(
            403, "cross-site", "Other web pages may not ask here", "The request was made by a page of another site."
        )

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
