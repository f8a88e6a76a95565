"""Whatever comes as a beacon is decoded or refused."""

import json

from tests.support.envelopes import BEACON
from tests.support.fuzz import MUTATIONS, fuzz

from sightline.wire.redact import Redactor
from sightline.wire.rum import decode

NOW_NS = 1_790_000_000_000_000_000


def test_mutations():
    """A mutated beacon gives rows or one of our errors."""
    redactor, valid = Redactor(), json.dumps(BEACON).encode()

    # One decoding takes half a millisecond, most of it for making blocks of Arrow.
    assert fuzz(lambda body: decode(body, NOW_NS, redactor), [valid], count=MUTATIONS // 4) > MUTATIONS // 400


def test_a_stack_made_to_be_slow():
    """A stack of lines that almost are frames takes no time to speak of."""
    stack = "\n".join(["at " + "(a" * 500 + ":1"] * 60)
    error = {"k": "error", "type": "E", "message": "m", "stack": stack}

    decoded = decode(json.dumps({"events": [error] * 3}).encode(), NOW_NS, Redactor()).decoded

    assert decoded.accepted == 3
