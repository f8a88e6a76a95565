"""The demo, as a newcomer runs it: everything that the shop records is found."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sightline.sdk.presence import is_alive


@pytest.mark.timeout(180)
def test_a_short_demo_loses_nothing(tmp_path: Path):
    """After some seconds of traffic, queries find exactly what the applications wrote, of every signal."""
    done = subprocess.run(
        [sys.executable, "-m", "sightline", "demo", "--seconds", "5", "--json", "--home", str(tmp_path)],
        capture_output=True, text=True, timeout=170, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)

    assert outcome["lost"] == 0
    assert outcome["accepted"] == outcome["stored"]
    assert min(outcome["stored"].values()) > 0
    assert outcome["first_visible_ms"] > 0
    assert outcome["p95_visible_ms"] > 0
    assert b"4242424242424242" not in (tmp_path / "shop.log").read_bytes()


@pytest.mark.timeout(180)
def test_ctrl_c_stops_all_programs(tmp_path: Path):
    """Ctrl-C ends the demo in order: the sums are printed, the exit code is 0, and no program is left."""
    demo = subprocess.Popen(
        [sys.executable, "-m", "sightline", "demo", "--home", str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    with demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if line.startswith("Ctrl-C"):
                break
        demo.send_signal(signal.SIGINT)
        said, complaints = demo.communicate(timeout=120)

    assert (demo.returncode, complaints) == (0, "")
    assert "0 lost." in said
    assert not (tmp_path / "server.json").exists()
    assert [path for path in (tmp_path / "processes").iterdir() if is_alive(path)] == []
