"""Syslog over a stream (RFC 6587): messages counted in octets or ended by a newline, each told by how it begins."""

from __future__ import annotations

import re
from typing import Final

from sightline.base.errors import DecodeError
from sightline.wire.syslog import MAX_MESSAGE_BYTES

_COUNT: Final = re.compile(rb"([1-9]\d{0,6}) (?=<)")
_MAYBE_COUNT: Final = re.compile(rb"[1-9]\d{0,6} ?\Z")


class Frames:
    """Cuts what comes over one connection into messages; holds at most one that is not whole, and that bounded."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skipping = False

    @property
    def held_bytes(self) -> int:
        """Bytes of the message that has begun."""
        return len(self._buffer)

    def feed(self, content: bytes) -> list[bytes]:
        """
        Take in what was received and give the messages that are whole. Of a line that is too long the head is given.

        Raises:
            DecodeError: if a counted message is over ``MAX_MESSAGE_BYTES``.
        """
        self._buffer += content
        found: list[bytes] = []
        position = 0
        while True:
            end, message = self._next(position)
            if end < 0:
                break
            position = end
            if message:
                found.append(message)
        del self._buffer[:position]
        return found

    def rest(self) -> bytes:
        """Give what stands at the end of the stream without a newline after it."""
        rest = b"" if self._skipping else bytes(self._buffer).strip()
        self._buffer.clear()
        return rest

    def _next(self, start: int) -> tuple[int, bytes]:
        """Give where the next message ends and the message; a negative end where it is not whole."""
        if not self._skipping:
            if counted := _COUNT.match(self._buffer, start):
                return self._counted(counted)
            if _MAYBE_COUNT.match(self._buffer, start):
                return -1, b""
        end = self._buffer.find(b"\n", start)
        if end >= 0:
            line = b"" if self._skipping else bytes(self._buffer[start : min(end, start + MAX_MESSAGE_BYTES)])
            self._skipping = False
            return end + 1, line.strip(b"\r\0")
        return self._too_long(start) if len(self._buffer) - start > MAX_MESSAGE_BYTES else (-1, b"")

    def _counted(self, counted: re.Match[bytes]) -> tuple[int, bytes]:
        size = int(counted[1])
        if size > MAX_MESSAGE_BYTES:
            raise DecodeError(f"A message of {size:,} bytes is announced; at most {MAX_MESSAGE_BYTES:,} are taken.")
        end = counted.end() + size
        return (end, bytes(self._buffer[counted.end() : end])) if end <= len(self._buffer) else (-1, b"")

    def _too_long(self, start: int) -> tuple[int, bytes]:
        head = b"" if self._skipping else bytes(self._buffer[start : start + MAX_MESSAGE_BYTES])
        self._skipping = True
        return len(self._buffer), head
