"""Whatever comes to Loki's push API is decoded or refused, and nothing else happens."""

import pyarrow as pa
from tests.support.fuzz import MUTATIONS, fuzz

from sightline.wire.loki import decode_json, decode_protobuf
from sightline.wire.loki_protobuf import PushRequest

RECEIVED_NS = 1_763_650_000_000_000_000
SNAPPY = pa.Codec("snappy")
JSON = (
    b'{"streams":[{"stream":{"app":"shop"},"values":[["1763640000000000000","level=warn a",{"trace_id":"x"}]]}]}',
    b'{"streams":[{"stream":{},"values":[["1763640000000000000","{\\"level\\":\\"error\\",\\"n\\":1}"]]},{"stream":{}}]}',
)


def push_request():
    """A request of two streams."""
    request = PushRequest()
    stream = request.streams.add(labels='{app="shop", job=`web`, path="a\\n\\x41"}')
    entry = stream.entries.add(line=b'level="info" paid', timestamp={"seconds": 1_763_640_000, "nanos": 7})
    entry.structuredMetadata.add(name="trace_id", value="ab" * 16)
    request.streams.add(labels="{}").entries.add(line=b"{}")
    return request.SerializeToString()


def test_mutations_of_protobuf():
    """Each mutation, of the message or of its compressed form, gives rows or one of our errors."""
    plain = push_request()

    def decode(body):
        decode_protobuf(SNAPPY.compress(body, asbytes=True), RECEIVED_NS)

    assert fuzz(decode, (plain,), count=MUTATIONS // 2) > MUTATIONS // 200
    fuzz(lambda body: decode_protobuf(body, RECEIVED_NS), (SNAPPY.compress(plain, asbytes=True),), count=MUTATIONS // 2)


def test_mutations_of_json():
    """Each mutation gives rows or one of our errors; some still give rows."""
    assert fuzz(lambda body: decode_json(body, RECEIVED_NS, "team"), JSON) > MUTATIONS // 100
