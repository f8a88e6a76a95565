"""``sightline store``: backups of a server at work, deletion, figures, on real servers."""

import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.support.segments import SegmentFile, log_line
from tests.support.server import ServerProcess, eventually


def sightline(*arguments: str, home: Path, fails: bool = False) -> str:
    """Run the command and give what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "sightline", "store", *arguments, "--home", str(home)],
        capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert bool(done.returncode) == fails, done.stderr
    return done.stderr if fails else done.stdout


def bodies(server: ServerProcess) -> list[str]:
    """Ask for all logs of the tests here."""
    sql = "SELECT Body FROM otel_logs WHERE ScopeName = 'backup' ORDER BY Body"
    answer = server.http.post("/api/v1/sql", json={"query": sql, "limit": 10_000})
    return [row[0] for row in answer.raise_for_status().json()["rows"]]


def test_a_backup_of_a_busy_server_goes_on_elsewhere_with_nothing_lost_or_doubled(tmp_path):
    """Restored with the spool as it was later, the store has each record once: those of the backup, and those after."""
    with ServerProcess(tmp_path / "home") as server:
        segment = SegmentFile(server.home / "spool", size=4 * 1024 * 1024)
        written, stop = [], threading.Event()

        def write() -> None:
            while not stop.wait(0.002):
                written.append(f"{len(written):06}")
                segment.write(log_line(written[-1], logger="backup"))

        writer = threading.Thread(target=write)
        writer.start()
        eventually(lambda: len(bodies(server)) > 100)
        told = json.loads(sightline("backup", str(tmp_path / "copy"), "--json", home=server.home))
        eventually(lambda: len(bodies(server)) > told["rows"]["otel_logs"] + 100)
        stop.set()
        writer.join()
        eventually(lambda: len(bodies(server)) == len(written))
        shutil.copytree(server.home / "spool", tmp_path / "later" / "spool")
        segment.end()

    sightline("restore", str(tmp_path / "copy"), home=tmp_path / "later")
    with ServerProcess(tmp_path / "later") as server:
        eventually(lambda: len(bodies(server)) >= len(written))
        assert bodies(server) == written
        assert 100 < told["rows"]["otel_logs"] < len(written)


def test_what_is_no_backup_and_a_home_that_is_used_are_refused(tmp_path):
    """Nothing is overwritten, and half a backup is none."""
    (tmp_path / "half").mkdir()
    (tmp_path / "used" / "store").mkdir(parents=True)
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "backup.json").write_text('{"format":1,"schema":1,"rows":{},"bytes":0}')

    assert "is no whole backup" in sightline("restore", str(tmp_path / "half"), home=tmp_path / "new", fails=True)
    assert "exists. Restore into an empty" in sightline(
        "restore", str(tmp_path / "whole"), home=tmp_path / "used", fails=True
    )


def test_the_records_of_a_user_are_deleted_everywhere(server: ServerProcess):
    """A dry run counts and deletes nothing; with --yes they are gone from logs and events, and nobody else's are."""
    segment = SegmentFile(server.home / "spool", instance="e" * 16)
    for user in ("ann", "bob"):
        told = {"attributes": {"user_id": user}, "instance": "e" * 16}
        segment.write(log_line(f"erase-{user}", **told))
        event = {"kind": "event", "time": time.time_ns(), "name": "erase", **told}
        segment.write(json.dumps(event, separators=(",", ":")).encode() + b"\n")
    segment.end()
    sql = {"query": "SELECT Body FROM otel_logs WHERE Body LIKE 'erase-%' UNION ALL SELECT UserId FROM events"}

    def left() -> set[str]:
        return {row[0] for row in server.http.post("/api/v1/sql", json=sql).json()["rows"]}

    eventually(lambda: {"erase-ann", "ann", "erase-bob", "bob"} <= left())
    counted = json.loads(sightline("delete", "--user", "ann", "--dry-run", "--json", home=server.home))
    assert counted == {"rows": {"events": 1, "otel_logs": 1}, "deleted": False}
    assert "ann" in left()
    sightline("delete", "--user", "ann", "--yes", home=server.home)

    assert {"erase-bob", "bob"} <= left()
    assert left().isdisjoint({"erase-ann", "ann"})


def test_figures_are_shown_by_table(server: ServerProcess):
    """Rows, bytes and what a record costs are there for each table, as a table and as JSON."""
    segment = SegmentFile(server.home / "spool", instance="d" * 16)
    segment.write(log_line("figures", instance="d" * 16))
    segment.end()
    eventually(lambda: not segment.path.exists())

    found = json.loads(sightline("stats", "--json", home=server.home))

    tables = {row["table"]: row for row in found["tables"]}
    assert tables["otel_logs"]["rows"] > 0
    assert tables["otel_logs"]["bytes_a_row"] > 0
    assert found["free_bytes"] > 0
    assert "otel_logs" in sightline("stats", home=server.home)


@pytest.mark.parametrize("cluster", [[], ["--cluster", "main"]])
def test_the_schema_is_printed(tmp_path, cluster):
    """For a single engine, and for a cluster."""
    printed = sightline("ddl", *cluster, home=tmp_path)

    assert "CREATE TABLE IF NOT EXISTS otel_logs" in printed
    assert ("ReplicatedMergeTree" in printed) == bool(cluster)
