"""A parameter with a typing error is refused wherever the parameters are ours, and no record is stored without it."""

import re

import pytest
from tests.server.test_loki import rows

from sightline.server.app import create_app

OTHERS = {"OTLP", "Prometheus", "Loki", "Elasticsearch", "Sentry", "MCP"}
"""Tags of protocols whose clients send what we know nothing of."""

ROUTES = [
    pytest.param(method, re.sub(r"\{\w+\}", "a" * 32, path), id=f"{method.upper()} {path}")
    for path, methods in create_app(None).openapi()["paths"].items()
    for method, operation in methods.items()
    if path.startswith("/api/") and not OTHERS & set(operation["tags"])
]

EMPTY = {
    "/v1/logs": {"json": {}},
    "/api/v1/otlp/v1/metrics": {"json": {}},
    "/loki/api/v1/push": {"json": {"streams": []}},
    "/_bulk": {"content": '{"index":{}}\n{}\n'},
    "/api/7/envelope/": {"content": "{}\n"},
    "/push.v1.PusherService/Push": {"content": b""},
}
"""Requests of other protocols with nothing to store."""


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_an_unknown_parameter_is_refused(server, method, path):
    """Each route of ours names the parameter that it does not have, and those that it has."""
    answer = server.http.request(method, path, params={"qurey.x": "1"})

    assert answer.status_code == 400
    assert re.match(r"There is no parameter 'qurey.x'\. .*There (are: .+|is none here)\.$", answer.json()["detail"])


@pytest.mark.parametrize("path", EMPTY)
def test_other_protocols_may_have_more(server, path):
    """A parameter of another protocol's client that is not known here keeps out nothing."""
    answer = server.http.post(path, params={"refresh.x": "1"}, **EMPTY[path])

    assert answer.status_code in {200, 204}, answer.text


def test_nothing_is_stored_otherwise_than_asked(server):
    """Lines with a parameter that is misspelt are refused, with the one that is meant, and counted."""
    line = b'{"msg":"a","who":"nd-typo","service":"nd-typo"}'
    answer = server.http.post("/api/v1/logs/ndjson", params={"servce": "who"}, content=line)

    told = (
        "There is no parameter 'servce'. Did you mean service_field? "
        "There are: level_field, message_field, service_field, time_field."
    )
    assert (answer.status_code, answer.json()["detail"]) == (400, told)
    assert rows(server, "nd-typo") == []
    assert server.get("/api/v1/monitoring/status")["components"]["ingest_ndjson"]["refused"] > 0
