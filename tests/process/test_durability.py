"""Nothing is lost and nothing is stored twice, however application and server die."""

import json
import os
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "durability.py"


def test_kills_under_load_lose_and_duplicate_nothing():
    """Application and server are killed at random a few times; every record whose call returned is found once."""
    command = [sys.executable, str(BENCHMARK), "--rounds", "2", "--seconds", "1", "--json"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False, env={**os.environ})

    assert found.returncode == 0, found.stdout + found.stderr
    figures = json.loads(found.stdout)
    assert (figures["lost"], figures["duplicated"], figures["quarantined"]) == (0, 0, 0)
    assert figures["recorded"] > 1000
    assert figures["server_kills"] == 2
