"""Days and hours are those of UTC, whatever zone the machine has that the store is on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.clickhouse_http import ClickHouseHttp

HALF_PAST = 1_795_285_800
"""Half an hour after six in the evening in UTC, which is midnight in India."""

PROGRAM = f"""
import json, sys, time
from tests.support.records import span
from sightline.store.connect import Store

store = Store.open(sys.argv[1])
line = span("pay", {HALF_PAST} * 10**9, trace="1" * 32, span="2" * 16, span_kind="Server")
store.insert_lines([line], {{"one": {{"service.name": "shop"}}}}, "token")
sums = "FROM request_sums WHERE SumOf = 'endpoint' AND Seconds = 3600"
hours = store.query(f"SELECT toUnixTimestamp(Time), Requests {{sums}}").rows
days = store.query("SELECT toString(toDate(Timestamp)) FROM otel_traces").rows
print(json.dumps([hours, days, time.strftime("%Z")]))
store.close()
"""


@pytest.mark.parametrize("kind", ["embedded", "http"])
def test_sums_begin_with_the_hour_in_utc(kind: str, tmp_path: Path):
    """A machine in India stores as one in Iceland does, and Python's own times stay India's."""
    zone = {"TZ": "Asia/Kolkata"}
    with ClickHouseHttp(tmp_path / "server", zone) as server:
        url = f"chdb://{tmp_path}/store" if kind == "embedded" else server.url()
        told = subprocess.run(
            [sys.executable, "-c", PROGRAM, url],
            cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False, env={**os.environ, **zone},
        )  # fmt: skip

    assert json.loads(told.stdout or "[]") == [[[HALF_PAST - 1800, 1]], [["2026-11-21"]], "IST"], told.stderr
