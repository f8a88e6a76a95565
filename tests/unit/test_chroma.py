"""Chroma's collections, asked for real in a store in memory."""

from __future__ import annotations

import uuid

import pytest

import sightline
from sightline.testing import capture

chromadb = pytest.importorskip("chromadb")

from chromadb.config import Settings  # noqa: E402 - behind the check whether there is one

from sightline.integrations import chroma  # noqa: E402 - as above


@pytest.fixture(scope="module")
def client():
    """Open a store in memory that tells nobody of it."""
    return chromadb.EphemeralClient(Settings(anonymized_telemetry=False))


@pytest.fixture
def handbook(client):
    """Make a collection of three documents, before it is instrumented, and instrument twice."""
    made = client.create_collection(f"handbook-{uuid.uuid4().hex}", embedding_function=None)
    made.add(ids=["a", "b", "c"], embeddings=[[1, 0], [0, 1], [1, 1]], documents=["sekret x", "sekret y", "sekret z"])
    chroma.instrument()
    chroma.instrument()
    return made


def test_a_query_is_a_retrieval(handbook):
    """What was found is told by ids and distances, without the text of documents, below the current span."""
    with capture() as captured, sightline.span("answer") as answer:
        handbook.query(query_embeddings=[[1, 0]], n_results=2)

    span = captured.spans[0]
    assert (span.name, span.span_kind, span.parent) == (f"retrieval {handbook.name}", "Client", answer.span_id)
    assert span.attributes == {
        "db.system.name": "chroma", "db.operation.name": "query", "db.collection.name": handbook.name,
        "gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": handbook.name, "gen_ai.request.top_k": 2,
        "db.response.returned_rows": 2, "sightline.llm.source_count": 2,
        "gen_ai.retrieval.documents": [{"id": "a", "score": 0.0}, {"id": "c", "score": 1.0}],
    }  # fmt: skip


def test_documents_are_recorded_where_they_are_asked_for(handbook):
    """The setting that records messages of models records what was found, too."""
    with capture(capture_llm_content=True) as captured:
        handbook.query(query_embeddings=[[1, 0]], n_results=1)

    [document] = captured.spans[0].attributes["gen_ai.retrieval.documents"]
    assert document == {"id": "a", "score": 0.0, "content": "sekret x"}


def test_other_calls_are_a_databases(handbook):
    """Each has its name, the number of records that were given, and the number that came."""
    with capture() as captured:
        handbook.add(ids=["d"], embeddings=[[2, 2]], documents=["sekret"])
        handbook.get(["a", "d"])
        handbook.count()
        handbook.delete(ids=["d"])

    assert b"sekret" not in b"".join(captured.lines)
    told = [
        [span.attributes.get(name) for name in
         ("db.operation.name", "db.operation.batch.size", "db.response.returned_rows")]
        for span in captured.spans
    ]  # fmt: skip
    assert told == [["add", 1, None], ["get", 2, 2], ["count", None, None], ["delete", 1, None]]
    assert captured.spans[0].name == f"add {handbook.name}"


def test_a_refused_call_is_an_error(handbook):
    """Chroma's own error goes on and is on the span; so does one about the arguments."""
    with capture() as captured:
        with pytest.raises(Exception, match="dimension"):
            handbook.query(query_embeddings=[[1, 0, 3]])
        with pytest.raises(TypeError):
            handbook.query(no_such=1)

    first, second = captured.spans
    assert (first.status, second.status) == ("Error", "Error")
    assert first.attributes["error.type"].startswith("chromadb.errors.")
    assert second.attributes["error.type"] == "TypeError"
