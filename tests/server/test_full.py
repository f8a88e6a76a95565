"""A server without room says so to every sender in the words of its protocol, and takes nothing."""

import json
import socket
import time
from contextlib import closing, suppress

import msgpack
import pytest
from tests.support.envelopes import BEACON, ERROR, envelope
from tests.support.pprof import CPU, OPENTELEMETRY_CPU, Writer, opentelemetry, push
from tests.support.remote_write import compress, series_1
from tests.support.server import ServerProcess

PROFILE = Writer(*CPU).sample("main", [1, 1]).bytes()
OTLP = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "x"}}]}]}]}
LOKI = {"streams": [{"stream": {"app": "a"}, "values": [[str(time.time_ns()), "x"]]}]}
JSON = {"content-type": "application/json"}

SENT = {
    "/v1/logs": (json.dumps(OTLP), JSON),
    "/api/v1/write": (compress(series_1({"__name__": "up"}, (time.time_ns() // 10**6, 1.5))), {}),
    "/loki/api/v1/push": (json.dumps(LOKI), JSON),
    "/_bulk": ('{"index":{}}\n{"message":"x"}\n', JSON),
    "/api/v1/logs/ndjson": ('{"message":"x"}\n', JSON),
    "/api/rum": (json.dumps({**BEACON, "sent": time.time_ns() // 10**6}), JSON),
    "/api/v1/profiles/pprof": (PROFILE, {}),
    "/v1development/profiles": (opentelemetry(OPENTELEMETRY_CPU), {"content-type": "application/x-protobuf"}),
    "/push.v1.PusherService/Push": (push(({}, PROFILE)), {}),
    "/api/7/envelope/": (envelope(("event", ERROR)), {}),
}


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A server that is to leave more of the disk free than there is."""
    environment = {"SIGHTLINE_DISK_RESERVE_BYTES": str(1 << 60), "SIGHTLINE_FLUENTD_PORT": "0"}
    with ServerProcess(tmp_path_factory.mktemp("full") / "home", environment=environment) as server:
        yield server


@pytest.mark.parametrize("path", SENT)
def test_told_to_come_again(full, path):
    """Each request is refused with the reason and the moment to come again."""
    body, headers = SENT[path]
    answer = full.http.post(path, content=body, headers=headers)

    assert answer.status_code == (429 if "envelope" in path else 503), answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert "The disk of" in answer.text


def test_sentry_is_told_in_its_words(full):
    """Sentry's SDKs are told for how long to send nothing of any kind."""
    answer = full.http.post("/api/7/envelope/", content=envelope(("event", ERROR)))

    assert answer.headers["x-sentry-rate-limits"] == f"{answer.headers['retry-after']}::organization:busy"


def test_fluentd_is_not_acknowledged(full):
    """A chunk is not acknowledged: the connection ends, upon which its sender keeps it."""
    host, _, port = full.listening["fluentd"].rpartition(":")
    answer = b""
    with closing(socket.create_connection((host, int(port)), 30)) as connection, suppress(ConnectionResetError):
        connection.sendall(msgpack.packb(["tag", [[int(time.time()), {"message": "x"}]], {"chunk": "c"}]))
        answer = connection.recv(1024)

    assert answer == b""
