"""Loki's clients send to the server as they do to Loki."""

import logging
import time

import httpx
import logging_loki
import pyarrow as pa
import pytest
from tests.support.server import eventually

from sightline.wire.loki_protobuf import PushRequest

PATH = "/loki/api/v1/push"
PROTOBUF = {"content-type": "application/x-protobuf"}


def rows(server, service, columns="SeverityText, Body, TraceId, LogAttributes, ResourceAttributes, ScopeName"):
    """What is stored of *service*."""
    query = f"SELECT {columns} FROM otel_logs WHERE ServiceName = '{service}' ORDER BY Timestamp"
    return server.http.post("/api/v1/sql", json={"query": query}).json()["rows"]


def push_request(labels):
    """A request with an entry that has structured metadata, and one whose line is JSON."""
    request = PushRequest()
    stream = request.streams.add(labels=labels)
    now = int(time.time())
    entry = stream.entries.add(line=b"level=warn took=3ms", timestamp={"seconds": now, "nanos": 1})
    entry.structuredMetadata.add(name="trace_id", value="AB" * 16)
    stream.entries.add(line=b'{"level":"error","logger":"pay","n":1}', timestamp={"seconds": now, "nanos": 2})
    return pa.Codec("snappy").compress(request.SerializeToString(), asbytes=True)


def test_protobuf(server):
    """Labels describe the sender; level and ids come from metadata, line or labels; the line stays as it is."""
    answer = server.http.post(
        PATH, content=push_request('{app="loki-pb", pod="a\\"b"}'), headers={**PROTOBUF, "x-scope-orgid": "team"}
    )

    about = {"service.name": "loki-pb", "app": "loki-pb", "pod": 'a"b', "loki.tenant": "team"}
    assert (answer.status_code, answer.content) == (204, b"")
    assert rows(server, "loki-pb") == [
        ["WARNING", "level=warn took=3ms", "ab" * 16, {"trace_id": "AB" * 16}, about, ""],
        ["ERROR", '{"level":"error","logger":"pay","n":1}', "", {}, about, "pay"],
    ]


def test_snappy_that_is_told(server):
    """Clients may say that their Protobuf is compressed, as Grafana Alloy does; it is compressed once all the same."""
    headers = {**PROTOBUF, "content-encoding": "snappy"}
    answer = server.http.post(PATH, content=push_request('{app="loki-told"}'), headers=headers)

    assert answer.status_code == 204
    assert len(rows(server, "loki-told")) == 2


def test_json(server):
    """The same as JSON, with the time as text."""
    values = [[str(time.time_ns()), "hello", {"detected_level": "info"}]]
    answer = server.http.post(PATH, json={"streams": [{"stream": {"job": "loki-json"}, "values": values}]})

    assert answer.status_code == 204
    assert rows(server, "loki-json", "SeverityText, Body") == [["INFO", "hello"]]


def test_python_logging_loki(server):
    """A handler of python-logging-loki sends its records here."""
    handler = logging_loki.LokiHandler(url=f"{server.url}{PATH}", tags={"service": "loki-python"}, version="1")
    logger = logging.getLogger("loki.client")
    logger.addHandler(handler)
    logger.error("out of stock", extra={"tags": {"shelf": "7"}})
    logger.removeHandler(handler)
    handler.emitter.session.close()

    assert eventually(lambda: rows(server, "loki-python", "SeverityText, Body, ScopeName")) == [
        ["ERROR", "out of stock", "loki.client"]
    ]


@pytest.mark.parametrize(
    ("content", "kind", "wrong"),
    [
        (b"\x05abc", "application/x-protobuf", "Snappy"),
        (push_request("{app=}"), "application/x-protobuf", "cannot be read at character 1"),
        (push_request("app"), "application/x-protobuf", "braces"),
        (b'{"streams": 1}', "application/json", "streams"),
        (b'{"streams": [{"stream": {}, "values": [["x", "y"]]}]}', "application/json", "streams[0].values[0]"),
    ],
)
def test_what_cannot_be_read(server, content, kind, wrong):
    """A request that cannot be read has 400, as a problem that says why, and is counted."""
    answer = server.http.post(PATH, content=content, headers={"content-type": kind})

    assert answer.status_code == 400
    assert wrong in answer.json()["detail"]


@pytest.mark.parametrize("good", [1, 0])
def test_lines_that_are_rejected(server, good):
    """As Loki does, 400 tells how many lines were rejected and why, when the others are stored."""
    late = time.time_ns() + 400 * 86400 * 10**9
    values = [[str(late), "far ahead"]] * 2 + [[str(time.time_ns()), "now"]] * good
    answer = server.http.post(PATH, json={"streams": [{"stream": {"job": f"loki-late-{good}"}, "values": values}]})

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(f"2 of {2 + good} lines were rejected, the others are stored. ")
    assert "year ahead" in answer.json()["detail"]
    assert rows(server, f"loki-late-{good}", "Body") == [["now"]] * good


def test_more_than_is_taken(server):
    """A request that would be too large when decompressed is refused before it is."""
    bomb = b"\xff\xff\xff\x7f" + bytes(10)

    assert server.http.post(PATH, content=bomb, headers=PROTOBUF).status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE


def test_ready(server):
    """Clients that ask whether Loki is ready are told so."""
    assert server.http.get("/ready").text == "ready\n"
