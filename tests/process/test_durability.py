"""Nothing is lost and nothing is stored twice, however application and server die."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "durability.py"


def measured(part: str, rounds: int) -> dict[str, Any]:
    """Run a part of the benchmark, which fails when anything is lost, or doubled without need."""
    command = [sys.executable, str(BENCHMARK), "--only", part, "--rounds", str(rounds), "--seconds", "1", "--json"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False, env={**os.environ})
    assert found.returncode == 0, found.stdout + found.stderr
    return json.loads(found.stdout)


def test_kills_under_load_lose_and_duplicate_nothing():
    """Application and server are killed at random a few times; every record whose call returned is found once."""
    figures = measured("lines", 2)

    assert (figures["lost"], figures["duplicated"], figures["quarantined"]) == (0, 0, 0)
    assert figures["recorded"] > 1000
    assert figures["server_kills"] == 2


@pytest.mark.timeout(300)  # some seconds on a machine of its own
def test_a_kill_costs_no_protocol_what_it_acknowledged():
    """The server is killed while clients of every protocol send to it at once; all that was acknowledged is found."""
    found = measured("protocols", 1)["protocols"]

    assert len(found) == 11
    assert all(one["acknowledged"] > 0 and one["lost"] == 0 for one in found.values())
    assert [name for name, one in found.items() if one["once"] and one["duplicated"]] == []
