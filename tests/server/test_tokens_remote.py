"""What is sent again, to another server before the same ClickHouse, is stored once by protocols with identities."""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

import msgpack
import pytest
from tests.support.clickhouse_http import ClickHouseHttp
from tests.support.envelopes import envelope
from tests.support.pprof import CPU, Writer
from tests.support.segments import log_line
from tests.support.server import ServerProcess

from sightline.spool.format import FORMAT, Header, SegmentName, encode_header

NOW_NS = time.time_ns()
INSTANCE = "a" * 16
EVENT = {"event_id": "5" * 32, "timestamp": NOW_NS / 1e9, "level": "error", "message": "from sentry"}

Send = Callable[[ServerProcess], None]


def over_http(path: str, body: bytes, kind: str = "application/json") -> Send:
    """Give what posts a body."""

    def send(server: ServerProcess) -> None:
        server.http.post(path, content=body, headers={"content-type": kind}).raise_for_status()

    return send


def by_fluentd(server: ServerProcess) -> None:
    """Send a chunk, and wait until it is acknowledged."""
    host, _, port = server.listening["fluentd"].rpartition(":")
    with socket.create_connection((host, int(port)), 30) as connection:
        connection.sendall(msgpack.packb(["app", [[NOW_NS // 10**9, {"message": "from fluentd"}]], {"chunk": "c"}]))
        assert msgpack.unpackb(connection.recv(1024)) == {"ack": "c"}


def shipped() -> bytes:
    """Write a range of a segment elsewhere."""
    header = encode_header(Header(FORMAT, NOW_NS, INSTANCE, 1, {"service.name": "elsewhere"}))
    lines = log_line("from elsewhere", time_ns=NOW_NS, instance=INSTANCE)
    segment = str(SegmentName(NOW_NS // 10**6, INSTANCE, 0))
    place = {"kind": "range", "segment": segment, "start": len(header), "end": len(header) + len(lines)}
    return json.dumps(place).encode() + b"\n" + header + lines


BULK = json.dumps({"create": {"_id": "1"}}) + "\n" + json.dumps(
    {"message": "from elasticsearch", "@timestamp": NOW_NS // 10**6}
)  # fmt: skip

SENT: dict[str, tuple[Send, str]] = {
    "elasticsearch": (over_http("/_bulk", f"{BULK}\n".encode()), "otel_logs WHERE Body = 'from elasticsearch'"),
    "fluentd": (by_fluentd, "otel_logs WHERE Body = 'from fluentd'"),
    "shipped": (over_http("/api/v1/lines", shipped()), "otel_logs WHERE Body = 'from elsewhere'"),
    "sentry": (
        over_http("/api/7/envelope/", envelope(("event", EVENT), event_id=EVENT["event_id"])),
        "otel_logs WHERE Body = 'from sentry'",
    ),
    "pprof": (
        over_http("/api/v1/profiles/pprof", Writer(*CPU, time_ns=NOW_NS).sample("main", [1, 1]).bytes()),
        "profiles WHERE Stack = ['main']",
    ),
}
"""What sends by a protocol, and where it is found."""


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, int]]:
    """Send everything twice to one server, and once more to another one; give what is stored after each time."""
    place = tmp_path_factory.mktemp("tokens")
    with ClickHouseHttp(place / "clickhouse") as clickhouse:
        environment = {"SIGHTLINE_STORE": clickhouse.url(), "SIGHTLINE_FLUENTD_PORT": "0"}
        return [sent_to(place / home, environment) for home in ("first", "first", "second")]


def sent_to(home: Path, environment: dict[str, str]) -> dict[str, int]:
    """Send everything to a server on a home, and count what is stored."""
    with ServerProcess(home, environment=environment) as server:
        for send, _ in SENT.values():
            send(server)
        counted = {}
        for name, (_, where) in SENT.items():
            answer = server.http.post("/api/v1/sql", json={"query": f"SELECT count() FROM {where}"})
            counted[name] = int(answer.raise_for_status().json()["rows"][0][0])
    return counted


@pytest.mark.parametrize("protocol", SENT)
def test_stored_once(counts: list[dict[str, int]], protocol: str):
    """One record is found after the first time, and after each other."""
    assert [found[protocol] for found in counts] == [1, 1, 1]
