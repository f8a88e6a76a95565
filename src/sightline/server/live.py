"""Hands records to whoever is tailing, before they are stored."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.model import severity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping

    Match = Callable[[dict[str, Any]], bool]

QUEUE: Final = 1000
"""Records kept for a reader that is slow. More push out the oldest, which are counted as dropped."""

_log = logging.getLogger(__name__)
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


class Subscription:
    """
    One reader's share of the stream: an async iterator of records.

    ``dropped()`` tells how many were pushed out since it was last asked.
    """

    def __init__(self, match: Match, loop: asyncio.AbstractEventLoop) -> None:
        self.match = match
        self.loop = loop
        self._records: deque[dict[str, Any]] = deque()
        self._arrived = asyncio.Event()
        self._dropped = 0
        self._closed = False

    def offer(self, records: list[dict[str, Any]]) -> None:
        """Take records in; called in the reader's loop."""
        self._records.extend(records)
        while len(self._records) > QUEUE:
            self._records.popleft()
            self._dropped += 1
        self._arrived.set()

    def dropped(self) -> int:
        """Tell how many records were pushed out since the last call."""
        count, self._dropped = self._dropped, 0
        return count

    async def next(self, timeout_s: float) -> dict[str, Any] | None:
        """Wait for the next record; None where none came in time. Raises StopAsyncIteration once closed."""
        if not self._records:
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), timeout_s)
            except TimeoutError:
                return None
        if self._records:
            return self._records.popleft()
        if self._closed:
            raise StopAsyncIteration
        return None

    def close(self) -> None:
        """End the stream after what is in it; called in the reader's loop."""
        self._closed = True
        self._arrived.set()

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        while True:
            try:
                record = await self.next(timeout_s=3600.0)
            except StopAsyncIteration:
                return
            if record is not None:
                yield record


class Live:
    """
    The stream of records as they come in. Costs nothing while nobody subscribes.

    Records are dicts of the API's shape: ``signal`` (``logs``, ``spans`` or ``events``), ``timestamp``, ``service``,
    ``trace_id``, ``span_id``, ``attributes``, ``resource``; logs with ``level, severity, logger, body``; spans with
    ``parent_id, name, kind, duration_ms, status, status_message, scope``; events with ``name, data``.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the tuple of subscriptions
        self._subscriptions: tuple[Subscription, ...] = ()
        self._closed = False

    @property
    def wanted(self) -> bool:
        """Whether anybody is tailing."""
        return bool(self._subscriptions)

    @contextmanager
    def subscribe(self, match: Match) -> Iterator[Subscription]:
        """Open a subscription to the records that *match* says yes to; must be used in a running loop."""
        subscription = Subscription(match, asyncio.get_running_loop())
        with self._lock:
            self._subscriptions = (*self._subscriptions, subscription)
            if self._closed:
                subscription.close()
        try:
            yield subscription
        finally:
            with self._lock:
                self._subscriptions = tuple(kept for kept in self._subscriptions if kept is not subscription)

    def publish(self, lines: bytes, resources: Mapping[str, Mapping[str, str]]) -> None:
        """Hand on lines of a segment; broken ones are left to the ingest."""
        if self._subscriptions:
            self.publish_records(_records(lines, resources))

    def publish_records(self, records: Iterable[dict[str, Any]]) -> None:
        """Hand on records that are already of the API's shape."""
        subscriptions = self._subscriptions
        if not subscriptions:
            return
        offered = list(records)
        for subscription in subscriptions:
            try:
                wanted = [record for record in offered if subscription.match(record)][-2 * QUEUE :]
                if wanted:
                    subscription.loop.call_soon_threadsafe(subscription.offer, wanted)
            except Exception:
                _log.debug("A subscription is gone", exc_info=True)

    def close(self) -> None:
        """End all streams."""
        with self._lock:
            self._closed = True
            for subscription in self._subscriptions:
                subscription.loop.call_soon_threadsafe(subscription.close)


def rfc3339(time_ns: int) -> str:
    """Write nanoseconds since the epoch as RFC 3339 in UTC with nine digits."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def _records(lines: bytes, resources: Mapping[str, Mapping[str, str]]) -> Iterator[dict[str, Any]]:
    for line in lines.split(b"\n"):
        try:
            found = _decode(line)
            make = _SHAPES.get(found["kind"])
            if make is not None:
                resource = resources.get(found.get("instance", ""), {})
                yield {
                    **make(found),
                    "timestamp": rfc3339(found["time"]),
                    "service": resource.get("service.name", ""),
                    "trace_id": found.get("trace", ""),
                    "span_id": found.get("span", ""),
                    "attributes": _texts(found.get("attributes")),
                    "resource": dict(resource),
                }
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError, OverflowError):
            continue


def _log_record(line: dict[str, Any]) -> dict[str, Any]:
    return {
        "signal": "logs",
        "level": line.get("level") or severity.name_of(line.get("severity", 0)),
        "severity": line.get("severity", 0),
        "logger": line.get("logger", ""),
        "body": line.get("body", ""),
    }


def _span_record(line: dict[str, Any]) -> dict[str, Any]:
    return {
        "signal": "spans",
        "parent_id": line.get("parent", ""),
        "name": line.get("name", ""),
        "kind": line.get("span_kind") or "Internal",
        "duration_ms": line.get("duration", 0) / 1e6,
        "status": line.get("status") or "Unset",
        "status_message": line.get("status_message", ""),
        "scope": line.get("scope", ""),
    }


def _event_record(line: dict[str, Any]) -> dict[str, Any]:
    return {"signal": "events", "name": line.get("name", ""), "data": _texts(line.get("data"))}


_SHAPES: Final = {"log": _log_record, "span": _span_record, "event": _event_record}


def _texts(values: dict[str, Any] | None) -> dict[str, str]:
    """Write attributes' values as the store does: text as it is, everything else as JSON."""
    if not values:
        return {}
    return {
        key: value if isinstance(value, str) else msgspec.json.encode(value).decode() for key, value in values.items()
    }
