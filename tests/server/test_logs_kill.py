"""What senders of logs were told is stored survives a killed server."""

import json
import os
import socket
import threading
import time
from contextlib import closing

import httpx
import msgpack
import pytest
from tests.support.server import ServerProcess

ENOUGH = 20
"""Requests that are answered before the server is killed."""

RECORDS = 50
"""Records of each request."""


class Fluentd:
    """Sends chunks over one connection, and remembers the one that was under way."""

    def __init__(self, server):
        host, _, port = server.listening["fluentd"].rpartition(":")
        self.connection = socket.create_connection((host, int(port)), 30)

    def send(self, names):
        """Send one chunk with a record of each name; True when it was acknowledged."""
        entries = [[int(time.time()), {"message": name}] for name in names]
        self.connection.sendall(msgpack.packb(["tag", entries, {"chunk": names[0]}]))
        answer = self.connection.recv(4096)
        return bool(answer) and msgpack.unpackb(answer) == {"ack": names[0]}

    def close(self):
        """Leave."""
        self.connection.close()


class HTTP:
    """Sends requests of one protocol."""

    def __init__(self, server, path, body):
        self.client = httpx.Client(base_url=server.url, trust_env=False, timeout=30)
        self.path, self.body = path, body

    def send(self, names):
        """Send one request with a record of each name; True when it was answered with success."""
        content = self.body(names)
        kind = {"content-type": "application/json"}
        return self.client.post(self.path, content=content, headers=kind).is_success

    def close(self):
        """Leave."""
        self.client.close()


def loki_body(names):
    """Lines of one stream."""
    values = [[str(time.time_ns()), name] for name in names]
    return json.dumps({"streams": [{"stream": {"app": "kill"}, "values": values}]})


SENDERS = {
    "fluentd": Fluentd,
    "loki": lambda server: HTTP(server, "/loki/api/v1/push", loki_body),
    "elasticsearch": lambda server: HTTP(
        server, "/_bulk", lambda names: "".join(f'{{"index":{{}}}}\n{{"message":"{name}"}}\n' for name in names)
    ),
    "ndjson": lambda server: HTTP(
        server, "/api/v1/logs/ndjson", lambda names: "".join(f'{{"message":"{name}"}}\n' for name in names)
    ),
}
ENVIRONMENT = {"SIGHTLINE_FLUENTD_PORT": "0"}


@pytest.mark.parametrize("protocol", SENDERS)
def test_killed_under_load(tmp_path, protocol):
    """Every acknowledged record is there once after SIGKILL; a chunk that is sent again is there once, too."""
    acknowledged, under_way, enough = set(), [], threading.Event()

    def send(server):
        sender = SENDERS[protocol](server)
        try:
            while True:
                under_way[:] = [os.urandom(12).hex() for _ in range(RECORDS)]
                if not sender.send(under_way):
                    return
                acknowledged.update(under_way)
                if len(acknowledged) >= ENOUGH * RECORDS:
                    enough.set()
        except (httpx.TransportError, OSError):
            return
        finally:
            sender.close()

    with ServerProcess(tmp_path / "home", environment=ENVIRONMENT) as server:
        client = threading.Thread(target=send, args=(server,))
        client.start()
        assert enough.wait(60)
        server.kill()
        client.join(30)

    with ServerProcess(tmp_path / "home", environment=ENVIRONMENT) as server:
        if protocol == "fluentd":
            with closing(SENDERS[protocol](server)) as sender:
                assert sender.send(under_way)
            acknowledged.update(under_way)
        answer = server.http.post("/api/v1/sql", json={"query": "SELECT Body FROM otel_logs", "limit": 10_000}).json()

    found = [row[0] for row in answer["rows"]]
    assert not answer["truncated"]
    assert acknowledged <= set(found)
    assert len(found) == len(set(found))
