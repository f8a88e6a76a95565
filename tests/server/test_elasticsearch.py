"""Elasticsearch's clients and log shippers send to the server as they do to Elasticsearch."""

import gzip

import pytest
from elasticsearch import Elasticsearch
from elasticsearch.helpers import BulkIndexError, bulk
from tests.server.test_loki import rows


@pytest.fixture(params=["", "/elasticsearch", "/insert/elasticsearch"])
def client(server, request):
    """Elasticsearch's client for Python, for the server or for what stands below it."""
    with Elasticsearch(f"{server.url}{request.param}", max_retries=0) as connected:
        yield connected


def document(service, **fields):
    """A document as ECS has it."""
    return {
        "_op_type": "create",
        "_index": "logs-shop",
        "@timestamp": "2026-11-20T10:00:00Z",
        "message": "paid",
        "log": {"level": "warn", "logger": "pay"},
        "service": {"name": service},
        "trace": {"id": "ab" * 16},
        "order": {"id": 7},
        **fields,
    }


def test_bulk(server, client, request):
    """Documents that the client's helper sends become records, nested fields with dotted names."""
    service = f"es-{len(request.node.callspec.params['client'])}"
    taken = bulk(client, [document(service) for _ in range(3)])

    attributes = {"order.id": "7", "elasticsearch.index": "logs-shop"}
    assert taken == (3, [])
    assert rows(server, service) == [["WARNING", "paid", "ab" * 16, attributes, {"service.name": service}, "pay"]] * 3


def test_errors_of_items(server):
    """What cannot be taken is told item by item, and the rest is stored."""
    actions = [document("es-items"), {"_op_type": "delete", "_index": "x", "_id": "1"}]
    with Elasticsearch(server.url) as client, pytest.raises(BulkIndexError) as raised:
        bulk(client, [*actions, document("es-items", **{"@timestamp": "2099-01-01T00:00:00Z"})])

    reasons = [item[action]["error"]["reason"] for item in raised.value.errors for action in item]
    assert reasons == ["Logs are added, not changed: delete is not taken.", "Its time is more than a year ahead."]
    assert len(rows(server, "es-items")) == 1


@pytest.mark.parametrize(("ids", "stored"), [(("1", "2"), 2), (("1", None), 4)])
def test_a_request_that_comes_again(server, ids, stored):
    """A request whose documents all have ids is stored once; another one may be stored again."""
    service = f"es-again-{stored}"
    documents = [document(service, **({"_id": id_} if id_ else {})) for id_ in ids]
    with Elasticsearch(server.url) as client:
        for _ in range(2):
            assert bulk(client, documents) == (2, [])

    assert len(rows(server, service)) == stored


def test_what_shippers_ask_first(server):
    """The client is told product, version, license and health."""
    with Elasticsearch(f"{server.url}/elasticsearch") as client:
        assert client.info()["version"]["number"].startswith("8.")
        assert client.cluster.health()["status"] == "green"
        assert client.license.get()["license"]["status"] == "active"
        assert not client.indices.exists_index_template(name="logs")


def test_an_index_in_the_path_and_gzip(server):
    """The index of the path is for actions without one; a compressed body is taken."""
    body = b'{"index":{}}\n{"msg":"m","service":"es-gzip"}\n'
    answer = server.http.post("/shop-logs/_bulk", content=gzip.compress(body), headers={"content-encoding": "gzip"})

    assert answer.json()["errors"] is False
    assert answer.json()["items"][0]["index"]["_index"] == "shop-logs"
    assert rows(server, "es-gzip", "Body, LogAttributes") == [["m", {"elasticsearch.index": "shop-logs"}]]


def test_a_line_that_is_no_action(server):
    """A request with a line that is no action is refused, in Elasticsearch's shape and as a problem."""
    answer = server.http.post("/_bulk", content=b'{"message":"m"}\n')

    assert answer.status_code == 400
    assert answer.json()["error"]["reason"].startswith("Malformed action/metadata line [1]")
    assert answer.json()["title"] == "The body cannot be read"
