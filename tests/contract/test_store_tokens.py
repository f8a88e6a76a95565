"""A token is remembered as long as what was stored with it, and no longer: what is sent again is stored once."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.small_disk import small_disk

from sightline.base.errors import StoreUnavailable
from sightline.store.connect import MEMORY_BYTES, Store
from sightline.store.embedded import EmbeddedEngine
from sightline.store.tokens import Blocks, forget, stored


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Give what opens the store; opened anew, the one before is closed."""
    stores: list[Store] = []

    def again() -> Store:
        for store in stores:
            store.close()
        stores.append(Store.open(f"chdb://{tmp_path / 'store'}"))
        return stores[-1]

    yield again
    again().close()


def insert(store: Store, token: str) -> None:
    """Store one log record under a token."""
    now = pa.array([time.time_ns()], pa.timestamp("ns"))
    store.insert_arrow("otel_logs", pa.table({"Timestamp": now, "Body": [token]}), token=token)


def bodies(store: Store) -> list[str]:
    """Give the records that are stored."""
    return [body for (body,) in store.query("SELECT Body FROM otel_logs ORDER BY Body").rows]


def newest(store: Store) -> Path:
    """Find the directory of the part that was made last."""
    asked = "SELECT path FROM system.parts WHERE table = 'otel_logs' AND active ORDER BY max_block_number DESC LIMIT 1"
    return Path(str(store.query(asked).scalar()))


def test_what_was_killed_before_its_part_had_a_name_is_stored_when_it_comes_again(opened: Callable[[], Store]):
    """The engine writes the token down first; killed then, it starts with a token and without a part."""
    store = opened()
    insert(store, "a")
    insert(store, "b")
    unnamed = newest(store)
    store.close()
    shutil.rmtree(unnamed)

    store = opened()
    insert(store, "a")
    insert(store, "b")
    insert(store, "b")

    assert bodies(store) == ["a", "b"]


def test_what_is_not_there_is_forgotten_though_its_number_is_merged_over_at_once(opened: Callable[[], Store]):
    """The engine merges from the moment it starts, which may be sooner than it is asked what it has."""
    store = opened()
    store.merge(on=False)
    for token in ("a", "b", "c"):
        insert(store, token)
    asked = "SELECT path FROM system.parts WHERE table = 'otel_logs' AND active ORDER BY max_block_number LIMIT 1, 1"
    unnamed, directory = str(store.query(asked).scalar()), Path(store.place)
    store.close()
    shutil.rmtree(unnamed)
    before = stored(directory)
    engine = EmbeddedEngine(directory, MEMORY_BYTES)
    engine.execute("OPTIMIZE TABLE otel_logs FINAL", "Null", {}, {}, readonly=False)

    assert forget(engine, before) == 1
    engine.close()
    store = opened()
    for token in ("a", "b", "c"):
        insert(store, token)
    assert bodies(store) == ["a", "b", "c"]


def test_what_the_disk_gave_no_name_is_stored_when_it_comes_again(opened: Callable[[], Store]):
    """The sender was told that it is not stored, so it is not taken for stored, by the same server."""
    store = opened()
    insert(store, "a")
    first = newest(store)
    with small_disk(first.parent / first.name.replace("_1_1_0", "_2_2_0"), 1), pytest.raises(StoreUnavailable):
        insert(store, "b")  # another disk is where its part should be

    insert(store, "a")
    insert(store, "b")
    insert(store, "b")

    assert bodies(store) == ["a", "b"]


def test_who_reads_slowly_keeps_nobody_from_asking_after_an_insert_that_failed(opened: Callable[[], Store]):
    """Tokens are read again when the table is read by nobody; until then senders are told to come again."""
    store = opened()
    insert(store, "a")
    first = newest(store)
    reader = store.stream("SELECT Body FROM otel_logs AS l, numbers(1000000) AS n", "CSV", rows=10**6, seconds=60)
    next(reader)
    with small_disk(first.parent / first.name.replace("_1_1_0", "_2_2_0"), 1), pytest.raises(StoreUnavailable):
        insert(store, "b")

    with pytest.raises(StoreUnavailable, match="piece by piece"):
        insert(store, "b")
    assert bodies(store) == ["a"]
    reader.close()  # type: ignore[attr-defined]
    insert(store, "b")
    assert bodies(store) == ["a", "b"]


def test_what_was_merged_is_remembered(opened: Callable[[], Store]):
    """Of a part that was merged its token stays, whenever the server is started again."""
    store = opened()
    for token in ("a", "b", "c"):
        insert(store, token)
    store.query("OPTIMIZE TABLE otel_logs FINAL", readonly=False)

    store = opened()
    store = opened()
    for token in ("a", "b", "c"):
        insert(store, token)

    assert bodies(store) == ["a", "b", "c"]


@given(st.lists(st.tuples(st.sampled_from("pq"), st.integers(0, 20), st.integers(0, 5))), st.integers(0, 26))
def test_a_block_is_covered_by_the_parts_whose_range_it_is_in(parts: list[tuple[str, int, int]], number: int):
    """Whatever parts there are, one within another or apart."""
    names = [f"{partition}_{first}_{first + more}_1_7" for partition, first, more in parts]

    covered = Blocks(names).cover(f"p_{number}_{number}_0")

    assert covered == any(partition == "p" and first <= number <= first + more for partition, first, more in parts)


def test_a_number_that_was_merged_over_is_known_while_what_was_merged_is_there():
    """Between two parts that were merged one is missing; once these are removed, nobody can tell."""
    merged = Blocks(["p_1_3_1", "p_1_1_0", "p_3_3_0", "p_1_5_2", "p_4_5_1"])

    assert merged.cover("p_2_2_0")
    assert merged.lack("p_2_2_0")
    assert not any(merged.lack(f"p_{number}_{number}_0") for number in (1, 3, 4, 5))
    assert not Blocks(["p_1_3_1"]).lack("p_2_2_0")
