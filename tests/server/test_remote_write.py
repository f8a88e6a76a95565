"""Prometheus remote write over HTTP: what a client is answered, and that acknowledged means stored."""

from __future__ import annotations

import threading
import time

import httpx
import pytest
from tests.support.remote_write import STALE, compress, request_2, series_1
from tests.support.server import ServerProcess

UP = {"__name__": "up", "job": "shop", "instance": "web-1:80", "zone": "a", "b": "", "é": "ü" * 40}
HEADERS = {"content-type": "application/x-protobuf", "content-encoding": "snappy"}
VERSION_2 = {**HEADERS, "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}


def send(server, body, headers=HEADERS, path="/api/v1/write"):
    """Send a request, and give the answer."""
    return server.http.post(path, content=compress(body), headers=headers)


def ask(server, query):
    """Rows of the store."""
    answer = server.http.post("/api/v1/sql", json={"query": query})
    answer.raise_for_status()
    return answer.json()["rows"]


def now_ms():
    """The time now."""
    return time.time_ns() // 10**6


@pytest.mark.parametrize("path", ["/api/v1/write", "/prometheus/api/v1/write"])
def test_version_1(server, path):
    """A request of version 1 is answered with 204 and is found."""
    name = f"first{path.count('/')}"
    answer = send(server, series_1({**UP, "__name__": name}, (now_ms(), 1.5)), path=path)

    assert (answer.status_code, answer.content) == (204, b"")
    query = (
        "SELECT Value FROM metric_samples WHERE SeriesId IN "
        f"(SELECT SeriesId FROM metric_series WHERE MetricName = '{name}')"
    )
    assert ask(server, query) == [[1.5]]


def test_version_2(server):
    """A request of version 2 is answered with what was written."""
    answer = send(server, request_2(({**UP, "__name__": "second"}, [(now_ms(), 1), (now_ms(), 2)])), VERSION_2)

    assert answer.status_code == 204
    assert answer.headers["x-prometheus-remote-write-samples-written"] == "2"
    assert answer.headers["x-prometheus-remote-write-histograms-written"] == "0"


def test_the_number_is_the_engines(server):
    """A series has the number that the engine computes, so that it is the same by every protocol."""
    send(server, series_1({**UP, "__name__": "third"}, (now_ms(), 1)))
    query = (
        "SELECT SeriesId = cityHash64(MetricName, mapSort(Labels), mapSort(ResourceAttributes)), Labels "
        "FROM metric_series WHERE MetricName = 'third'"
    )

    assert ask(server, query) == [[1, {"zone": "a", "é": "ü" * 40}]]


def test_stale_markers(server):
    """The marker of a series that ended is stored with its bits."""
    send(server, series_1({"__name__": "ended"}, (now_ms(), STALE)))
    query = (
        "SELECT hex(reinterpretAsUInt64(Value)) FROM metric_samples WHERE SeriesId IN "
        "(SELECT SeriesId FROM metric_series WHERE MetricName = 'ended')"
    )

    assert ask(server, query) == [["7FF0000000000002"]]


def test_partly_refused(server):
    """Samples that cannot be stored are refused with 400, which is not sent again; the others are stored."""
    answer = send(server, series_1({}, (now_ms(), 1)) + series_1({"__name__": "good"}, (now_ms(), 1)))

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("1 samples were refused, the others are stored.")
    assert answer.headers["x-prometheus-remote-write-samples-written"] == "1"


@pytest.mark.parametrize(
    "changed",
    [
        {"content-type": "application/json"},
        {"content-type": "application/x-protobuf;proto=x"},
    ],
)
def test_unknown_messages(server, changed):
    """A message that is not known is answered with 415, and the detail names both versions."""
    answer = send(server, b"", {**HEADERS, **changed})

    assert answer.status_code == 415
    assert "prometheus.WriteRequest or io.prometheus.write.v2.Request" in answer.json()["detail"]


@pytest.mark.parametrize("content", [b"", b"\xff" * 9, b"\x05abc", compress(b"\x0a\x7f")])
def test_nonsense(server, content):
    """What cannot be read is answered with 400 and a problem."""
    answer = server.http.post("/api/v1/write", content=content, headers=HEADERS)

    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:sightline:problem:body-invalid"


def test_killed_under_load(tmp_path):
    """Every sample of every answered request is there after SIGKILL and a new start, with its series."""
    acknowledged, enough = set(), threading.Event()

    def write(url, lane):
        with httpx.Client(trust_env=False) as client:
            for number in range(100_000):
                time_ms = start_ms + number
                body = b"".join(series_1({**UP, "lane": str(lane), "n": str(n)}, (time_ms, number)) for n in range(20))
                try:
                    answer = client.post(f"{url}/api/v1/write", content=compress(body), headers=HEADERS)
                except httpx.TransportError:
                    return
                assert answer.status_code == 204
                acknowledged.add((str(lane), number))
                if len(acknowledged) > 40:
                    enough.set()

    start_ms = now_ms()
    with ServerProcess(tmp_path / "home") as server:
        lanes = [threading.Thread(target=write, args=(server.url, lane)) for lane in range(3)]
        for lane in lanes:
            lane.start()
        assert enough.wait(60)
        server.kill()
        for lane in lanes:
            lane.join(30)
    with ServerProcess(tmp_path / "home") as server:
        query = (
            "SELECT lane, Value, count() FROM metric_samples INNER JOIN (SELECT DISTINCT SeriesId, "
            "Labels['lane'] AS lane FROM metric_series) AS series USING SeriesId GROUP BY lane, Value"
        )
        found = {(lane, int(value)): int(count) for lane, value, count in ask(server, query)}

    assert all(found[one] == 20 for one in acknowledged)
    assert max(found.values()) == 20
