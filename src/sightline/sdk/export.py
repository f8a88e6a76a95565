"""Sends what is recorded to any OpenTelemetry backend as OTLP over HTTP, in JSON."""

from __future__ import annotations

import gzip
import http.client
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from sightline.base.errors import SettingInvalid
from sightline.base.version import VERSION
from sightline.sdk.posting import Poster
from sightline.sdk.recorder import recorder
from sightline.sdk.sender import Refused, Sender
from sightline.spool.writer import drop_if_final, list_segments
from sightline.wire.export import SIGNALS, add_all, rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sightline.base.settings import Value
    from sightline.sdk.posting import Answer
    from sightline.spool.reader import Chunk

DIRECTORY: Final = "export"
"""Where the segments are, below the home directory, that wait to be exported."""

_NEVER: Final = frozenset({400, 413, 415, 422, 500, 501})
"""
Answers to which the same request would get the same again.

OTLP's rules have more, such as 401 and 404. Those are a wrong key or address: a person sets them right, and until then
records wait.
"""

_LEAST_MS: Final = 100.0
"""A timeout below this is in seconds, as OpenTelemetry's own exporter for Python has it; the specification has ms."""

_TIDY_EVERY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Destination:
    """Where one signal goes, and how."""

    address: SplitResult
    headers: dict[str, str]
    timeout_s: float
    compressed: bool


def destination(settings: Mapping[str, Value], signal: str) -> Destination:
    """
    Find where a signal goes: its own settings win over those for all. An address of its own is used as it is.

    Raises:
        SettingInvalid: if an address is none, or headers are not ``key=value,key=value``.
    """

    def find(name: str) -> tuple[str, Any]:
        own = settings[f"otlp_{signal}_{name}"]
        return (own.setting.name, own.value) if own.value else (f"otlp_{name}", settings[f"otlp_{name}"].value)

    name, url = find("endpoint")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingInvalid(f"{name} is {url!r}; expected an address such as http://host:4318.")
    if name == "otlp_endpoint":
        parts = parts._replace(path=f"{parts.path.rstrip('/')}/v1/{signal}")
    timeout = float(find("timeout")[1])
    return Destination(
        parts,
        _headers(*find("headers")),
        timeout / 1000 if timeout >= _LEAST_MS else timeout,
        find("compression")[1] == "gzip",
    )


def _headers(name: str, text: str) -> dict[str, str]:
    headers = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, equals, told = part.partition("=")
        if not equals or not key.strip():
            # The part is not shown: it may be a key to somebody's account.
            raise SettingInvalid(f"{name} has a part without a name or a value; expected key=value,key=value.")
        headers[key.strip()] = unquote(told.strip())
    return headers


class Exporter(Sender):
    """
    Sends to an OTLP receiver. Such a receiver does not know what it has already, so each record comes at least once.

    Attributes:
        rejected: records that the receiver said it did not take.
        dropped: records that were dropped because too much waited.
        skipped: points and records that were left out, as OTLP cannot say what is in them.
    """

    name = "otlp"
    range_bytes = 256 * 1024
    """About what keeps this process's interpreter busy for ten milliseconds at a time."""

    def __init__(self, settings: Mapping[str, Value]) -> None:
        self._to_signals = {signal: destination(settings, signal) for signal in SIGNALS}
        first = self._to_signals["traces"].address
        home = Path(settings["home"].value)
        super().__init__(home, home / DIRECTORY, f"{first.hostname}:{first.port or first.scheme}")
        self.rejected = self.dropped = self.skipped = 0
        self._most_bytes: int = settings["spool_bytes"].value
        self._posters = {signal: Poster(to.address, to.timeout_s) for signal, to in self._to_signals.items()}
        self._tidied_at = 0.0
        # Ranges of which a signal was taken already, while another signal of theirs was not.
        self._taken: set[tuple[str, str, int]] = set()

    def deliver(self, chunks: list[Chunk]) -> None:
        """Send a batch, signal by signal, and return when all were taken."""
        for signal in SIGNALS:
            left = [chunk for chunk in chunks if (signal, chunk.segment, chunk.start) not in self._taken]
            body, skipped = _build(signal, left)
            if body:
                self._post(signal, body)
            self._taken.update((signal, chunk.segment, chunk.start) for chunk in left)
        self._count_skipped(skipped)
        for chunk in chunks:
            self._taken.difference_update((signal, chunk.segment, chunk.start) for signal in SIGNALS)

    def _post(self, signal: str, body: bytes) -> None:
        to = self._to_signals[signal]
        headers = {"Content-Type": "application/json", "User-Agent": f"sightline/{VERSION}", **to.headers}
        if to.compressed:
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        path = f"{to.address.path or '/'}{'?' + to.address.query if to.address.query else ''}"
        answer = self._posters[signal].post(path, body, headers)
        if answer.status in _NEVER:
            raise Refused(answer.say())
        if not http.client.OK <= answer.status < http.client.MULTIPLE_CHOICES:
            raise answer.later()
        self._count_rejected(answer)

    def _count_rejected(self, answer: Answer) -> None:
        count, why = rejected(answer.body)
        if count:
            self.rejected += count
            self.note(Refused(f"{answer.server} rejected {count} records: {why[:300]}"))

    def _count_skipped(self, count: int) -> None:
        if count:
            self.skipped += count
            self.note(ValueError("points or records were left out, as OTLP cannot say what is in them, such as nan"))

    def tidy(self) -> None:
        """Keep within the spool's limit what waits, and look whether segments come here at all."""
        now = time.monotonic()
        if now - self._tidied_at < _TIDY_EVERY_S:
            return
        self._tidied_at = now
        held = list_segments(self._spool)
        total = sum(size for _, size in held)
        for path, size in held:
            if total <= self._most_bytes:
                break
            dropped = drop_if_final(path)
            if dropped is not None:
                total -= size
                self.dropped += dropped
                self.note(Refused("records were dropped: too much waits to be exported"))
        if recorder.writer is not None and recorder.writer.beside_trouble:
            self.note(OSError(recorder.writer.beside_trouble))

    def disconnect(self) -> None:
        """Let go of the connections."""
        for poster in self._posters.values():
            poster.close()


def _build(signal: str, chunks: list[Chunk]) -> tuple[bytes, int]:
    """
    Build the body for a signal, and count what was left out of all signals.

    Raises:
        Refused: if that fails, whatever the reason: it would fail again as long as the same records are in it.
    """
    try:
        found = add_all((chunk.header.resource, chunk.lines) for chunk in chunks)
        return found.body(signal), found.skipped
    except Exception as error:
        raise Refused(f"OTLP cannot say it: {type(error).__name__}: {error}") from error


class _Exporting:
    """The exporter of this process, if it has one."""

    exporter: Exporter | None = None
    installed = False

    def start(self) -> None:
        """Begin to export where the ``export`` setting says so; called whenever recording starts."""
        self.stop()
        if recorder.settings and recorder.settings["export"].value != "off":
            self.exporter = Exporter(recorder.settings)
            self.exporter.start()

    def stop(self) -> None:
        """End."""
        if self.exporter is not None:
            self.exporter.stop()
            self.exporter = None

    def reborn(self) -> None:
        """Start anew in a forked child."""
        if self.exporter is not None:
            self.exporter.abandon()
            self.exporter = None
            self.start()


exporting: Final = _Exporting()


def check(settings: Mapping[str, Value]) -> None:
    """
    Look at the settings before anything is changed.

    Raises:
        SettingInvalid: if one of them is wrong.
    """
    for signal in SIGNALS:
        destination(settings, signal)


def install() -> None:
    """Export from now on, whenever recording is on and the ``export`` setting says so."""
    if exporting.installed:
        return
    exporting.installed = True
    recorder.on_start(exporting.start)
    recorder.on_stop(exporting.stop)
    recorder.on_fork(exporting.reborn)
