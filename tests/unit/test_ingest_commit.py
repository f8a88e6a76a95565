"""Requests that arrive together are stored together, and each is answered after its own rows are."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from sightline.base.errors import RowsRefused, StoreUnavailable
from sightline.server.ingest import commit
from sightline.server.ingest.commit import GroupCommit

POISON = 666


class Table:
    """A store in memory: refuses poison, can be held up, and can be away."""

    def __init__(self):
        self.inserts = []
        self.attempts = 0
        self.away = False
        self.free = threading.Event()
        self.free.set()
        self.busy = threading.Event()

    def insert(self, _, rows):
        """Store rows."""
        self.attempts += 1
        self.busy.set()
        assert self.free.wait(10)
        values = rows.column("v").to_pylist()
        if self.away:
            raise StoreUnavailable("The store is away.")
        if POISON in values:
            raise RowsRefused("The store refused rows: poison.")
        self.inserts.append(values)


def commit_all(table, *requests):
    """Send the first request, and while it is being stored all others; give each one's outcome."""

    async def run():
        with ThreadPoolExecutor(2) as threads:
            committer = GroupCommit(table.insert, threads)
            table.free.clear()
            loop = asyncio.get_running_loop()
            first = asyncio.create_task(committer.commit({"t": rows(*requests[0])}))
            await loop.run_in_executor(None, table.busy.wait, 10)
            others = [asyncio.create_task(committer.commit({"t": rows(*request)})) for request in requests[1:]]
            await asyncio.sleep(0)
            table.free.set()
            outcomes = await asyncio.gather(first, *others, return_exceptions=True)
            await committer.drain()
            return outcomes

    return asyncio.run(run())


def rows(*values):
    """Rows of one column."""
    return pa.table({"v": pa.array(values, pa.int64())})


def test_requests_that_wait_go_together():
    """What arrives during an insert goes into the next one, in the order in which it came."""
    table = Table()

    assert commit_all(table, [1], [2, 3], [4]) == [None, None, None]

    assert table.inserts == [[1], [2, 3, 4]]


def test_rows_with_other_columns():
    """Requests whose rows of the same table have other columns are stored side by side, in inserts of their own."""
    stored = []

    async def run():
        with ThreadPoolExecutor(2) as threads:
            committer = GroupCommit(lambda _, rows: stored.append(rows.to_pydict()), threads)
            others = pa.table({"v": pa.array([9], pa.int64()), "w": pa.array(["x"])})
            await asyncio.gather(*(committer.commit({"t": one}) for one in (rows(1), others, rows(2), others)))
            await committer.drain()

    asyncio.run(asyncio.wait_for(run(), 30))

    assert sorted(value for one in stored for value in one["v"]) == [1, 2, 9, 9]
    assert {tuple(one) for one in stored} == {("v",), ("v", "w")}


def test_poison_fails_alone():
    """Rows that the store refuses fail their own request; the neighbours are stored."""
    table = Table()

    outcomes = commit_all(table, [1], [2], [POISON], [3])

    assert [type(outcome) for outcome in outcomes] == [type(None), type(None), RowsRefused, type(None)]
    assert table.inserts == [[1], [2], [3]]


def test_store_that_is_away():
    """While the store is away, all that wait are told so, and it is not asked once for each of them."""
    table = Table()
    table.away = True

    outcomes = commit_all(table, [1], [2], [3], [4])

    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 4
    assert table.attempts == 3


def test_groups_are_bounded(monkeypatch):
    """A group takes no more rows than one insert should have; a larger request still goes alone."""
    monkeypatch.setattr(commit, "GROUP_ROWS", 3)
    table = Table()

    commit_all(table, [1], [2, 3], [4], [5], [6, 7, 8, 9])

    assert table.inserts == [[1], [2, 3, 4], [5], [6, 7, 8, 9]]


def test_client_that_went_away():
    """A request whose client went away is stored all the same, and those beside it are answered."""
    table = Table()

    async def run():
        with ThreadPoolExecutor(1) as threads:
            committer = GroupCommit(table.insert, threads)
            table.free.clear()
            gone = asyncio.create_task(committer.commit({"t": rows(1)}))
            await asyncio.get_running_loop().run_in_executor(None, table.busy.wait, 10)
            stays = asyncio.create_task(committer.commit({"t": rows(2)}))
            gone.cancel()
            table.free.set()
            await stays
            await committer.drain()
            with pytest.raises(asyncio.CancelledError):
                await gone

    asyncio.run(run())
    assert table.inserts == [[1], [2]]


def test_an_error_that_nobody_expected():
    """A store that fails in a way of its own is taken for one that is away."""

    def insert(_, _rows):
        raise ZeroDivisionError

    async def run():
        with ThreadPoolExecutor(1) as threads:
            await GroupCommit(insert, threads).commit({"t": rows(1)})

    with pytest.raises(StoreUnavailable, match="The store failed: ZeroDivisionError"):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("failure", "expected"), [(pa.ArrowInvalid("too long"), RowsRefused), (MemoryError(), StoreUnavailable)]
)
def test_an_error_of_arrow(failure, expected):
    """Rows that Arrow cannot write are the rows' fault, for ever; memory is there again later."""

    def insert(_, _rows):
        raise failure

    async def run():
        with ThreadPoolExecutor(1) as threads:
            await GroupCommit(insert, threads).commit({"t": rows(1)})

    with pytest.raises(expected):
        asyncio.run(run())


@pytest.mark.parametrize(("width", "inserts"), [(1, [1, 20_000]), (20, [1, 10_000, 10_000])])
def test_narrow_rows_wait_for_what_is_coming(width, inserts):
    """Enough rows that are narrow wait for a request that is being decoded; wide ones are stored without it."""
    coming, stored = [1], []

    async def run():
        many = pa.table({f"v{number}": pa.array(range(10_000), pa.int64()) for number in range(width)})
        with ThreadPoolExecutor(1) as threads:
            committer = GroupCommit(
                lambda _, block: stored.append(block.num_rows), threads, lambda: coming[0], interval_s=60
            )
            await committer.commit({"t": many.slice(0, 1)})
            first = asyncio.create_task(committer.commit({"t": many}))
            if width > 1:
                await first
            for _ in range(5):
                await asyncio.sleep(0)
            coming[0] = 0
            await asyncio.gather(first, committer.commit({"t": many}))

    asyncio.run(asyncio.wait_for(run(), 30))

    assert stored == inserts
