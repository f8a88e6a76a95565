"""Fluentd's clients send to the server as they do to Fluentd."""

import gzip
import hashlib
import logging
import os
import signal
import socket
from contextlib import closing

import msgpack
import pytest
from fluent.asyncsender import FluentSender as AsyncSender
from fluent.sender import FluentSender
from tests.server.test_loki import rows
from tests.support.server import ServerProcess, eventually

from sightline.sdk.fluentd import FluentdHandler

KEY = "correct horse"
SECOND = 1_795_170_645
"""2026-11-20T10:30:45Z."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that takes Fluentd's protocol."""
    home = tmp_path_factory.mktemp("fluentd") / "home"
    with ServerProcess(home, environment={"SIGHTLINE_FLUENTD_PORT": "0"}) as running:
        yield running


def connect(server):
    """A connection to the server's port."""
    host, _, port = server.listening["fluentd"].rpartition(":")
    return closing(socket.create_connection((host, int(port)), 10))


def port_of(server):
    """The port for Fluentd's protocol."""
    return int(server.listening["fluentd"].rpartition(":")[2])


def answer(connection):
    """The next message that the server sends; None where it closes the connection."""
    unpacker = msgpack.Unpacker()
    while part := connection.recv(4096):
        unpacker.feed(part)
        for message in unpacker:
            return message
    return None


def entry(service, text="paid"):
    """One entry, with nanoseconds."""
    time = msgpack.ExtType(0, SECOND.to_bytes(4, "big") + (7).to_bytes(4, "big"))
    return [time, {"message": text, "level": "warn", "service": service, "n": 1}]


def packed(service):
    """Two entries as PackedForward has them."""
    return msgpack.packb(entry(service, "a")) + msgpack.packb(entry(service, "b"))


@pytest.mark.parametrize(
    ("mode", "texts", "message"),
    [
        ("message", ["paid"], lambda s: ["app.web", *entry(s), {"chunk": "c1"}]),
        ("forward", ["a", "b"], lambda s: ["app.web", [entry(s, "a"), entry(s, "b")], {"chunk": "c2"}]),
        ("packed", ["a", "b"], lambda s: ["app.web", packed(s), {"chunk": "c3", "size": 2}]),
        (
            "compressed",
            ["a", "b"],
            lambda s: ["app.web", gzip.compress(packed(s)), {"chunk": "c4", "compressed": "gzip"}],
        ),
    ],
)
def test_modes(server, mode, texts, message):
    """Each mode of the protocol is taken, and acknowledged when its entries are stored."""
    service = f"fd-{mode}"
    content = message(service)
    with connect(server) as connection:
        connection.sendall(msgpack.packb(content))
        acknowledged = answer(connection)

    stored = rows(server, service, "Timestamp, SeverityText, Body, LogAttributes")
    assert acknowledged == {"ack": content[-1]["chunk"]}
    assert sorted(row[2] for row in stored) == texts
    assert stored[0][:2] == ["2026-11-20T10:30:45.000000007Z", "WARNING"]
    assert stored[0][3] == {"n": "1", "fluent.tag": "app.web"}


def test_a_chunk_that_is_sent_again(server):
    """A chunk that is sent twice is acknowledged twice and stored once."""
    message = msgpack.packb(["tag", [entry("fd-again")], {"chunk": "again"}])
    for _ in range(2):
        with connect(server) as connection:
            connection.sendall(message)
            assert answer(connection) == {"ack": "again"}

    assert len(rows(server, "fd-again")) == 1


def test_our_own_handler(server):
    """Our handler's records are acknowledged and stored, with their nanoseconds."""
    logger, handler = logging.getLogger("fd.ours"), FluentdHandler("shop", port=port_of(server))
    logger.addHandler(handler)
    logger.error("out of stock", extra={"service": "fd-ours", "shelf": 7})
    handler.flush()
    logger.removeHandler(handler)
    handler.close()

    ((level, body, logger_name, attributes),) = rows(server, "fd-ours", "SeverityText, Body, ScopeName, LogAttributes")
    assert (level, body, logger_name, attributes["shelf"]) == ("ERROR", "out of stock", "fd.ours", "7")


@pytest.mark.parametrize("kind", [FluentSender, AsyncSender])
def test_fluent_logger(server, kind):
    """Both clients of fluent-logger are understood; they ask for no acknowledgement."""
    service = f"fd-{kind.__module__}"
    sender = kind("app", port=port_of(server), nanosecond_precision=True)
    sender.emit("web", {"message": "hello", "service": service})
    sender.close()

    assert eventually(lambda: rows(server, service, "Body, LogAttributes")) == [["hello", {"fluent.tag": "app.web"}]]


def test_heartbeat(server):
    """A heartbeat over UDP is answered."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as datagrams:
        datagrams.settimeout(10)
        datagrams.sendto(b"\0", ("127.0.0.1", port_of(server)))

        assert datagrams.recv(16) == b"\0"


@pytest.mark.parametrize("content", [b"\xc1", msgpack.packb({"a": 1}), msgpack.packb(["tag", [[1]], {"chunk": "x"}])])
def test_what_is_no_message(server, content):
    """What is no message ends the connection without an acknowledgement."""
    with connect(server) as connection:
        connection.sendall(content)

        assert answer(connection) is None


def test_shared_key(tmp_path):
    """Who knows the key is greeted and heard; who does not is told so and closed."""
    environment = {"SIGHTLINE_FLUENTD_PORT": "0", "SIGHTLINE_FLUENTD_SHARED_KEY": KEY}
    with ServerProcess(tmp_path / "home", environment=environment) as server:
        with connect(server) as connection:
            assert greet(connection, KEY)
            connection.sendall(msgpack.packb(["tag", [entry("fd-key")], {"chunk": "k"}]))
            assert answer(connection) == {"ack": "k"}
        with connect(server) as connection:
            assert not greet(connection, "wrong")
            assert answer(connection) is None
        with connect(server) as connection:
            answer(connection)
            connection.sendall(msgpack.packb(["tag", [entry("fd-key")], {"chunk": "l"}]))
            assert answer(connection) is None

        assert len(rows(server, "fd-key")) == 1


def greet(connection, key):
    """Do the client's part of the handshake; tell whether both sides know the key."""
    nonce, salt = answer(connection)[1]["nonce"], os.urandom(16)

    def digest(hostname):
        return hashlib.sha512(salt + hostname.encode() + nonce + key.encode()).hexdigest()

    connection.sendall(msgpack.packb(["PING", "client", salt, digest("client"), "", ""]))
    _, known, _, hostname, proof = answer(connection)
    return known and proof == digest(hostname)


def test_stopping_with_connections_open(tmp_path):
    """A server that is told to stop ends at once, whoever is connected."""
    with ServerProcess(tmp_path / "home", environment={"SIGHTLINE_FLUENTD_PORT": "0"}) as server:
        with connect(server) as connection:
            connection.sendall(msgpack.packb(["tag", [entry("fd-stop")], {"chunk": "s"}])[:20])
            server.process.send_signal(signal.SIGTERM)

            assert answer(connection) is None
        assert server.process.wait(30) == 0
        assert "Traceback" not in server.log()
