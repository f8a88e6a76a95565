"""Columns of a block that are dictionaries, as those of access logs are, on each kind of store."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from sightline.store.connect import Store
from sightline.wire.logfile.formats import decode
from sightline.wire.logfile.source import Source


@pytest.fixture
def store(address: Callable[[Path], str], tmp_path: Path) -> Iterator[Store]:
    """Open a store that has nothing."""
    opened = Store.open(address(tmp_path), memory_bytes=512 * 1024 * 1024)
    yield opened
    opened.close()


def _rows(resource: dict[str, str], status: int) -> pa.Table:
    now = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    line = f'10.0.0.1 - - [{now}] "GET /cart HTTP/1.1" {status} 12 "-" "curl"\n'
    return decode(line.encode() * 3, "access", Source(resource))[0].tables["otel_logs"]


def test_files_that_are_stored_together_keep_their_own_texts(store: Store):
    """Dictionaries of the same column differ from file to file, in one insert, also where they are of one length."""
    files = [
        ({"service.name": "shop", "host.name": "web-1"}, 200),
        ({"service.name": "blog", "log.file.path": "/var/log/blog.log"}, 404),
        ({"service.name": "pay"}, 500),
    ]

    store.insert_arrow("otel_logs", pa.concat_tables([_rows(resource, status) for resource, status in files]))

    kept = "ServiceName, SeverityText, SeverityNumber, ScopeName, TraceId, ResourceAttributes, count()"
    assert store.query(f"SELECT {kept} FROM otel_logs GROUP BY ALL ORDER BY SeverityNumber").rows == [
        ("shop", "INFO", 9, "access", "", files[0][0], 3),
        ("blog", "WARNING", 13, "access", "", files[1][0], 3),
        ("pay", "ERROR", 17, "access", "", files[2][0], 3),
    ]
