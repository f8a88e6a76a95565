"""A body in a compression that is not taken has one answer everywhere, as RFC 9110 has it in 15.5.16."""

import re

import pytest

from sightline.server.app import create_app
from sightline.server.ingest.body import DECOMPRESSORS

OWN = {
    "/loki/api/v1/push": {*DECOMPRESSORS, "snappy"},
    "/api/v1/write": {"snappy"},
    "/prometheus/api/v1/write": {"snappy"},
}
"""What is taken where it is not what all ways for records take."""

TAKING = {
    path: next(iter(operation["requestBody"]["content"]))
    for path, methods in create_app(None).openapi()["paths"].items()
    for operation in methods.values()
    if "requestBody" in operation
}
"""The type of body of each path that takes one."""

QUESTIONS = ("/mcp", "/api/v1/sql", "/api/v1/errors", "/api/v1/store")
"""Begins of paths that take questions and decisions: a few words, which nobody compresses."""


@pytest.mark.parametrize("path", TAKING)
def test_an_unknown_compression_is_told_those_that_are_taken(server, path):
    """The answer is 415, its header lists what is taken, and its body says the same."""
    taken = {"identity"} if path.startswith(QUESTIONS) else OWN.get(path, set(DECOMPRESSORS))
    headers = {"content-type": TAKING[path], "content-encoding": "LZ4, gzip"}
    answer = server.http.post(re.sub(r"\{\w+\}", "a", path), content=b"x", headers=headers)

    assert (answer.status_code, set(answer.headers["accept-encoding"].split(", "))) == (415, taken)
    assert "Content-Encoding is 'lz4, gzip'; expected " in answer.text


def test_a_compression_that_is_not_taken_is_counted(server):
    """Whoever looks why nothing comes finds that requests were refused."""

    def refused():
        return server.get("/api/v1/monitoring/status")["components"].get("ingest_otlp", {}).get("refused", 0)

    before = refused()
    server.http.post("/v1/logs", json={}, headers={"content-encoding": "lz4"})

    assert refused() == before + 1
