"""Whatever comes to Elasticsearch's bulk API is decoded or refused, and nothing else happens."""

from tests.support.fuzz import MUTATIONS, fuzz

from sightline.wire.elasticsearch import decode_bulk

BODIES = (
    b'{"create":{"_index":"logs-shop"}}\n{"@timestamp":"2026-11-20T10:00:00Z","message":"hi","log":{"level":"warn"}}\n',
    b'{"index":{"_id":"1"}}\n{"message":"a"}\n{"delete":{"_id":"1"}}\n{"update":{"_id":"1"}}\n{"doc":{}}\n',
)


def test_mutations():
    """Each mutation gives results and rows or one of our errors; some still give rows."""
    assert fuzz(lambda body: decode_bulk(body, 1_763_650_000_000_000_000, "x"), BODIES) > MUTATIONS // 100
