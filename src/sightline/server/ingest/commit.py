"""Group commit: requests that arrive together are stored together, and each is answered after its own rows are."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from sightline.base.errors import RowsRefused, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor

    Insert = Callable[[str, pa.Table], None]

INTERVAL_S: Final = 0.05
"""
Shortest time from the start of one insert to the next of the same table, unless enough rows wait.

Every insert makes a part that the engine has to merge; twenty a second it does without effort. A request that finds
nothing under way is stored at once.
"""

ENOUGH_ROWS: Final = 10_000
"""Rows that are inserted without waiting for more: from here on the insert's fixed cost is small, if they are wide."""

ENOUGH_BYTES: Final = 1024 * 1024
"""
As many rows wait for those of requests that are being read and decoded while they have fewer bytes.

An insert takes four milliseconds of processor time before its first row, as much as 20,000 samples of metrics.
"""

GROUP_ROWS: Final = 50_000
"""Most rows of one group. A larger request goes alone, and in as many inserts: each takes a few hundred bytes a row."""


_NEVER: Final = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, pa.ArrowCapacityError, UnicodeError)
"""What is wrong with rows that Arrow cannot write; memory and handles are there again later."""


class GroupCommit:
    """
    Stores tables of many requests, one insert at a time for each table. Used in one event loop.

    Rows of one table that have other columns, as each protocol leaves out what it never tells, go into inserts of
    their own.

    Args:
        insert: stores one block and returns when it is stored; called in *threads*.
        threads: where inserts run.
        coming: tells how many requests are being read and decoded, which may bring rows yet.
        interval_s: shortest time from one insert to the next of a table, unless enough rows wait.
    """

    def __init__(
        self,
        insert: Insert,
        threads: Executor,
        coming: Callable[[], int] = lambda: 0,
        *,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._insert = insert
        self._threads = threads
        self._pace = _Pace(coming, interval_s)
        self._tables: dict[tuple[str, pa.Schema], _TableCommit] = {}

    async def commit(self, tables: Mapping[str, pa.Table]) -> None:
        """
        Return when all rows are stored.

        Raises:
            RowsRefused: if the store cannot take these rows, ever; those of other requests are stored all the same.
            StoreUnavailable: if it cannot take them now. Rows for other tables may be stored already.
        """
        outcomes = await asyncio.gather(
            *(self._table(name, rows.schema).offer(rows) for name, rows in tables.items()), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def drain(self) -> None:
        """Wait until nothing is under way."""
        await asyncio.gather(*(table.drain() for table in self._tables.values()))

    def _table(self, name: str, schema: pa.Schema) -> _TableCommit:
        found = self._tables.get((name, schema))
        if found is None:
            found = self._tables[name, schema] = _TableCommit(name, self._insert, self._threads, self._pace)
        return found


@dataclass(frozen=True, slots=True)
class _Pace:
    coming: Callable[[], int]
    interval_s: float


@dataclass(slots=True)
class _Waiting:
    rows: pa.Table
    stored: asyncio.Future[None]

    def settle(self, error: Exception | None) -> None:
        """Tell the waiter; one that went away is told nothing, its rows are stored all the same."""
        if self.stored.done():
            return
        if error is None:
            self.stored.set_result(None)
        else:
            self.stored.set_exception(error)


class _TableCommit:
    def __init__(self, name: str, insert: Insert, threads: Executor, pace: _Pace) -> None:
        self._name = name
        self._insert = insert
        self._threads = threads
        self._pace = pace
        self._waiting: list[_Waiting] = []
        self._enough = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._started_s = float("-inf")

    async def offer(self, rows: pa.Table) -> None:
        waiting = _Waiting(rows, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._is_enough():
            self._enough.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=f"commit {self._name}")
        await waiting.stored

    async def drain(self) -> None:
        if self._task is not None:
            await self._task

    def _is_enough(self) -> bool:
        if sum(waiting.rows.num_rows for waiting in self._waiting) < ENOUGH_ROWS:
            return False
        return not self._pace.coming() or sum(waiting.rows.nbytes for waiting in self._waiting) >= ENOUGH_BYTES

    async def _run(self) -> None:
        while self._waiting:
            await self._wait()
            self._started_s = time.monotonic()
            await self._store(self._take())

    async def _wait(self) -> None:
        self._enough.clear()
        remaining_s = self._started_s + self._pace.interval_s - time.monotonic()
        if remaining_s > 0 and not self._is_enough():
            try:
                await asyncio.wait_for(self._enough.wait(), remaining_s)
            except TimeoutError:
                return

    def _take(self) -> list[_Waiting]:
        count, rows = 0, 0
        for waiting in self._waiting:
            rows += waiting.rows.num_rows
            if count and rows > GROUP_ROWS:
                break
            count += 1
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        return group

    async def _store(self, group: list[_Waiting]) -> None:
        error = await self._attempt(group)
        if error is None or len(group) == 1:
            for waiting in group:
                waiting.settle(error)
            return
        await self._store_one_by_one(group)

    async def _store_one_by_one(self, group: list[_Waiting]) -> None:
        """Find out whose rows are at fault; once the store itself is, ask it no more for this group."""
        error: Exception | None = None
        for waiting in group:
            if not isinstance(error, StoreUnavailable):
                error = await self._attempt([waiting])
            waiting.settle(error)

    async def _attempt(self, group: list[_Waiting]) -> Exception | None:
        loop = asyncio.get_running_loop()
        try:
            rows = pa.concat_tables([waiting.rows for waiting in group]) if len(group) > 1 else group[0].rows
            await loop.run_in_executor(self._threads, self._insert, self._name, rows)
        except StoreError as error:
            return error
        except _NEVER as error:
            return RowsRefused(f"The rows cannot be written for the store: {error}.")
        except Exception as error:
            return StoreUnavailable(f"The store failed: {error!r}.")
        return None
