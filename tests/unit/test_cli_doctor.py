"""``sightline doctor``: what it finds, and what it advises."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.segments import SegmentFile, log_line

from sightline.cli.checks import disk, spool


def doctor(home: Path, **environ: str) -> tuple[int, dict]:
    """Run the command on *home*."""
    done = subprocess.run(
        [sys.executable, "-m", "sightline", "doctor", "--json", "--home", str(home)],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **environ},
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode, json.loads(done.stdout)


def found(report: dict, check: str) -> list[tuple[str, str]]:
    """Give the states and texts of one check."""
    return [(finding["state"], finding["found"]) for finding in report["checks"] if finding["check"] == check]


def test_before_anything_was_recorded_nothing_fails(tmp_path):
    """Without a home, a process and a server there are warnings with advice, and the exit code is 0."""
    code, report = doctor(tmp_path / "none")

    assert (code, report["status"]) == (0, "warn")
    assert found(report, "spool") == [("ok", "nothing was recorded yet")]
    assert found(report, "server")[0][0] == "warn"
    assert all(finding.get("advice") for finding in report["checks"] if finding["state"] != "ok")


def test_a_process_that_records_is_described(tmp_path):
    """A living process is named with its service and what is instrumented; its segment is in use."""
    code = (
        "import sightline, flask, sys; sightline.configure(service='shop'); sightline.instrument(flask.Flask('x'))\n"
        "sightline.get_logger().info('hello'); print('ready', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "SIGHTLINE_HOME": str(tmp_path)},
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        _, report = doctor(tmp_path)
        process.communicate(b"")

    state, text = found(report, f"process {process.pid}")[0]
    assert state == "ok"
    assert "shop" in text
    assert "flask" in text
    assert f"written by shop (pid {process.pid})" in found(report, "spool")[0][1]


def test_segments_that_wait_ask_for_a_server(tmp_path):
    """Final segments without a server are a warning that says how to start one."""
    segment = SegmentFile(tmp_path / "spool", resource={"service.name": "shop"})
    segment.write(log_line("one"))
    segment.end()
    finding = next(spool.check(tmp_path))

    assert finding.state == "warn"
    assert finding.found.endswith("; 1 wait for a server")
    assert finding.advice == "Start one: sightline serve"


def test_a_full_spool_fails(tmp_path, monkeypatch):
    """A spool at its limit, all of it in use, fails and names the setting."""
    monkeypatch.setenv("SIGHTLINE_SPOOL_BYTES", "1MiB")
    segment = SegmentFile(tmp_path / "spool", size=1024 * 1024)
    finding = next(spool.check(tmp_path))
    segment.end()

    assert finding.state == "fail"
    assert "it is full, and the oldest segments are dropped" in finding.found
    assert "SIGHTLINE_SPOOL_BYTES" in finding.advice


def test_a_broken_segment_is_named(tmp_path):
    """A segment without a header is named with the reason."""
    segment = SegmentFile(tmp_path / "spool", header=b"x" * 100)
    segment.end()
    finding = list(spool.check(tmp_path))[-1]

    assert (finding.check, finding.state) == ("segment", "warn")
    assert segment.name in finding.found
    assert "no header line" in finding.found


def test_a_wrong_setting_fails(tmp_path):
    """A setting that is not allowed fails, and everything else is still checked."""
    code, report = doctor(tmp_path, SIGHTLINE_METRICS_INTERVAL="often")

    assert code == 1
    assert found(report, "settings")[0][1] == (
        "metrics_interval_s (from SIGHTLINE_METRICS_INTERVAL) is 'often'; expected a number."
    )
    assert found(report, "server")


def test_a_server_that_does_not_answer_fails(tmp_path):
    """A server that is named and not there fails with what to do."""
    code, report = doctor(tmp_path, SIGHTLINE_SERVER="http://127.0.0.1:9")

    assert code == 1
    assert "does not answer as a Sightline server" in found(report, "server")[0][1]


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_home_that_cannot_be_written_fails(tmp_path):
    """A home of somebody else fails and names the variable."""
    tmp_path.chmod(0o500)
    finding = next(disk.check(tmp_path))
    tmp_path.chmod(0o700)

    assert finding.state == "fail"
    assert "SIGHTLINE_HOME" in finding.advice


def test_a_spool_that_others_can_read_is_a_warning(tmp_path):
    """Records are for their owner: a directory that is open to others is a warning with the command that closes it."""
    tmp_path.chmod(0o755)
    (tmp_path / "spool").mkdir(mode=0o755)
    findings = {finding.check: finding for finding in disk.check(tmp_path)}

    assert findings["permissions"].advice == f"chmod 700 {tmp_path / 'spool'}"
