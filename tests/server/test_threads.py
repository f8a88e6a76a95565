"""What waits for the store holds up nothing that does not."""

import asyncio
import json
import time

import httpx
import pytest
from tests.support.segments import SegmentFile, log_line

from sightline.base.settings import load
from sightline.server.app import create_app, open_services


@pytest.fixture
def services(tmp_path):
    """A server's services, in this process."""
    settings = {name: found.value for name, found in load({"home": tmp_path / "home"}).items()}
    with open_services(settings, "http://localhost", serves=False) as running:
        yield running


def body(tmp_path, number):
    """One body as another machine's applications ship it."""
    segment = SegmentFile(tmp_path / "far", instance=f"{number:016x}")
    segment.write(log_line("far", instance=f"{number:016x}"))
    segment.end()
    told = {"kind": "range", "segment": segment.name, "start": segment.data_start, "end": segment.position}
    return json.dumps(told).encode() + b"\n" + segment.path.read_bytes()


def client(services):
    """Ask the server's application without a socket."""
    transport = httpx.ASGITransport(create_app(services, listen=False))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=60)


def test_health_is_told_while_lines_wait(services, tmp_path):
    """However many bodies of lines wait for the store, health and pages are answered; then all are stored."""
    bodies = [body(tmp_path, number) for number in range(45)]

    async def run():
        async with client(services) as asking:
            with services.store.quiet():
                sending = [asyncio.create_task(asking.post("/api/v1/lines", content=body)) for body in bodies]
                await asyncio.sleep(0.5)
                began = time.monotonic()
                told = [await asyncio.wait_for(asking.get(path), 10) for path in ("/health", "/")]
                took_s = time.monotonic() - began
            return told, took_s, [(await sent).status_code for sent in sending]

    told, took_s, stored = asyncio.run(run())

    assert [answer.status_code for answer in told] == [200, 200]
    assert took_s < 10
    assert stored == [200] * 45


def test_lines_that_get_no_turn_are_to_come_again(services, tmp_path):
    """A store that inserts without end is busy: 503, and when to ask again."""
    services.store.insert_turn_s = 0.1

    async def run():
        async with client(services) as asking:
            with services.store.quiet():
                return await asking.post("/api/v1/lines", content=body(tmp_path, 1))

    answer = asyncio.run(run())

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "2 inserts of lines run, and no turn came in 0.1 s" in answer.json()["detail"]
