"""One kept connection to one HTTP server, for those who send from a user's process."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sightline.sdk.sender import Later

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

_MOST_ANSWER_BYTES: Final = 64 * 1024
"""Bytes read of an answer; one that says more is cut, and its connection given up."""

_LONGEST_WAIT_S: Final = 120.0
"""Longest ``Retry-After`` that is obeyed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: its name, the status, the body's beginning, and how long to wait, 0 where not said."""

    server: str
    status: int
    body: bytes
    retry_s: float

    def say(self) -> str:
        """Say it in a sentence."""
        return f"{self.server} answered {self.status}: {self.body[:300].decode('utf-8', 'replace')}"

    def later(self) -> Later:
        """Make the exception that says to come again."""
        return Later(self.say(), self.retry_s)


class Poster:
    """Posts bodies, over one connection that is kept as long as it works. Used by one thread."""

    def __init__(self, address: SplitResult, timeout_s: float) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._connection: http.client.HTTPConnection | None = None
        self._used = False

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """
        Post, and give the answer, whatever it is.

        A kept connection that the server has closed meanwhile is opened anew once.

        Raises:
            OSError: if the server cannot be reached, or takes too long.
            HTTPException: if it does not speak HTTP.
        """
        while True:
            kept = self._used
            try:
                return self._post(path, body, headers)
            except (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected):
                self.close()
                if not kept:
                    raise
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._used = False

    def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        if self._connection is None:
            secure = self._address.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            self._connection = kind(self._address.hostname or "", self._address.port, timeout=self._timeout_s)
        self._connection.request("POST", path, body, dict(headers))
        answer = self._connection.getresponse()
        told = answer.read(_MOST_ANSWER_BYTES)
        self._used = True
        if not answer.isclosed():
            self.close()
        asked = answer.headers.get("Retry-After", "")
        retry_s = min(float(asked), _LONGEST_WAIT_S) if asked.isdigit() else 0.0
        return Answer(f"{self._address.hostname}:{self._address.port}", answer.status, told, retry_s)
