"""Rows that wait to be stored take a bounded part of the memory."""

import pyarrow as pa
import pytest

from sightline.base.errors import StoreUnavailable
from sightline.server.ingest.waiting import Waiting
from sightline.wire.decoded import Decoded

ROWS = Decoded({"otel_logs": pa.table({"Body": ["x" * 1000]})}, 1)


def test_too_much_at_once():
    """What finds no room beside others is to come again, and is taken once they are stored."""
    waiting = Waiting(1500)

    with waiting.hold(ROWS), pytest.raises(StoreUnavailable, match=r"take 1,0\d\d of 1,500 bytes"), waiting.hold(ROWS):
        pass
    with waiting.hold(ROWS):
        assert waiting.held_bytes > 1000
    assert waiting.held_bytes == 0


def test_one_alone():
    """A request that is larger than all may be together is taken when there is no other."""
    waiting = Waiting(10)

    with waiting.hold(ROWS):
        assert waiting.held_bytes > 1000
