"""What a restored store keeps."""

import sqlite3
import time
from pathlib import Path

from tests.support.records import log

from sightline.store import backup, keep
from sightline.store.connect import Store

DAY_NS = 86400 * 10**9
MEMORY = 512 * 1024 * 1024
LONG = {"memory_bytes": MEMORY, "retention": {"INFO": 180, "ERROR": 365}, "environment": "production"}


def copy_of_a_store_with_old_records(directory: Path) -> Path:
    """Back up a store that keeps errors for a year and has one of 181 days ago, and a log that has just expired."""
    store = Store.open(f"chdb://{directory}/before", memory_bytes=MEMORY)
    keep.apply(store, LONG["retention"], LONG["environment"])
    store.merge(on=False)
    then = time.time_ns() - 181 * DAY_NS
    store.insert_lines([log("gone", then) + log("kept", then, level="ERROR", severity=17)], {}, "old")
    target = directory / "backup"
    target.mkdir()
    sqlite3.connect(target / "state.db").close()
    (target / "state.db").touch()
    backup.write(backup.freeze(store), target, lambda done, whole: None)
    store.close()
    return target


def test_what_is_kept_longer_than_by_default_is_still_there(tmp_path):
    """Records go by the days that the settings say, not by those that a new store has."""
    source = copy_of_a_store_with_old_records(tmp_path)

    made = backup.restore(source, tmp_path / "store", tmp_path / "state.db", LONG, lambda done, whole: None)

    store = Store.open(f"chdb://{tmp_path}/store", memory_bytes=MEMORY)
    store.query("OPTIMIZE TABLE otel_logs FINAL", readonly=False)
    left = store.query("SELECT Body FROM otel_logs").rows
    store.close()
    assert (made.rows["otel_logs"], left) == (2, [("kept",)])
