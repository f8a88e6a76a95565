"""What a store sums up of records that it had before it could."""

import time
from pathlib import Path

from tests.contract.test_store import line

from sightline.query.analyses.overview import overview
from sightline.query.errors import list_fingerprints
from sightline.query.timerange import NS_PER_S, TimeRange
from sightline.store.connect import Store

BEFORE_QUARTERS = 6
"""The last migration of a store without quarters of an hour, and without a table of errors."""


def test_an_older_store_counts_what_it_has_when_it_is_opened(tmp_path: Path):
    """Requests and errors from before an upgrade are in the overview and among the issues, once."""
    url, now_ns = f"chdb://{tmp_path / 'store'}", time.time_ns()
    failed = {"exception.type": "KeyError", "error.fingerprint": "old"}
    lines = line("span", name="old", span_kind="Server", duration=5, time=now_ns - 9 * 3600 * NS_PER_S)
    lines += line("log", severity=17, level="ERROR", attributes=failed, time=now_ns - NS_PER_S)
    old = Store.open(url, memory_bytes=512 * 1024 * 1024, upto=BEFORE_QUARTERS)
    old.insert_lines([lines], {}, "old")
    old.close()

    store = Store.open(url, memory_bytes=512 * 1024 * 1024)
    day = TimeRange(now_ns - 24 * 3600 * NS_PER_S, now_ns)
    requests, errors = overview(store, day).totals.requests, list_fingerprints(store, "", day, "count")
    store.close()

    assert requests == 1
    assert [name for name, *_ in errors] == ["old"]
