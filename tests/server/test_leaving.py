"""A client that leaves takes its query with it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
from tests.support.server import ServerProcess

from sightline.store.connect import QUERIES_AT_ONCE

LONG = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"

CALLED = {"name": "sql", "arguments": {"query": LONG}}
ASKED = [
    ("/api/v1/sql", {"query": LONG}),
    ("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": CALLED}),
]


@pytest.mark.parametrize(("path", "body"), ASKED)
def test_the_queries_of_clients_that_left_are_stopped(server: ServerProcess, path, body):
    """Every turn is taken by a query whose client left: the next question has its answer long before their limit."""

    def ask_and_leave(_: int) -> None:
        with suppress(httpx.ReadTimeout):
            httpx.post(f"{server.url}{path}", json=body, timeout=1.0)

    with ThreadPoolExecutor(QUERIES_AT_ONCE) as clients:
        list(clients.map(ask_and_leave, range(QUERIES_AT_ONCE)))
    answer = httpx.post(f"{server.url}/api/v1/sql", json={"query": "SELECT 1"}, timeout=8.0)

    assert answer.json()["rows"] == [[1]]
