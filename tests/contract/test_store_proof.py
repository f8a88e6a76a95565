"""A disk that becomes full within an insert: what it did not take is not acknowledged, and stored when sent again."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.support.small_disk import MIB, fill, small_disk

from sightline.base.errors import StoreUnavailable
from sightline.store import condition
from sightline.store.connect import Store

LARGE = """
CREATE TABLE large (a UInt64, INDEX i a TYPE set(0), INDEX j intHash64(a) TYPE set(0), INDEX k -a TYPE set(0))
ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100
"""
"""What its rows take on the disk is four times what the engine makes sure of before it writes them."""

ROWS = MIB // 2
ROOM = 13 * MIB
"""The engine makes sure of 4 to 12 MiB for the rows, and they take 16."""


def rows(seed: int) -> pa.Table:
    """Rows that nothing compresses."""
    return pa.table({"a": np.random.default_rng(seed).integers(1 << 63, size=ROWS, dtype=np.uint64)})


def count(store: Store) -> int:
    """Count the rows, by reading them."""
    return int(store.query("SELECT count() FROM large WHERE NOT ignore(a)").scalar())


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 128 MiB."""
    with small_disk(tmp_path / "disk", 128) as place:
        yield place


@pytest.fixture
def opened(disk: Path) -> Iterator[Callable[[], Store]]:
    """Give what opens a store on the disk; opened anew, the one before is closed."""
    stores: list[Store] = []

    def again() -> Store:
        for store in stores:
            store.close()
        stores.append(Store.open(f"chdb://{disk / 'store'}", memory_bytes=512 * MIB))
        return stores[-1]

    again().query(LARGE, readonly=False)
    yield again
    stores[-1].close()


def test_the_engine_acknowledges_what_the_disk_refused(disk: Path, opened: Callable[[], Store]):
    """This is what the proof is for; an engine that tells by itself needs none."""
    store = opened()
    fill(disk, ROOM)

    store.insert_arrow("large", rows(1), token="t")

    assert not store.query("CHECK TABLE large SETTINGS check_query_single_value_result = 1", readonly=False).scalar()


def test_what_the_disk_did_not_take_is_refused(disk: Path, opened: Callable[[], Store]):
    """It is stored when it is sent again with its token and there is room; until then nothing is taken in."""
    store = opened()
    store.prove(MIB)
    store.insert_arrow("large", rows(1), token="before")
    ballast = fill(disk, ROOM)

    with pytest.raises(StoreUnavailable, match=r"became full during an insert, and did not take it \(all.* of large"):
        store.insert_arrow("large", rows(2), token="t")
    with pytest.raises(StoreUnavailable, match="Make room"):
        store.insert_arrow("events", pa.table({"EventName": ["e"]}))

    ballast.unlink()
    for _ in range(2):
        store.insert_arrow("large", rows(2), token="t")
    assert count(store) == ROWS * 2


def test_what_the_disk_did_not_take_is_stored_after_a_restart(disk: Path, opened: Callable[[], Store]):
    """A server that ends meanwhile sends its lines again with the same token, which is known no more."""
    store = opened()
    store.prove(MIB)
    ballast = fill(disk, ROOM)
    with pytest.raises(StoreUnavailable):
        store.insert_arrow("large", rows(1), token="t")

    store = opened()
    ballast.unlink()
    for _ in range(2):
        store.insert_arrow("large", rows(1), token="t")

    assert (count(store), condition.set_aside(store)) == (ROWS, {"large": 1})


def test_an_insert_beside_it_is_refused_too(disk: Path, opened: Callable[[], Store]):
    """Whose rows were in the part that is dropped is not known: all who were at it send again."""
    store = opened()
    proof = store.prove(MIB)
    assert proof is not None
    began_at = proof.begin()
    ballast = fill(disk, ROOM)
    with pytest.raises(StoreUnavailable):
        store.insert_arrow("large", rows(1), token="t")
    ballast.unlink()

    with pytest.raises(StoreUnavailable):
        proof.confirm(began_at)


def test_a_disk_that_was_full_for_a_moment(disk: Path, opened: Callable[[], Store]):
    """Who looks often tells of a moment that is over when the insert ends."""
    store = opened()
    ballast = fill(disk, ROOM)
    store.insert_arrow("large", rows(1))
    ballast.unlink()
    proof = store.prove(MIB)
    assert proof is not None

    began_at = proof.begin()
    proof.note(0)

    with pytest.raises(StoreUnavailable, match="of large"):
        proof.confirm(began_at)


def test_room_costs_one_question(opened: Callable[[], Store]):
    """With room, a proof looks at no part."""
    proof = opened().prove(0)
    assert proof is not None
    started = time.process_time()
    for _ in range(1000):
        proof.confirm(proof.begin())

    assert time.process_time() - started < 0.5
