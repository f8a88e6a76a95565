"""A followed file of which a block could not be stored, for a reason that nobody foresaw."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.server import eventually

from sightline.base.settings import load
from sightline.server.app import open_services
from sightline.server.ingest.logfile import source
from sightline.server.ingest.logfile_follow import Follower
from sightline.wire.logfile.source import Source

LINE = json.dumps({"timestamp": "2026-11-20T12:00:00Z", "level": "INFO", "message": "paid"}).encode() + b"\n"


async def follow(follower: Follower, done: Callable[[], bool]) -> None:
    """Follow until that is done."""
    async with follower:
        await asyncio.to_thread(eventually, done, timeout_s=30)


def test_a_block_that_failed_is_read_again(tmp_path: Path):
    """Nothing is passed over: the file is opened again where it is stored up to, after a while that grows."""
    (tmp_path / "failing.log").write_bytes(LINE * 100)
    (tmp_path / "well.log").write_bytes(LINE * 10)
    sizes = [100 * len(LINE), 10 * len(LINE)]
    failures = [RuntimeError("nobody foresaw this"), KeyError("nor this")]

    def fail_twice(**about: Any) -> Source:
        if failures and "failing" in about["path"]:
            raise failures.pop()
        return source(**about)

    settings = {name: found.value for name, found in load({"home": tmp_path / "home"}).items()}
    with open_services(settings, "http://localhost", serves=False) as services:
        follower = Follower(services, [f"{tmp_path}/*.log"], fail_twice, retry_s=0.01)
        known = services.offsets.log_files.get
        asyncio.run(follow(follower, lambda: [getattr(known(at), "stored_to", 0) for at in (1, 2)] == sizes))

        assert (failures, services.counters.protocols["logfile"].refused) == ([], 2)
        assert services.store.query("SELECT count() FROM otel_logs WHERE ServiceName = 'failing'").scalar() == 100
