"""Profiles in the store, new or made by an earlier version."""

import json
import time

from sightline.store.connect import Store
from sightline.store.migrate import migrate, migrations

INSTANCE = "c" * 16
STACKS = [
    {"stack": "__main__:<module>;shop:pay", "samples": 3, "wall": 150, "cpu": 120, "thread": "MainThread",
     "trace": "1" * 32, "span": "2" * 16, "name": "POST /pay"},
    {"stack": "threading:wait", "samples": 1, "wall": 50},
]  # fmt: skip


def profile_line() -> bytes:
    """Encode a profile, newline included."""
    found = {"kind": "profile", "time": time.time_ns(), "instance": INSTANCE, "duration": 9, "stacks": STACKS}
    return json.dumps(found).encode() + b"\n"


def check(store: Store, token: str) -> None:
    """Insert a profile and a log, and find both."""
    log = json.dumps({"kind": "log", "time": time.time_ns(), "instance": INSTANCE, "body": token}).encode() + b"\n"
    for _ in range(2):
        store.insert_lines([profile_line() + log], {INSTANCE: {"service.name": token}}, token)

    asked = (
        "SELECT Duration, ThreadName, TraceId, SpanId, SpanName, Stack, Samples, WallNanoseconds, CpuNanoseconds "
        "FROM profiles WHERE ServiceName = {name:String} ORDER BY Samples DESC"
    )
    assert store.query(asked, {"name": token}).rows == [
        (9, "MainThread", "1" * 32, "2" * 16, "POST /pay", ["__main__:<module>", "shop:pay"], 3, 150, 120),
        (9, "", "", "", "", ["threading:wait"], 1, 50, 0),
    ]
    body = "SELECT ServiceName FROM otel_logs WHERE Body = {name:String}"
    assert store.query(body, {"name": token}).rows == [(token,)]


def test_stacks_are_rows_of_profiles_and_come_once(tmp_path):
    """Each stack of a line is a row with its span; a range sent twice is stored once; other kinds are as before."""
    store = Store.open(f"chdb://{tmp_path / 'store'}", memory_bytes=512 * 1024 * 1024)
    try:
        check(store, "profile-new")
    finally:
        store.close()


def test_a_store_from_before_profiles_takes_them_after_migrating(tmp_path):
    """The door gets its new column in its place, behind which the resource stays the last; twice is as once."""
    store = Store.open(f"chdb://{tmp_path / 'store'}", memory_bytes=512 * 1024 * 1024)
    try:
        for undo in (
            "DROP VIEW entry_profiles SYNC",
            "DROP TABLE profiles SYNC",
            "ALTER TABLE entry DROP COLUMN stacks",
            "DELETE FROM schema_migrations WHERE Number = 4",
        ):
            store.query(undo, readonly=False)

        for _ in range(2):
            migrate(lambda sql: store.query(sql, readonly=False))

        columns = store.query("SELECT name FROM system.columns WHERE table = 'entry' ORDER BY position").rows
        assert columns[-2:] == [("stacks",), ("resource",)]
        assert 4 in [migration.number for migration in migrations()]
        check(store, "profile-migrated")
    finally:
        store.close()
