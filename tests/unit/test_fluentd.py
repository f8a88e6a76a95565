"""The handler speaks Fluentd's forward protocol, as its own client for Python does."""

from __future__ import annotations

import logging
import queue
import socketserver
import threading

import msgpack
import pytest
from fluent.handler import FluentHandler, FluentRecordFormatter

from sightline.logging import FluentdHandler
from sightline.model.redacted import REDACTED


class Receiver(socketserver.ThreadingTCPServer):
    """Reads what ``msgpack`` makes of a connection, and acknowledges it."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        self.messages = queue.Queue()
        self.silent = 0
        super().__init__(("127.0.0.1", 0), Reader)

    def records(self):
        """The next message's tag, and its times and records."""
        tag, entries, *_ = self.messages.get(timeout=30)
        if isinstance(entries, bytes):
            unpacker = msgpack.Unpacker(raw=False, timestamp=0)
            unpacker.feed(entries)
            return tag, list(unpacker)
        return tag, [entries]


class Reader(socketserver.BaseRequestHandler):
    """One connection."""

    def handle(self):
        unpacker = msgpack.Unpacker(raw=False)
        while data := self.request.recv(65536):
            unpacker.feed(data)
            for message in unpacker:
                if self.server.silent:
                    self.server.silent -= 1
                    return
                self.server.messages.put(message)
                options = message[-1] if isinstance(message[-1], dict) else {}
                if "chunk" in options:
                    self.request.sendall(msgpack.packb({"ack": options["chunk"]}))


@pytest.fixture
def receiver():
    """A receiver on a free port."""
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, args=(0.01,))
        thread.start()
        yield receiver
        receiver.shutdown()
        thread.join()


@pytest.fixture
def logger():
    """A logger of its own."""
    logger = logging.getLogger("test.fluentd")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    yield logger
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    logger.propagate = True


def test_records_arrive_with_their_fields(receiver, logger):
    """The six that are promised stand first; extra fields and exceptions follow, secrets are taken out."""
    handler = FluentdHandler("shop.web", port=receiver.server_address[1])
    logger.addHandler(handler)
    try:
        raise ValueError("bad")
    except ValueError:
        logger.exception("failed", extra={"order": 7, "password": "x", "raw": b"\xff"})
    handler.flush()

    tag, [[time, record]] = receiver.records()
    assert tag == "shop.web"
    assert list(record)[:6] == ["level", "message", "timestamp", "module", "function", "line"]
    assert (record["level"], record["message"], record["module"]) == ("ERROR", "failed", "test_fluentd")
    assert (record["order"], record["password"], record["exception"]["type"]) == (7, REDACTED, "ValueError")
    assert time.code == 0
    assert int.from_bytes(time.data[:4], "big") > 1_700_000_000


def test_fluents_own_client_is_read_by_the_same_receiver(receiver, logger):
    """What we send differs from what it sends in mode only: tag, time and record."""
    theirs = FluentHandler("shop.web", host="127.0.0.1", port=receiver.server_address[1])
    theirs.setFormatter(FluentRecordFormatter({"level": "%(levelname)s", "message": "%(message)s"}))
    ours = FluentdHandler("shop.web", port=receiver.server_address[1])
    logger.addHandler(theirs)
    logger.info("hello")
    logger.removeHandler(theirs)
    theirs.close()
    their_tag, their_time, their_record = receiver.messages.get(timeout=30)[:3]
    logger.addHandler(ours)
    logger.info("hello")
    ours.flush()
    our_tag, [[_, our_record]] = receiver.records()

    assert our_tag == their_tag
    assert isinstance(their_time, int)
    assert their_record.items() <= our_record.items()


def test_what_is_not_acknowledged_is_sent_again(monkeypatch, receiver, logger):
    """A receiver that goes away in the middle gets it on the next connection."""
    monkeypatch.delenv("SIGHTLINE_RAISE")
    receiver.silent = 1
    handler = FluentdHandler("shop", port=receiver.server_address[1])
    logger.addHandler(handler)
    logger.info("once more")

    assert handler.outbox.flush(30)
    assert receiver.records()[1][0][1]["message"] == "once more"


def test_without_fluentd_nobody_waits(monkeypatch, logger):
    """Records beyond the buffer are shed and counted; closing takes no longer than it may."""
    monkeypatch.delenv("SIGHTLINE_RAISE")
    handler = FluentdHandler("shop", port=1, buffer=10, timeout_s=0.1)
    logger.addHandler(handler)
    for at in range(50):
        logger.info("%d", at)

    assert handler.shed >= 40
    handler.close()
    assert handler.shed >= 50
    assert handler.outbox.flush(0)
