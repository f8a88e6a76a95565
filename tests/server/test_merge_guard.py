"""Nothing is merged on a disk that is about to be full."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.support.server import eventually

from sightline.base.errors import SightlineError, StoreUnavailable
from sightline.server.merge_guard import MergeGuard
from sightline.store.connect import QUERIES_AT_ONCE, Store

MIB = 1024 * 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 16 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", place]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"may not mount a disk here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def merged(store: Store) -> bool:
    """Try to merge two parts, and tell whether they are one."""
    with suppress(SightlineError):
        store.query("OPTIMIZE TABLE events FINAL", readonly=False)
    sql = "SELECT count() FROM system.parts WHERE active AND database = currentDatabase() AND table = 'events'"
    return int(store.query(sql).scalar()) == 1


def test_merges_wait_for_room(disk: Path, tmp_path: Path):
    """Merges stop when less than an eighth of the reserve is free, and go on when there is room again."""
    store = Store.open(f"chdb://{tmp_path / 'store'}")
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(15 * MIB))
    guard = MergeGuard(store, disk, 16 * MIB)
    guard.start()
    for number in range(2):
        sql = f"INSERT INTO events (Timestamp, EventName) VALUES (now64(9), 'e{number}')"
        store.query(sql, readonly=False)

    assert not merged(store)
    ballast.unlink()
    eventually(lambda: merged(store))
    guard.stop()
    store.close()


def test_an_order_to_merge_waits_for_no_query(tmp_path: Path):
    """While all turns are taken by queries, merges are stopped all the same: the disk would be full before one ends."""
    store = Store.open(f"chdb://{tmp_path / 'store'}", query_seconds=0.5)
    endless = [
        store.stream("SELECT number FROM numbers(1000000)", "CSV", rows=1_000_000, seconds=30, short=True)
        for _ in range(QUERIES_AT_ONCE)
    ]
    for answer in endless:
        next(answer)
    with pytest.raises(StoreUnavailable, match="busy"):
        store.query("SELECT 1")

    store.merge(on=False)

    for answer in endless:
        answer.close()
    store.query(
        "INSERT INTO events (Timestamp, EventName) SELECT now64(9), 'e' FROM numbers(2) "
        "SETTINGS max_block_size = 1, min_insert_block_size_rows = 1", readonly=False,
    )  # fmt: skip
    assert not merged(store)
    store.close()
