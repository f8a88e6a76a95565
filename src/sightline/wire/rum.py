"""Beacons of browsers, ``POST /api/rum``, as rows of ``events``; errors among them as log records too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.base.errors import DecodeError
from sightline.base.limits import MAX_AHEAD_NS
from sightline.model import fingerprint as naming
from sightline.wire import foreign_errors
from sightline.wire.decoded import Decoded
from sightline.wire.log_rows import LogRows
from sightline.wire.reading import hex_id, listed, mapping, number, string, time_ns, without_values
from sightline.wire.rows import EVENTS, Rows

if TYPE_CHECKING:
    from sightline.wire.redact import Redactor

MAX_BEACON_BYTES: Final = 256 * 1024
"""Longest beacon. Browsers send 64 KiB at most when a page is hidden."""

MOST_EVENTS: Final = 500
"""Things that happened in one beacon; the rest is rejected."""

LONGEST_SKEW_NS: Final = 60 * 10**9
"""A browser's clock that is off by more is set right by when its beacon came."""

_VITALS: Final = frozenset({"LCP", "CLS", "INP", "FID", "FCP", "TTFB"})
_RATINGS: Final = frozenset({"good", "needs-improvement", "poor"})
_MOST_FRAMES: Final = 50

_PLACE: Final = re.compile(r":(\d{1,9})(?::\d{1,9})?$")
"""Line and column at the end of a frame."""

_HASH: Final = re.compile(r"[.-](?=[\w-]*\d)[\w-]{6,}(?=\.\w+$)")
"""What a bundler puts into a file's name, and is another one with each release."""


@dataclass(frozen=True, slots=True)
class Beacon:
    """
    What one beacon brings.

    Attributes:
        identity: by which it is known when it is sent again; empty where it has none.
        decoded: the rows.
    """

    identity: str
    decoded: Decoded


def decode(body: bytes, received_ns: int, redactor: Redactor) -> Beacon:
    """
    Decode a beacon; docs/formats/rum.md says every field.

    Something that happened which cannot be read is rejected by itself.

    Raises:
        DecodeError: if *body* is no JSON object, or longer than ``MAX_BEACON_BYTES``.
    """
    if len(body) > MAX_BEACON_BYTES:
        raise DecodeError(
            f"The beacon has {len(body):,} bytes; at most {MAX_BEACON_BYTES:,} are taken. Send it in parts."
        )
    try:
        told = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError) as error:
        raise DecodeError(f"The beacon is no JSON that can be read: {error}.") from None
    if not isinstance(told, dict):
        raise DecodeError("The beacon is no JSON object.")
    page = _Page(told, received_ns, redactor)
    happened = told.get("events")
    for one in listed(happened, MOST_EVENTS):
        page.add(mapping(one))
    page.rejected += max(0, len(happened) - MOST_EVENTS) if isinstance(happened, list) else 0
    session, number_of = hex_id(told.get("session"), 32), hex_id(told.get("id"), 32)
    return Beacon(f"rum:{session}:{number_of}" if number_of else "", page.decoded())


class _Page:
    """One page of one session, and what happened on it."""

    def __init__(self, told: dict[str, Any], received_ns: int, redactor: Redactor) -> None:
        self.rejected = 0
        self._received_ns = received_ns
        self._redactor = redactor
        self._rows, self._logs = Rows(EVENTS), LogRows(received_ns)
        about = {
            "service.name": string(told.get("app"), 200) or "browser",
            "service.version": string(told.get("release"), 200),
            "deployment.environment.name": string(told.get("env"), 200),
            "telemetry.sdk.name": "sightline.browser",
            "telemetry.sdk.language": "webjs",
        }
        self._resource = {name: value for name, value in about.items() if value}
        self._url = _address(told.get("page"))
        self._session = hex_id(told.get("session"), 32)
        self._user = redactor.text(string(told.get("user"), 200))
        sent_ns = time_ns(told.get("sent"), received_ns)
        skew_ns = received_ns - sent_ns
        self._skew_ns = skew_ns if abs(skew_ns) > LONGEST_SKEW_NS else 0

    def add(self, told: dict[str, Any]) -> None:
        """Add one thing that happened."""
        kind = told.get("k")
        read = _KINDS.get(kind) if isinstance(kind, str) else None
        found = read[1](told) if read else None
        at = time_ns(told.get("t"), self._received_ns) + self._skew_ns
        if read is None or found is None or not 0 < at <= self._received_ns + MAX_AHEAD_NS:
            self.rejected += 1
            return
        url = _address(told["u"]) if told.get("u") else self._url
        data = {name: value for name, value in found.items() if value not in ("", None)}
        data = self._redactor.clean({"url": url, "path": _path(url), **data})
        trace, span = hex_id(told.get("trace"), 32), hex_id(told.get("span"), 16)
        if kind == "error":
            data = self._error(told, data, at, trace, span)
        self._rows.add(
            self._resource,
            Timestamp=at,
            EventName=read[0],
            TraceId=trace,
            SpanId=span,
            UserId=self._user,
            SessionId=self._session,
            Data=data,
        )

    def decoded(self) -> Decoded:
        """Give all rows."""
        tables = {"events": self._rows.table()} if len(self._rows) else {}
        tables |= {"otel_logs": self._logs.table()} if len(self._logs) else {}
        reason = "An event needs a kind that is known, its values and a time no more than a year ahead."
        return Decoded(tables, len(self._rows), self.rejected, reason if self.rejected else "")

    def _error(self, told: dict[str, Any], data: dict[str, Any], at: int, trace: str, span: str) -> dict[str, Any]:
        kind, message = data["type"], data.get("message", "")
        stack = string(told.get("stack"), foreign_errors.LONGEST_STACK)
        frames = _frames(stack)
        # Names in a bundle say little: the message counts too.
        line = naming.message_template(string(told.get("message"), 300))
        places = [naming.place(file, function) for file, function, _ in reversed(frames)]
        name = naming.fingerprint([naming.Raised(kind, "", places, line, string(told.get("message"), 300))])
        about = foreign_errors.told(
            kind,
            message,
            self._redactor.text(stack),
            fingerprint=name,
            handled=False,
            mechanism=data["mechanism"],
        )
        about |= {"url.full": data["url"], "session_id": self._session, "user_id": self._user}
        if frames:
            file, function, number_of = frames[0]
            about |= self._redactor.clean(
                {"code.file.path": file, "code.function.name": function, "code.line.number": number_of}
            )
        self._logs.add(
            foreign_errors.body_of(kind, message),
            time_ns=at,
            level="ERROR",
            attributes={key: value for key, value in about.items() if value != ""},
            resource=self._resource,
            logger=foreign_errors.LOGGER,
            trace=trace,
            span=span,
        )
        return {**data, "fingerprint": name}


def _page_load(told: dict[str, Any]) -> dict[str, Any] | None:
    names = {"load": "load_ms", "dcl": "dom_content_loaded_ms", "ttfb": "first_byte_ms", "int": "dom_interactive_ms"}
    times = {name: _duration(told.get(short)) for short, name in names.items()}
    known = any(value is not None for value in times.values())
    more = {"navigation": string(told.get("nav"), 20), "referrer": _address(told.get("ref"))}
    return {**times, **more} if known else None


def _vital(told: dict[str, Any]) -> dict[str, Any] | None:
    name, value = string(told.get("n"), 10), _duration(told.get("v"))
    if name not in _VITALS or value is None:
        return None
    rating = told.get("r")
    return {
        "name": name,
        "value": value,
        "rating": rating if isinstance(rating, str) and rating in _RATINGS else "",
        "target": string(told.get("el"), 200),
    }


def _thrown(told: dict[str, Any]) -> dict[str, Any] | None:
    message = string(told.get("message"), foreign_errors.LONGEST_MESSAGE)
    mechanism = "unhandledrejection" if told.get("rej") else "onerror"
    kind = string(told.get("type"), 200) or "Error"
    return {"type": kind, "message": message, "mechanism": mechanism} if message or told.get("type") else None


def _done(told: dict[str, Any]) -> dict[str, Any] | None:
    target = string(told.get("el"), 200)
    return {"target": target} if target else None


def _request(told: dict[str, Any]) -> dict[str, Any] | None:
    status, spent = number(told.get("s")), _duration(told.get("ms"))
    if spent is None:
        return None
    return {
        "method": string(told.get("m"), 10).upper() or "GET",
        "request_url": _address(told.get("to")),
        "status": int(status) if status is not None and 0 <= status < 1000 else 0,
        "duration_ms": spent,
        "initiator": "xhr" if told.get("xhr") else "fetch",
    }


def _route(told: dict[str, Any]) -> dict[str, Any] | None:
    to = _address(told.get("to"))
    return {"to": to, "from": _address(told.get("from")), "duration_ms": _duration(told.get("ms"))} if to else None


_KINDS: Final = {
    "page": ("rum.page_load", _page_load),
    "vital": ("rum.web_vital", _vital),
    "error": ("rum.error", _thrown),
    "click": ("rum.click", _done),
    "submit": ("rum.submit", _done),
    "request": ("rum.request", _request),
    "route": ("rum.route_change", _route),
}
"""What ``k`` says, the event's name, and what reads its values."""


def _duration(value: Any) -> float | None:
    found = number(value)
    return round(found, 4) if found is not None and 0 <= found <= 86_400_000 else None


def _address(value: Any) -> str:
    return without_values(string(value, 2048))


def _path(url: str) -> str:
    rest = url.partition("://")[2] or url
    path = rest[rest.index("/") :] if "/" in rest else "/"
    return path.partition("?")[0].partition("#")[0]


def _frames(stack: str) -> list[tuple[str, str, str]]:
    """Give the frames of a stack, the innermost first: the file without its host and hash, function, line."""
    found = []
    for line in stack.split("\n", 4 * _MOST_FRAMES)[: 4 * _MOST_FRAMES]:
        function, place = _parted(line[:1200].strip())
        end = _PLACE.search(place)
        if end:
            file = _HASH.sub("", _path(without_values(place[: end.start()])))
            found.append((file, function or "<anonymous>", end[1]))
    return found[:_MOST_FRAMES]


def _parted(line: str) -> tuple[str, str]:
    """Part function and place: ``at pay (https://…/shop.js:1:2)`` of V8, ``pay@https://…/shop.js:1:2`` of others."""
    if line.startswith("at "):
        function, _, place = line[3:].rstrip(")").rpartition(" (")
        return function.removeprefix("async "), place
    function, _, place = line.partition("@")
    return function, place
