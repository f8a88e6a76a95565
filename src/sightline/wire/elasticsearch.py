"""Requests of Elasticsearch's bulk API as columns of ``otel_logs``, with the result of each action."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.base.limits import MAX_LINE_BYTES
from sightline.wire import log_object
from sightline.wire.log_rows import LogRows

if TYPE_CHECKING:
    from sightline.wire.decoded import Decoded

INDEX: Final = "elasticsearch.index"
"""Attribute with the name of the index or data stream that a document was sent to."""

MAX_NAME: Final = 512
"""Characters of an index' name and of an id; Elasticsearch has the same for ids."""

_value: Final = msgspec.json.Decoder().decode


MAX_ACTIONS: Final = 100_000
"""Actions of one request: the smallest have 16 bytes, and each is answered by a kilobyte. Shippers send thousands."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """
    One request.

    Attributes:
        decoded: the rows of its documents.
        items: the result of each action, in their order, as the protocol has it, for when the rows are stored.
        named: whether the sender named every document by an id of its own, so that a request tells itself again.
    """

    decoded: Decoded
    items: list[dict[str, Any]]
    named: bool


def decode_bulk(body: bytes, received_ns: int, index: str = "") -> Bulk:
    """
    Decode pairs of lines, an action and its document.

    ``index`` and ``create`` add a record; ``update`` and ``delete`` are refused one by one: a log is not changed.

    Args:
        body: lines of JSON.
        received_ns: when it came; the time of documents without one.
        index: for actions that name none.

    Raises:
        DecodeError: if a line that should be an action is none; nothing of the request is taken then.
        BodyTooLarge: if there are too many actions.
    """
    rows = LogRows(received_ns)
    items: list[dict[str, Any]] = []
    lines, named = _Lines(body), 0
    while (line := lines.next()) is not None:
        action, target, by_sender = _action(line, lines.number, index)
        named += by_sender
        document = lines.next() if action != "delete" else b""
        if len(items) >= MAX_ACTIONS:
            raise BodyTooLarge(f"There are more than {MAX_ACTIONS:,} actions. Send fewer at once.")
        items.append({action: _result(rows, action, target, document)})
    failed = sum("error" in result for item in items for result in item.values())
    decoded = rows.decoded(failed - rows.rejected, "Some actions were refused." if failed else "")
    return Bulk(decoded, items, named=named == len(items))


class _Lines:
    """The lines of a body, one by one, without copying all of it; empty ones are read over."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._start = 0
        self.number = 0

    def next(self) -> bytes | None:
        while self._start < len(self._body):
            end = self._body.find(b"\n", self._start)
            end = len(self._body) if end < 0 else end
            line = self._body[self._start : end].strip()
            self._start, self.number = end + 1, self.number + 1
            if line:
                return line
        return None


def _action(line: bytes, number: int, index: str) -> tuple[str, dict[str, str], bool]:
    """Give the action, its index and id, and whether the sender gave the id."""
    found = _object(line)
    action, about = next(iter(found.items()), ("", None)) if isinstance(found, dict) and len(found) == 1 else ("", None)
    if action not in {"index", "create", "update", "delete"} or not isinstance(about, dict):
        raise DecodeError(f"Malformed action/metadata line [{number}], expected create, index, update or delete.")
    name, given = about.get("_index") or index, about.get("_id")
    target = {"_index": str(name)[:MAX_NAME], "_id": str(given)[:MAX_NAME] if given else os.urandom(10).hex()}
    return action, target, bool(given)


def _object(line: bytes | None) -> dict[str, Any] | str:
    """Decode a line; a text says why it is no object."""
    if line is None:
        return "The document is missing."
    if len(line) > MAX_LINE_BYTES:
        return f"The document has {len(line):,} bytes; at most {MAX_LINE_BYTES:,} are taken."
    try:
        found = _value(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"The document is no JSON: {error}."
    return found if isinstance(found, dict) else f"The document is no object but {type(found).__name__}."


def _result(rows: LogRows, action: str, target: dict[str, str], document: bytes | None) -> dict[str, Any]:
    if action not in {"index", "create"}:
        return _failure(target, "illegal_argument_exception", f"Logs are added, not changed: {action} is not taken.")
    found = _object(document)
    if isinstance(found, str):
        return _failure(target, "document_parsing_exception", found)
    record = log_object.read(found)
    if target["_index"]:
        record.attributes[INDEX] = target["_index"]
    before = rows.rejected
    record.add_to(rows)
    if rows.rejected > before:
        return _failure(target, "document_parsing_exception", "Its time is more than a year ahead.")
    return {**target, **_CREATED}


_CREATED: Final = {
    "_version": 1,
    "result": "created",
    "_shards": {"total": 1, "successful": 1, "failed": 0},
    "_seq_no": 0,
    "_primary_term": 1,
    "status": 201,
}


def _failure(target: dict[str, str], kind: str, reason: str) -> dict[str, Any]:
    return {**target, "status": 400, "error": {"type": kind, "reason": reason}}
