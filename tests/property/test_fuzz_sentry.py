"""Whatever comes as an envelope is decoded or refused."""

import json

from tests.support.envelopes import EVENT, ITEMS, envelope, envelope_of_all
from tests.support.fuzz import MUTATIONS, fuzz

from sightline.wire.redact import Redactor
from sightline.wire.sentry import Sender, decode_envelope, decode_event

NOW_NS = 1_790_000_000_000_000_000
REDACTOR = Redactor()


def taken(body):
    """Decode an envelope, and hold that its rows are counted right."""
    decoded = decode_envelope(body, Sender("7"), NOW_NS, REDACTOR).decoded
    assert decoded.accepted == sum(table.num_rows for table in decoded.tables.values())


def test_mutations_of_envelopes():
    """A mutated envelope, of all types or of one, gives rows or one of our errors."""
    bodies = [envelope_of_all(), *(envelope(item) for item in ITEMS.items())]

    # One decoding takes a millisecond, most of it for making blocks of Arrow.
    assert fuzz(taken, bodies, count=MUTATIONS // 8) > MUTATIONS // 400


def test_mutations_of_events():
    """A mutated event of an old SDK gives rows or one of our errors."""
    assert fuzz(lambda body: decode_event(body, Sender("7"), NOW_NS, REDACTOR), [EVENT], count=MUTATIONS // 8) > 0


def test_values_of_any_type():
    """An envelope whose values are replaced one by one by those of other types gives rows or one of our errors."""
    for kind, content in ITEMS.items():
        text = json.dumps(content)
        for place, letter in enumerate(text):
            if letter == ":":
                for other in ("null,", "[],", "{},", "-1e300,", '"x",', "[[1]],"):
                    taken(f'{{}}\n{{"type":"{kind}"}}\n{text[: place + 1]}{other}"_":{text[place + 1 :]}'.encode())


def test_deep_nesting():
    """JSON that is nested a hundred thousand levels deep is refused by itself."""
    body = b'{}\n{"type":"event"}\n' + b"[" * 100_000 + b'\n{"type":"log"}\n{"items":[{"body":"kept"}]}'

    decoded = decode_envelope(body, Sender("7"), NOW_NS, REDACTOR).decoded

    assert (decoded.accepted, decoded.rejected) == (1, 1)
