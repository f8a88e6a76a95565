"""``sightline store export``: what comes out is read back by another program's reader of Parquet."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from tests.support.records import event, gauge, log, span
from tests.support.segments import SegmentFile
from tests.support.server import ServerProcess, eventually

DAY_NS = 86_400 * 10**9
NOON = time.time_ns() // DAY_NS * DAY_NS - DAY_NS // 2
"""Yesterday's."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store records of two days, and stop."""
    home = tmp_path_factory.mktemp("export") / "home"
    segment = SegmentFile(home / "spool", size=8 * 1024 * 1024, resource={"service.name": "shop"})
    for day in range(2):
        at = NOON - day * DAY_NS
        segment.write(b"".join(log(f"day {day}", at + n, attributes={"n": str(n)}) for n in range(10_000)))
        segment.write(log("rare failure", at, level="ERROR", severity=17))
        segment.write(span("pay", at, trace="1" * 32, span="2" * 16) + event("paid", at, data={"plan": "pro"}))
        segment.write(gauge("temperature", 21.5, at, room="b"))
    segment.end()
    with ServerProcess(home):
        eventually(lambda: not segment.path.exists())
    return home


def export(home: Path, directory: Path, *arguments: str, fails: bool = False) -> str:
    """Run the command and give what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "sightline", "store", "export", str(directory), *arguments, "--json", "--home",
         str(home)],
        capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert bool(done.returncode) == fails, done.stderr
    return done.stderr if fails else done.stdout


def read(directory: Path) -> pa.Table:
    """Read a directory of Parquet files as any tool does."""
    return ds.dataset(directory, format="parquet").to_table()


def test_logs_of_each_day_are_a_file_that_others_read(home: Path, tmp_path: Path):
    """Every record is there once, with its time to the nanosecond, its attributes and its resource."""
    told = json.loads(export(home, tmp_path / "logs"))

    found = read(tmp_path / "logs")
    assert (told["rows"], found.num_rows, len(told["files"])) == (20_002, 20_002, 2)
    first = found.filter(pa.compute.equal(found["Body"], "day 1")).slice(7, 1).to_pylist()[0]
    assert first["Timestamp"].value == NOON - DAY_NS + 7
    assert dict(first["LogAttributes"]) == {"n": "7"}
    assert dict(first["ResourceAttributes"])["service.name"] == "shop"


def test_a_search_and_a_time_choose_what_is_exported(home: Path, tmp_path: Path):
    """Only what matches, of the time that was named."""
    since = str((NOON - DAY_NS // 4) // 10**9)

    export(home, tmp_path / "errors", "--search", "level:error rare", "--since", since)

    assert read(tmp_path / "errors")["Body"].to_pylist() == ["rare failure"]


def test_every_kind_is_exported_by_a_running_server(home: Path, tmp_path: Path):
    """Samples come with the names and labels of their series."""
    with ServerProcess(home):
        for kind in ("traces", "events", "metrics", "profiles", "histograms"):
            export(home, tmp_path / kind, "--kind", kind)

    assert read(tmp_path / "traces")["SpanName"].to_pylist() == ["pay", "pay"]
    assert [dict(data) for data in read(tmp_path / "events")["Data"].to_pylist()] == [{"plan": "pro"}] * 2
    samples = read(tmp_path / "metrics").to_pylist()
    assert [(row["MetricName"], dict(row["Labels"]), row["Value"]) for row in samples] == [
        ("temperature", {"room": "b"}, 21.5)
    ] * 2
    assert not list((tmp_path / "profiles").glob("*.parquet"))


def test_an_export_that_was_cut_off_goes_on(home: Path, tmp_path: Path):
    """Files that are whole stay as they are, the others are written; the range is the one of the first time."""
    directory = tmp_path / "again"
    export(home, directory)
    whole, other = sorted(directory.glob("*.parquet"))
    before = whole.stat().st_mtime_ns
    other.rename(directory / f".{other.name}")
    (directory / f".{other.name}").write_bytes(b"PAR1 half")

    told = json.loads(export(home, directory))

    assert [file["known"] for file in told["files"]] == [True, False]
    assert (read(directory).num_rows, whole.stat().st_mtime_ns) == (20_002, before)


def test_nothing_is_overwritten(home: Path, tmp_path: Path):
    """A directory with anything else, or with another export, is refused with what it is."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    export(home, tmp_path / "events", "--kind", "events")

    assert "exists and is no export" in export(home, tmp_path / "mine", fails=True)
    assert "is another export: kind 'events'" in export(home, tmp_path / "events", fails=True)
    assert "Only logs, traces and events can be searched" in export(
        home, tmp_path / "new", "--kind", "metrics", "--search", "x", fails=True
    )
