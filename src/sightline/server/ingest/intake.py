"""
What every protocol's ingest shares, so that each takes the same steps: limit, decode, commit, answer, count.

A protocol's file brings a ``router`` (for HTTP) or ``listen`` (for a port of its own) and finds this as
``services.intake``.
"""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar, TypeVarTuple, Unpack

from sightline.base.errors import RowsRefused
from sightline.server.ingest import body as bodies
from sightline.server.ingest.commit import GROUP_ROWS, GroupCommit
from sightline.server.ingest.live_rows import records
from sightline.server.ingest.quarantine import set_aside
from sightline.server.ingest.recent import Recent
from sightline.server.ingest.sift_rows import describe, reason, sift
from sightline.server.ingest.waiting import MAX_WAITING_BYTES, Waiting
from sightline.server.services import Received, Tally

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa
    from starlette.requests import Request

    from sightline.server.live import Live
    from sightline.server.services import Counters
    from sightline.store.connect import Store
    from sightline.wire.decoded import Decoded

T = TypeVar("T")
Given = TypeVarTuple("Given")

THREADS: Final = 2
"""Threads that decode, and as many that insert. Decoding mostly holds the interpreter's lock: more gain nothing."""

_log = logging.getLogger(__name__)


class Intake:
    """
    Takes requests of all protocols to the store. Used in the server's event loop.

    Attributes:
        pending: the bytes that all requests under way hold.
        waiting: the bytes of what was decoded of them and is not stored yet.
        recent: what was stored lately, by the identities that protocols know.
    """

    def __init__(
        self,
        store: Store,
        counters: Counters,
        live: Live,
        pending_bytes: int = bodies.MAX_PENDING_BYTES,
        waiting_bytes: int = MAX_WAITING_BYTES,
        *,
        quarantine: Path,
    ) -> None:
        self.pending = bodies.Pending(pending_bytes, lambda: store.check_room(lines=False))
        self.waiting = Waiting(waiting_bytes)
        self.recent = Recent()
        self._store = store
        self._counters = counters
        self._live = live
        self._quarantine = quarantine
        self._decoding = ThreadPoolExecutor(THREADS, "sightline-decode")
        self._decoding_small = ThreadPoolExecutor(1, "sightline-decode-small")
        self._inserting = ThreadPoolExecutor(THREADS, "sightline-block")
        self._storing = 0
        self._committer = GroupCommit(self._insert, self._inserting, lambda: self.pending.requests - self._storing)

    async def decode(self, function: Callable[[Unpack[Given]], T], *args: *Given) -> T:
        """Run what takes time beside the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._decoding, function, *args)

    async def decode_small(self, function: Callable[[Unpack[Given]], T], *args: *Given) -> T:
        """
        Run what takes a millisecond beside the loop, one after the other.

        Two threads that take turns at the interpreter's lock so often need twice the processor time.
        """
        return await asyncio.get_running_loop().run_in_executor(self._decoding_small, function, *args)

    async def body(self, request: Request, hold: bodies.Hold, *, own: tuple[str, ...] = ()) -> bytes:
        """
        Read and decompress a request's body, counting what it holds.

        Args:
            request: whose body it is.
            hold: what the request holds.
            own: further compressions, which the protocol's decoder undoes itself.

        Raises:
            BodyTooLarge: if it is over its limit, as sent or decompressed.
            EncodingUnknown: if it is compressed in a way that is not taken.
            DecodeError: if what is compressed is broken.
            StoreUnavailable: if too much is under way already.
        """
        encoding = bodies.taken_encoding(request, (*bodies.DECOMPRESSORS, *own))
        content = await bodies.read(request, hold)
        if encoding not in {"identity", *own}:
            content = await self.decode(bodies.decompress, content, encoding)
            hold.grow(len(content) - hold.size_bytes)
        return content

    async def store(self, protocol: str, decoded: Decoded, *, token: str | None = None) -> Decoded:
        """
        Return when all rows are stored; then they are counted and shown to whoever is tailing.

        Rows that the store will never take are set aside in the home's ``quarantine``, and keep out none beside them.

        Args:
            protocol: name of the protocol, for the counters.
            decoded: the rows.
            token: identity of this content, where the protocol has one: sent again, it is stored once. Content with
                a token has inserts of its own; give one only where requests are few or large.

        Returns:
            What was decoded, with what the store refused among what was rejected.

        Raises:
            RowsRefused: if the store cannot take any of these rows, ever.
            StoreUnavailable: if it cannot take them now, or too many rows wait. Rows for other tables may be stored
                already.
        """
        with self.waiting.hold(decoded):
            self._storing += 1
            try:
                refused = await self._store_tables(protocol, decoded.tables, token and f"{protocol}:{token}")
            finally:
                self._storing -= 1
        if refused:
            why = reason(refused[0])
            if len(refused) == sum(rows.num_rows for rows in decoded.tables.values()):
                raise RowsRefused(why)
            decoded = replace(decoded, rejected=decoded.rejected + len(refused), reason=decoded.reason or why)
        self._count(protocol, decoded)
        return decoded

    async def drain(self) -> None:
        """Wait until nothing is under way."""
        await self._committer.drain()

    def close(self) -> None:
        """End the threads, after what they do."""
        self._decoding.shutdown()
        self._decoding_small.shutdown()
        self._inserting.shutdown()

    async def _store_tables(self, protocol: str, tables: dict[str, pa.Table], token: str | None) -> list[str]:
        """Store all rows; gives why those were refused that the store will never take."""
        store = partial(self._store_table, protocol, token=token)
        if token is not None:
            return [why for name, rows in tables.items() for why in (await store(name, rows)).values()]
        outcomes = await asyncio.gather(*(store(name, rows) for name, rows in tables.items()), return_exceptions=True)
        refused: list[str] = []
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
            refused += outcome.values()
        return refused

    async def _store_table(self, protocol: str, table: str, rows: pa.Table, *, token: str | None) -> dict[int, str]:
        """Store the rows of one table; gives why those were refused that it will never take, by their position."""
        try:
            if token is None:
                await self._committer.commit({table: rows})
            else:
                await self._alone(table, rows, token)
        except RowsRefused as error:
            reasons = await sift(rows.num_rows, partial(self._part, table, rows, token), error)
            await self._set_aside(protocol, table, rows, reasons)
            return reasons
        return {}

    async def _part(self, table: str, rows: pa.Table, token: str | None, start: int, count: int) -> None:
        """Store some rows of a block; the same rows come with the same token again."""
        await self._alone(table, rows.slice(start, count), f"{token}:{start}+{count}" if token else None)

    async def _alone(self, table: str, rows: pa.Table, token: str | None) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._inserting, self._insert, table, rows, token)

    async def _set_aside(self, protocol: str, table: str, rows: pa.Table, reasons: dict[int, str]) -> None:
        lines = describe(protocol, table, rows, reasons, time.time_ns())
        await self.decode(set_aside, self._quarantine, lines)
        self._counters.quarantined += len(lines)
        told = "%d rows of %s for %s cannot be stored, they are in %s: %s"
        _log.warning(told, len(lines), protocol, table, self._quarantine, lines[0].reason)

    def _insert(self, table: str, rows: pa.Table, token: str | None = None) -> None:
        for start in range(0, rows.num_rows, GROUP_ROWS):
            part = f"{token}:{start}" if token else None
            self._store.insert_arrow(table, rows.slice(start, GROUP_ROWS), token=part)

    def _count(self, protocol: str, decoded: Decoded) -> None:
        tally = Tally()
        for name, rows in decoded.tables.items():
            if name in _SIGNALS:
                tally.add(Tally(**{_SIGNALS[name]: rows.num_rows}))
        self._counters.accepted.add(tally)
        self._counters.stored.add(tally)
        found = self._counters.protocols.setdefault(protocol, Received())
        found.requests += 1
        found.records += sum(rows.num_rows for name, rows in decoded.tables.items() if name not in _BESIDE)
        found.rejected += decoded.rejected
        found.last_ns = time.time_ns()
        if self._live.wanted:
            self._live.publish_records(records(decoded.tables))


_BESIDE: Final = frozenset({"metric_series", "exemplar_points", "metric_exemplars"})
"""Tables whose rows are no records, but what goes with them."""

_SIGNALS: Final = {
    "otel_logs": "logs",
    "otel_traces": "spans",
    "metric_points": "samples",
    "metric_samples": "samples",
    "histogram_points": "samples",
    "events": "events",
}
