"""What the embedded engine does in the background stands back behind what somebody waits for."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import json, os, sys
from pathlib import Path
from tests.support.records import log
from sightline.store.connect import Store

store = Store.open(sys.argv[1])
store.insert_lines([log("first", 10**18)], {}, "token")
store.query("SELECT count() FROM otel_logs")
found = {}
for thread in Path("/proc/self/task").iterdir():
    nice = os.getpriority(os.PRIO_PROCESS, int(thread.name)) - os.nice(0)
    found.setdefault((thread / "comm").read_text().strip(), []).append(nice)
print(json.dumps(found))
store.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priorities of their own")
def test_merges_stand_back_behind_questions_and_inserts(tmp_path: Path):
    """In a new store as well, from its first insert on; threads that questions run in keep their priority."""
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM, f"chdb://{tmp_path}/store"],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip

    nices = json.loads(told.stdout)
    assert (set(nices["MergeMutate"]), set(nices["ThreadPool"])) == ({5}, {0})
