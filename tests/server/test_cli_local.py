"""Commands that read the store themselves, where no server runs."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.support.segments import SegmentFile, log_line
from tests.support.server import ServerProcess

PORTS = ("SIGHTLINE_GRPC_PORT", "SIGHTLINE_FLUENTD_PORT", "SIGHTLINE_SYSLOG_PORT")


def test_a_command_takes_no_port_and_follows_no_file(tmp_path: Path):
    """With every port of a server taken by somebody else, and log files to follow, a command answers all the same."""
    segment = SegmentFile(tmp_path / "home" / "spool")
    segment.write(log_line("local"))
    segment.end()
    (tmp_path / "app.log").write_text("2026-11-20 19:00:00 followed\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = {**dict.fromkeys(PORTS, port), "SIGHTLINE_LOG_FILES": str(tmp_path / "*.log")}

        done = subprocess.run(
            [sys.executable, "-m", "sightline", "sql", "SELECT Body FROM otel_logs", "--json", "--home",
             str(tmp_path / "home")],
            capture_output=True, text=True, timeout=90, check=False, env={**os.environ, **told},
        )  # fmt: skip

    assert (done.returncode, done.stdout) == (0, '{"Body":"local"}\n'), done.stderr


def test_a_command_does_not_change_how_long_the_server_keeps_records(tmp_path: Path):
    """It runs with other settings than the server did: those of the directory and the shell it is started from."""
    sql = "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'otel_logs'"
    with ServerProcess(tmp_path / "home", environment={"SIGHTLINE_RETENTION": "INFO=365"}) as server:
        [[kept]] = server.http.post("/api/v1/sql", json={"query": sql}).raise_for_status().json()["rows"]

    done = subprocess.run(
        [sys.executable, "-m", "sightline", "sql", sql, "--json", "--home", str(tmp_path / "home")],
        capture_output=True, text=True, timeout=90, check=True,
    )  # fmt: skip

    assert str(365 * 86400) in kept
    assert json.loads(done.stdout) == {"engine_full": kept}
