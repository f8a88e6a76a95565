"""Sends what is in the spool to a Sightline server on another machine, or with another home, over HTTP."""

from __future__ import annotations

import http.client
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

import msgspec

from sightline.base.errors import SettingInvalid
from sightline.sdk.autostart import is_running
from sightline.sdk.posting import Poster
from sightline.sdk.recorder import recorder
from sightline.sdk.sender import Refused, Sender
from sightline.spool.format import encode_header

if TYPE_CHECKING:
    from sightline.spool.reader import Chunk

PATH: Final = "/api/v1/lines"

_TIMEOUT_S: Final = 10.0
"""Seconds that one request may take."""

_NEVER: Final = frozenset({http.client.BAD_REQUEST, 413, 422})
"""Answers to which the same range would get the same again. All others may be a matter of time or of settings."""


def check(url: str) -> SplitResult:
    """
    Take a server's address apart.

    Raises:
        SettingInvalid: if *url* is no address of an HTTP server.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingInvalid(f"server is {url!r}; expected auto or an address such as http://host:4318.")
    return parts


class RangeLine(msgspec.Struct, tag_field="kind", tag="range"):
    """What stands before each range in the body; docs/formats/shipping.md."""

    segment: str
    start: int
    end: int


def encode_ranges(chunks: list[Chunk]) -> bytes:
    """Write ranges as one body: of each its address, the header of its segment, and its lines."""
    parts: list[bytes] = []
    for chunk in chunks:
        parts += (
            msgspec.json.encode(RangeLine(chunk.segment, chunk.start, chunk.end)), b"\n",
            encode_header(chunk.header), chunk.lines,
        )  # fmt: skip
    return b"".join(parts)


class Shipper(Sender):
    """Sends to a server of ours, which takes each range once. A server on this home reads the spool itself."""

    range_bytes = 2 * 1024 * 1024
    """An insert costs the server tens of milliseconds, whatever is in it; more than this gains little. See burst.py."""

    def __init__(self, url: str, home: Path) -> None:
        parts = check(url)
        super().__init__(home, home / "spool", f"{parts.hostname}:{parts.port or parts.scheme}")
        self._path = f"{parts.path.rstrip('/')}{PATH}"
        self._poster = Poster(parts, _TIMEOUT_S)

    def may_send(self) -> bool:
        """Tell whether no server runs on this home."""
        return not is_running(self._home)

    def deliver(self, chunks: list[Chunk]) -> None:
        """Send a batch and return when the server has stored it."""
        body = zlib.compress(encode_ranges(chunks), 1)
        headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "deflate"}
        answer = self._poster.post(self._path, body, headers)
        if answer.status in _NEVER:
            raise Refused(answer.say())
        if answer.status != http.client.OK:
            raise answer.later()

    def disconnect(self) -> None:
        """Let go of the connection."""
        self._poster.close()


class _Shipping:
    """The shipper of this process, if it has one."""

    shipper: Shipper | None = None

    def start(self) -> None:
        """Begin to ship where the ``server`` setting is an address; called whenever recording starts."""
        self.stop()
        url = recorder.settings["server"].value if recorder.settings else ""
        if url and url != "auto":
            self.shipper = Shipper(url, Path(recorder.settings["home"].value))
            self.shipper.start()

    def stop(self) -> None:
        """End."""
        if self.shipper is not None:
            self.shipper.stop()
            self.shipper = None

    def reborn(self) -> None:
        """Start anew in a forked child."""
        if self.shipper is not None:
            self.shipper.abandon()
            self.shipper = None
            self.start()

    installed = False


shipping: Final = _Shipping()


def install() -> None:
    """Ship from now on, whenever recording is on and the ``server`` setting is an address."""
    if shipping.installed:
        return
    shipping.installed = True
    recorder.on_start(shipping.start)
    recorder.on_stop(shipping.stop)
    recorder.on_fork(shipping.reborn)
