"""Takes the addresses that the server listens on, or says which setting to change."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Final

from sightline.base.errors import StoreUnavailable
from sightline.base.settings import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

BACKLOG: Final = 1024
"""Connections that may wait to be taken."""

_TRIES: Final = 20
"""Ports that are tried where any will do, for one that is free for TCP may not be free for UDP."""


def take(settings: Mapping[str, Any], name: str, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """
    Take the port that the setting *name* tells, on the setting ``host``; 0 takes a free one.

    Raises:
        StoreUnavailable: if it cannot be taken.
    """
    host, port = settings["host"], int(settings[name])
    address = host.strip("[]")
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        if kind == socket.SOCK_STREAM:
            listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise taken(host, port, name, error.strerror or str(error)) from None
    listener.setblocking(False)  # noqa: FBT003 - its only argument
    return listener


def take_both(settings: Mapping[str, Any], name: str) -> tuple[socket.socket, socket.socket]:
    """
    Take the same port for TCP and UDP; where any will do, one that is free for both.

    Raises:
        StoreUnavailable: if it cannot be taken.
    """
    tries = 1 if settings[name] else _TRIES
    while True:
        tries -= 1
        listener = take(settings, name)
        try:
            return listener, take({**settings, name: listener.getsockname()[1]}, name, socket.SOCK_DGRAM)
        except StoreUnavailable:
            listener.close()
            if not tries:
                raise


def taken(host: str, port: int, name: str, reason: str) -> StoreUnavailable:
    """Make the error for a port that cannot be taken."""
    variable = BY_NAME[name].variables[0]
    option, off = ("--port or ", "") if name == "port" else ("", ", off for none")
    return StoreUnavailable(
        f"Port {port} on {host} cannot be taken: {reason}. Stop what uses it, or choose another with {option}"
        f"{variable} (0 takes a free one{off})."
    )


def shown(listener: socket.socket) -> str:
    """Write a listener's address as people do: ``127.0.0.1:4317``."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
