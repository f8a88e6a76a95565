"""Merges wait while more comes in than the processors have time for, within bounds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.server import eventually

from sightline.server.merge_guard import MergeGuard
from sightline.server.room import private_bytes
from sightline.server.rush import FEW_PARTS, MOST_PARTS, Rush
from sightline.store.connect import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open a store that makes no merge by itself."""
    opened = Store.open(f"chdb://{tmp_path / 'store'}")
    opened.merge(on=False)
    yield opened
    opened.close()


def add_parts(store: Store, count: int) -> None:
    """Insert so many parts of one row into one table."""
    store.query(
        f"INSERT INTO events (Timestamp, EventName) SELECT now64(9), toString(number) FROM numbers({count}) "
        "SETTINGS max_block_size = 1, min_insert_block_size_rows = 1, max_insert_threads = 1",
        readonly=False,
    )


def look(rush: Rush, *, crowded: bool = True, busy: float = 1.0) -> bool:
    """Take the looks of some seconds into account that all say the same."""
    for _ in range(40):
        rush.look(crowded=crowded, busy=busy)
    return rush.on


def test_a_crowd_on_busy_processors_is_a_rush(store: Store):
    """Neither one client that sends all the time nor questions without requests put merges off; both together do."""
    rush = Rush(store, 1 << 40)

    assert not look(rush, crowded=False)
    assert not look(rush, busy=0.3)
    assert look(rush)
    assert look(rush, busy=0.4)
    assert not look(rush, crowded=False)


def test_a_rush_puts_merges_off_only_within_bounds(store: Store):
    """With many parts nothing is put off any more, nor is it begun where many are already."""
    rush = Rush(store, 1 << 40)
    assert look(rush)
    add_parts(store, FEW_PARTS)

    assert look(rush)
    add_parts(store, MOST_PARTS - FEW_PARTS)
    assert not look(rush)
    assert not look(rush)


def test_a_rush_lets_deletions_through(store: Store):
    """Whoever deletes records does not wait for the end of a rush."""
    rush = Rush(store, 1 << 40)
    add_parts(store, 1)
    assert look(rush)
    store.query("ALTER TABLE events DELETE WHERE EventName = '0' SETTINGS mutations_sync = 0", readonly=False)

    assert not look(rush)


def test_where_memory_is_tight_nothing_is_put_off(store: Store):
    """What is merged later is merged with more parts at once, so a process that is near its budget merges now."""
    assert not look(Rush(store, private_bytes()))


def test_merges_stop_with_a_rush_and_go_on_after_it(tmp_path: Path):
    """Parts stay apart as long as a rush lasts, and are merged when it ends."""
    store = Store.open(f"chdb://{tmp_path / 'store'}")
    rush = Rush(store, 1 << 40)
    guard = MergeGuard(store, tmp_path, 1, rush=rush)
    rush.on = True
    guard.start()

    add_parts(store, 20)
    assert store.unmerged().parts == 20
    rush.on = False
    eventually(lambda: store.unmerged().parts < 20)
    guard.stop()
    store.close()
