"""Whatever comes as lines of JSON is decoded or refused, and nothing else happens."""

from tests.support.fuzz import MUTATIONS, fuzz

from sightline.wire.ndjson import decode_ndjson

BODIES = (
    b'{"timestamp":"2026-11-20T10:30:45.123Z","level":"INFO","logger":"shop","message":"paid","order":7}\n{"ts":1}\n',
    b'{"@timestamp":1763640000.5,"log":{"level":"warn"},"service":{"name":"s"},"trace":{"id":"' + b"ab" * 16 + b'"}}\n',
    b'[{"time":"20/Nov/2026:10:30:45 +0100","msg":"a","lvl":30},{"date":"Nov 20 10:30:45","event":"\xc3\xa9"}]',
    b'{"exception":{"type":"E","traceback":"t"},"a":{"b":{"c":[1,2.5,null,true]}}}\r\n\n{"time":"1763640000123"}',
)


def test_mutations():
    """Each mutation gives rows or one of our errors; some still give rows."""
    assert fuzz(lambda body: decode_ndjson(body, 1_763_650_000_000_000_000), BODIES) > MUTATIONS // 100
