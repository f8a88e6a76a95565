"""What a client has already is not sent again."""

import os

import pytest
from tests.support.records import NS, now_ns, span
from tests.support.segments import SegmentFile
from tests.support.server import eventually

INSTANCE = f"{os.getpid() + 99:016x}"
TRACE = f"{now_ns() + 99:032x}"


def put(server, name: str, number: int) -> None:
    """Record one span of the trace."""
    resource = {"service.name": "tagged", "service.instance.id": f"{number}{INSTANCE[1:]}", "process.pid": "42"}
    segment = SegmentFile(server.home / "spool", instance=f"{number}{INSTANCE[1:]}", resource=resource)
    line = span(name, now_ns() - NS, trace=TRACE, span=f"{number:016x}", duration_ms=20)
    segment.write(line.replace(b"a" * 16, f"{number}{INSTANCE[1:]}".encode(), 1))
    segment.end()


@pytest.mark.parametrize("path", ["/", "/api/v1/schema", "/api/v1/analyses", "/openapi.json"])
def test_what_did_not_change_is_not_sent_again(server, path):
    """A tag of an answer, strong or weak, alone or among others, brings 304 without a body."""
    found = server.http.get(path)
    tag = found.headers["etag"]

    assert found.headers["cache-control"] == "no-cache"
    for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = server.http.get(path, headers={"if-none-match": asked})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert server.http.get(path, headers={"if-none-match": '"other"'}).status_code == 200


def test_a_trace_is_sent_again_when_a_span_came(server):
    """A trace that is whole keeps its tag however long it took to read, and has another with each span."""
    put(server, "one", 1)
    found = eventually(lambda: (it := server.http.get(f"/api/v1/traces/{TRACE}")).status_code == 200 and it)
    asked = {"if-none-match": found.headers["etag"]}
    again = server.http.get(f"/api/v1/traces/{TRACE}", headers=asked)
    put(server, "two", 2)
    later = eventually(
        lambda: (it := server.http.get(f"/api/v1/traces/{TRACE}", headers=asked)).status_code == 200 and it
    )

    assert again.status_code == 304
    assert {each["name"] for each in later.json()["spans"]} == {"one", "two"}
