"""Series that come in the order of a request before are read as if they came for the first time."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest
from tests.support.fuzz import MUTATIONS, mutate
from tests.support.remote_write import STALE, family_1, series_1

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.wire.prometheus import KnownSeries, decode_v1
from sightline.wire.prometheus.known import RETELL_S
from sightline.wire.prometheus.layouts import Layout, Layouts
from sightline.wire.prometheus.repeated import take

NOW_MS = 1_763_640_000_123
NOW_NS = NOW_MS * 10**6
SERIES = 80
REQUESTS = MUTATIONS // 250
TAIL_LIKE = struct.unpack("<d", b"\x12\x10\x09\x0a\x01\x80\x10\x12")[0]
VALUES = (1.5, 0.0, -0.0, STALE, 3e300, TAIL_LIKE)
VALUE_TAIL = b"\x12\x10\x09" + bytes(8) + b"\x10" + b"\x80" * 5 + b"\x01"
TIMES = (5, 2**35 - 1, 2**35, NOW_MS - 1, 2**42 - 1, 2**42, 2**63)


def series(number, *samples):
    """Write a series with labels of its own, of many lengths."""
    named = {"__name__": f"requests_{number % 7}_total", "job": "shop", "n": str(number)}
    return series_1({**named, "path": "/" + "a" * (number * 37 % 150)}, *(samples or [(NOW_MS, 1.5)]))


ALL = b"".join(map(series, range(SERIES)))


@pytest.fixture
def known():
    """A memory that knows all series, and their order."""
    memory = KnownSeries()
    memory.remember(decode_v1(ALL, NOW_NS, memory).fresh, NOW_MS / 1000)
    decode_v1(ALL, NOW_NS, memory)
    return memory


def outcome(body, known):
    """Number, time and the value's bytes of every sample, and how many were refused; or the error's kind."""
    try:
        decoded = decode_v1(body, NOW_NS, known).decoded
    except (BodyTooLarge, DecodeError) as error:
        return type(error)
    rows = decoded.tables["metric_samples"].to_pylist() if "metric_samples" in decoded.tables else []
    found = sorted((row["SeriesId"], row["Timestamp"], struct.pack("<d", row["Value"])) for row in rows)
    return found, decoded.rejected


def next_request(chance):
    """Write what a client may send next: series go, come, stand elsewhere; some samples are unusual."""
    numbers = list(range(SERIES))
    for _ in range(chance.choice((0, 0, 1, 2, 6))):
        at = chance.randrange(len(numbers))
        way = chance.randrange(4)
        if way == 0:
            numbers[at : at + chance.randrange(9)] = []
        elif way == 1:
            numbers.insert(at, chance.choice((at, SERIES + at)))
        elif way == 2:
            numbers = numbers[at:] + numbers[:at]
        else:
            numbers[at] = chance.randrange(SERIES)
    unusual = chance.choice((0.0, 0.01, 0.2))
    more = family_1("requests_1", 1, "How many", "") if chance.random() < 0.1 else b""
    return b"".join(series(number, *samples(chance, unusual)) for number in numbers) + more


def samples(chance, unusual):
    """Give a series one sample; or one that is zero, or of another time, or none, or several."""
    found = [(NOW_MS + chance.randrange(2), 2.5)]
    if chance.random() < unusual:
        found = [
            (chance.choice((NOW_MS, *TIMES)), chance.choice(VALUES)) for _ in range(chance.choice((0, 1, 1, 1, 2)))
        ]
    return found


def test_any_change_of_a_request(known):
    """Whatever changes from one request to the next, the samples are the same as without a memory."""
    chance = random.Random(7)
    for _ in range(REQUESTS):
        body = next_request(chance)

        assert outcome(body, known) == outcome(body, KnownSeries())


def test_any_damage_of_a_request(known):
    """A damaged request gives the samples that it gives without a memory, or is refused as it is then."""
    chance = random.Random(11)
    for _ in range(REQUESTS):
        body = mutate(chance, ALL)

        assert outcome(body, known) == outcome(body, KnownSeries())


def test_what_is_read_in_one_run(known):
    """A request with other values and times is one run, also from the middle on; a new series parts it in two."""
    later = [series(number, (NOW_MS + number, 7.25)) for number in range(SERIES)]
    middle = take(b"".join(later[30:] + later[:30]), known.memory)
    parted = take(b"".join([*later[:30], series(1000), *later[30:]]), known.memory)

    assert [len(run.slots) for run in take(b"".join(later), known.memory).runs] == [SERIES]
    assert [len(run.slots) for run in middle.runs] == [50, 30]
    assert ([len(run.slots) for run in parted.runs], parted.rest) == ([30, 50], series(1000))


def test_values_that_become_zero(known):
    """Series whose values became zero, which is shorter, are found again once the request came so."""
    zeros = b"".join(series(number, (NOW_MS, 0.0 if number % 2 else 1.0)) for number in range(SERIES))

    assert take(zeros, known.memory).is_new
    decode_v1(zeros, NOW_NS, known)
    assert len(take(zeros, known.memory).runs) == 1


def test_series_in_a_run_are_told_again(known):
    """After ten minutes the series of a run are described once more; samples are the same."""
    later_ns = NOW_NS + RETELL_S * 10**9
    written = decode_v1(ALL, later_ns, known)

    assert len(written.fresh) == written.decoded.tables["metric_series"].num_rows == SERIES
    assert outcome(ALL, known) == outcome(ALL, KnownSeries())


def test_layouts_that_nothing_is_found_in(known):
    """A layout whose series all stand in others is forgotten."""
    size = known.memory.layouts.size_bytes
    for turn in range(20):
        body = b"".join(series(number, (NOW_MS, float((number + turn) % 2))) for number in range(SERIES))
        decode_v1(body, NOW_NS, known)

    assert known.memory.layouts.size_bytes < size * 1.1


def test_room_for_layouts():
    """Without room all layouts are forgotten, but no sooner than a minute after the last time."""
    layouts = Layouts(8, room_bytes=5000)

    def learn(slot, now_s):
        layouts.learn(Layout.of([b"a" * 3000 + VALUE_TAIL], np.array([True]), np.array([slot])), now_s)
        return [layouts.find(at) is not None for at in range(3)]

    assert learn(0, 1000.0) == [True, False, False]
    assert learn(1, 1001.0) == [False, True, False]
    assert learn(2, 1002.0) == [False, True, False]
    assert learn(2, 1061.0) == [False, False, True]
