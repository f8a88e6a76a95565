"""Decodes an envelope: each of its items by its type, within bounds of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sightline.base.errors import DecodeError
from sightline.wire.reading import hex_id, mapping, string
from sightline.wire.sentry.envelope import parse, split
from sightline.wire.sentry.events import add_event
from sightline.wire.sentry.happenings import add_check_in, add_feedback, add_report, add_session, add_sessions
from sightline.wire.sentry.logs import add_logs
from sightline.wire.sentry.metrics import add_metrics
from sightline.wire.sentry.profiles import add_profile
from sightline.wire.sentry.rows import Collected
from sightline.wire.sentry.spans import add_spans, add_transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from sightline.wire.decoded import Decoded
    from sightline.wire.redact import Redactor
    from sightline.wire.sentry.envelope import Item
    from sightline.wire.sentry.sender import Sender

    Add = Callable[[Collected, Any, Redactor], None]

MAX_EVENT_BYTES: Final = 2 * 1024 * 1024
"""Longest event; SDKs stop at one."""

MAX_ITEM_BYTES: Final = 16 * 1024 * 1024
"""Longest item of another type that is read."""

_ADD: Final[dict[str, Add]] = {
    "transaction": add_transaction,
    "span": add_spans,
    "log": add_logs,
    "trace_metric": add_metrics,
    "session": add_session,
    "sessions": add_sessions,
    "check_in": add_check_in,
    "client_report": add_report,
    "feedback": add_feedback,
    "user_report": add_feedback,
    "profile": add_profile,
    "profile_chunk": add_profile,
}
"""What takes each type of item, but events and attachments."""


@dataclass(frozen=True, slots=True)
class Taken:
    """
    One envelope, decoded.

    Attributes:
        event_id: for the answer; empty where it has none.
        identity: by which the same content is known when it is sent again; empty where it has nothing of the kind.
        alone: whether there is an error event in it: they are few, so each may have inserts of its own.
        decoded: the rows.
    """

    event_id: str
    identity: str
    alone: bool
    decoded: Decoded


def decode_envelope(body: bytes, sender: Sender, received_ns: int, redactor: Redactor) -> Taken:
    """
    Decode an envelope.

    An item that cannot be read, is too large or of a type that is not kept is rejected by itself.

    Raises:
        DecodeError: if *body* is no envelope.
        BodyTooLarge: if what a sender says of itself, repeated for each record, takes too much.
    """
    header, items = split(body)
    sender.read(header)
    rows = Collected(sender, received_ns)
    files = [_file(item) for item in items if item.kind == "attachment"]
    alone = False
    for item in items:
        try:
            alone = _add(rows, item, redactor, files) or alone
        except DecodeError:
            rows.reject("an item that is no JSON")
    event_id = hex_id(header.get("event_id"), 32)
    kinds = "+".join(sorted({item.kind for item in items if item.kind in _KEYED}))
    identity = f"sentry:{sender.project}:{event_id}:{kinds}" if event_id and kinds else ""
    return Taken(event_id, identity, alone, rows.decoded())


def decode_event(body: bytes, sender: Sender, received_ns: int, redactor: Redactor) -> Taken:
    """
    Decode what older SDKs post to ``/store/``: one event without an envelope.

    Raises:
        DecodeError: if *body* is no event.
    """
    event = parse(body) if len(body) <= MAX_EVENT_BYTES else None
    if not isinstance(event, dict):
        raise DecodeError(
            f"The body has {len(body):,} bytes; expected one event, a JSON object of {MAX_EVENT_BYTES:,} at most."
        )
    sender.read({"sdk": event.get("sdk")})
    rows = Collected(sender, received_ns)
    add_event(rows, event, redactor, [])
    event_id = hex_id(event.get("event_id"), 32)
    identity = f"sentry:{sender.project}:{event_id}:event" if event_id else ""
    return Taken(event_id, identity, alone=True, decoded=rows.decoded())


_KEYED: Final = ("event", "transaction", "feedback", "profile")
"""Types of items that their envelope's event id makes known."""


def _add(rows: Collected, item: Item, redactor: Redactor, files: list[Any]) -> bool:
    """Add one item; tell whether it was an error event."""
    if item.kind == "attachment":
        return False
    limit = MAX_EVENT_BYTES if item.kind == "event" else MAX_ITEM_BYTES
    if len(item.content) > limit:
        rows.reject(f"an item of more than {limit:,} bytes")
    elif item.kind == "event":
        event = mapping(parse(item.content))
        rows.sender.read({"sdk": event.get("sdk")})
        add_event(rows, event, redactor, files)
        return True
    elif item.kind in _ADD:
        _ADD[item.kind](rows, parse(item.content), redactor)
    else:
        rows.reject(f"an item of type {item.kind[:40]!r}")
    return False


def _file(item: Item) -> dict[str, Any]:
    return {
        "file": string(item.header.get("filename"), 300),
        "type": string(item.header.get("content_type"), 100),
        "size_bytes": len(item.content),
    }
