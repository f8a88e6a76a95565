"""Rows that the store will never take are found by halves, without trying for ever."""

import asyncio

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.base.errors import RowsRefused, StoreUnavailable
from sightline.server.ingest import sift_rows
from sightline.server.ingest.sift_rows import describe, sift

WHOLE = RowsRefused("bad")


class Table:
    """Takes rows but for the bad ones."""

    def __init__(self, bad):
        self.bad = bad
        self.stored = []
        self.attempts = 0

    async def insert(self, start, count):
        """Store rows, or refuse all of them."""
        self.attempts += 1
        if bad := self.bad & set(range(start, start + count)):
            raise RowsRefused(f"bad {min(bad)}")
        self.stored += range(start, start + count)


@given(st.sets(st.integers(0, 199), min_size=1, max_size=20))
def test_what_is_not_bad_is_stored_once(bad):
    """Each row is either stored once or refused with its own reason."""
    table = Table(bad)

    reasons = asyncio.run(sift(200, table.insert, WHOLE))

    assert sorted(table.stored) == sorted(set(range(200)) - bad)
    assert reasons == {number: f"bad {number}" for number in bad}


def test_the_work_is_bounded():
    """Where all is bad, the store is asked some hundred times, not once a row."""
    table = Table(set(range(50_000)))

    reasons = asyncio.run(sift(50_000, table.insert, WHOLE))

    assert (len(reasons), table.attempts < sift_rows.ATTEMPTS * 2) == (50_000, True)


def test_rows_that_some_tables_may_have_are_not_tried_again():
    """A view behind the table failed: trying again would store the others twice."""
    table = Table(set())

    reasons = asyncio.run(sift(3, table.insert, RowsRefused("a view", partly=True)))

    assert (reasons, table.attempts) == ({0: "a view", 1: "a view", 2: "a view"}, 0)


def test_a_store_that_is_away_ends_it():
    """Nobody's fault is found while the store takes nothing."""

    async def insert(_start, _count):
        raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        asyncio.run(sift(2, insert, WHOLE))


def test_rows_are_described_without_their_secrets():
    """Times are numbers, and what looks like a secret is taken out."""
    at = pa.array([0, 5], pa.timestamp("ns"))
    rows = pa.table({"Body": ["x", "token=abcdef123456"], "Timestamp": at, "Attributes": [[], [("password", "p")]]})

    [line] = describe("otlp", "otel_logs", rows, {1: "no"}, 0)

    assert (line.segment, line.offset, line.reason, '"Timestamp":5' in line.line) == ("otlp:otel_logs", 1, "no", True)
    assert "abcdef" not in line.line
