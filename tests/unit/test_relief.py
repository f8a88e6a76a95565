"""Memory that allocators keep for later is given back while the process has much."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from contextlib import suppress
from sightline.base.errors import QueryTooExpensive
from sightline.server.relief import relieving
from sightline.server.room import private_bytes
from sightline.store.connect import Store
from tests.support.server import eventually

store = Store.open(f"chdb://{sys.argv[1]}", memory_bytes=512 << 20)
before = private_bytes()
with suppress(QueryTooExpensive):
    store.query("SELECT length(groupArray(toString(number))) FROM numbers(100000000)")
kept = private_bytes()
with relieving(store, 2 * before):
    eventually(lambda: private_bytes() < before + (kept - before) // 2)
print(kept - before > 64 << 20)
store.close()
"""


def test_what_a_large_query_left_behind_is_given_back(tmp_path: Path):
    """The engine keeps more than a hundred megabytes for the next query; soon after, at most half of it is left."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "store")],
        capture_output=True, text=True, check=False, timeout=90, cwd=Path(__file__).parents[2],
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
