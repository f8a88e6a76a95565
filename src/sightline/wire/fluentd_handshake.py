"""
The handshake of Fluentd's forward protocol, for servers with a shared key: HELO, PING, PONG.

Both sides prove with a digest that they know the key; it never goes over the wire.
"""

from __future__ import annotations

import hmac
import os
import socket
from hashlib import sha512
from typing import Any, Final

import msgpack

from sightline.base.errors import DecodeError

MAX_FIELD: Final = 1024
"""Characters of the longest field of a PING."""


class Handshake:
    """
    The server's side, for one connection.

    Args:
        shared_key: what the client must know.
    """

    def __init__(self, shared_key: str) -> None:
        self._key = shared_key.encode()
        self._nonce = os.urandom(16)
        self._hostname = socket.gethostname()

    def helo(self) -> bytes:
        """Give what the server says first."""
        option = {"nonce": self._nonce, "auth": b"", "keepalive": True}
        return bytes(msgpack.packb(["HELO", option]))

    def pong(self, ping: Any) -> tuple[bool, bytes]:
        """
        Give whether the client knows the key, and the answer to send.

        Raises:
            DecodeError: if *ping* is no PING.
        """
        if not isinstance(ping, list) or len(ping) != 6 or _bytes(ping[0]) != b"PING":
            raise DecodeError("The first message is no PING, which a server with a shared key waits for.")
        hostname, salt, digest = (_bytes(field) for field in ping[1:4])
        known = hmac.compare_digest(self._digest(salt, hostname), digest)
        if not known:
            return False, bytes(msgpack.packb(["PONG", False, "shared_key mismatch", "", ""]))
        own = self._digest(salt, self._hostname.encode()).decode()
        return True, bytes(msgpack.packb(["PONG", True, "", self._hostname, own]))

    def _digest(self, salt: bytes, hostname: bytes) -> bytes:
        return sha512(salt + hostname + self._nonce + self._key).hexdigest().encode()


def _bytes(field: Any) -> bytes:
    if not isinstance(field, str | bytes) or len(field) > MAX_FIELD:
        raise DecodeError(f"A field of the PING is no text of at most {MAX_FIELD} characters.")
    return field.encode("utf-8", "surrogateescape") if isinstance(field, str) else field
