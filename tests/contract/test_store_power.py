"""Inserts that wait for the disk, where that is asked for, on each kind of store."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.support.records import log

from sightline.store import power
from sightline.store.connect import Store


@pytest.fixture
def store(address, tmp_path) -> Iterator[Store]:
    """Open a store."""
    store = Store.open(address(tmp_path), memory_bytes=512 * 1024 * 1024)
    yield store
    power.apply(store, fsync=False)
    store.close()


@contextmanager
def unmerged(store: Store) -> Iterator[None]:
    """Let nothing be merged meanwhile: the engine counts the waiting of merges with that of inserts."""
    store.query("SYSTEM STOP MERGES", readonly=False)
    yield
    store.query("SYSTEM START MERGES", readonly=False)


def syncs(store: Store) -> tuple[int, int]:
    """Count the files and the directories that the engine has waited for."""
    found = dict(store.query("SELECT event, value FROM system.events WHERE event LIKE '%Sync'").rows)
    return found.get("FileSync", 0), found.get("DirectorySync", 0)


def insert(store: Store, token: str) -> tuple[int, int]:
    """Insert one log, and tell how many files and directories that waited for."""
    before = syncs(store)
    store.insert_lines([log(token, time.time_ns())], {}, token)
    after = syncs(store)
    return after[0] - before[0], after[1] - before[1]


def test_inserts_wait_for_the_disk_only_where_that_is_asked_for(store: Store):
    """Each table's files and directory are waited for; once it is no longer asked for, none is."""
    with unmerged(store):
        changed = power.apply(store, fsync=True)
        again = power.apply(store, fsync=True)
        asked_files, asked_directories = insert(store, "asked")
        power.apply(store, fsync=False)
        files, directories = insert(store, "unasked")

    assert {"otel_logs", "otel_traces", "metric_samples", "request_sums"} <= set(changed)
    assert again == []
    assert asked_files > files == 0
    assert asked_directories > directories == 0


def test_merged_parts_are_waited_for_as_well(store: Store):
    """The parts that a merge replaces are removed later; what replaces them has reached the disk."""
    power.apply(store, fsync=True)
    for number in range(3):
        insert(store, f"merged-{number}")
    before = syncs(store)

    store.query("OPTIMIZE TABLE otel_logs FINAL", readonly=False)

    assert syncs(store)[0] > before[0]
