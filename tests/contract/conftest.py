"""Every promise of the store is kept by each kind of store: embedded, remote, and a real server where one is named."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from tests.support.clickhouse_http import ClickHouseHttp

REAL = os.environ.get("SIGHTLINE_TEST_CLICKHOUSE", "")
KINDS = ["embedded", "http", *(["server"] if REAL else [])]

Address = Callable[[Path], str]


@pytest.fixture(scope="module", params=KINDS)
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """Give what makes the address of a new, empty store; the embedded one is in the directory that it is given."""
    if request.param == "embedded":
        yield lambda directory: f"chdb://{directory}/store"
    elif request.param == "server":
        yield lambda _: f"{REAL.rstrip('/')}/test_{uuid4().hex}"
    else:
        with ClickHouseHttp(tmp_path_factory.mktemp("clickhouse")) as running:
            yield lambda _: running.url()
