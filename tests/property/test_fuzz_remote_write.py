"""Whatever comes as remote write is decoded or refused, and nothing else happens."""

from tests.support.fuzz import MUTATIONS, fuzz
from tests.support.remote_write import compress, family_1, field, request_2, series_1

from sightline.wire import snappy
from sightline.wire.prometheus import KnownSeries, decode_v1, decode_v2
from sightline.wire.prometheus.messages import Histogram

NOW_MS = 1_763_640_000_123
NOW_NS = NOW_MS * 10**6
UP = {"__name__": "up", "job": "shop", "zone": "a"}
NATIVE = Histogram(
    count_int=2, schema=1, timestamp=NOW_MS, positive_deltas=[1, 0], positive_spans=[{"offset": 1, "length": 2}]
).SerializeToString()
CUSTOM = Histogram(
    count_int=3, sum=2.5, schema=-53, timestamp=NOW_MS, custom_values=[0.5, 1.0],
    positive_deltas=[1, 0, 0], positive_spans=[{"length": 3}],
).SerializeToString()  # fmt: skip
PLAIN = series_1(UP, (NOW_MS, 1.5)) + series_1({**UP, "zone": "b"}, (NOW_MS, 0.0))
VERSION_1 = (
    PLAIN,
    PLAIN + family_1("up", 2, "Is it?", "s") + series_1(UP, (1, 1), (2, 2), more=field(4, NATIVE) + field(4, CUSTOM)),
)
VERSION_2 = (request_2((UP, [(NOW_MS, 1.5)]), ({**UP, "zone": "b"}, [(NOW_MS, 0.0)]), kind=2, help_text="Is it?"),)


def test_mutations_of_version_1():
    """Each mutation gives rows or one of our errors, with series known and not."""
    known = KnownSeries()
    known.remember(decode_v1(PLAIN, NOW_NS, known).fresh, NOW_MS / 1000)

    assert fuzz(lambda body: decode_v1(body, NOW_NS, known), VERSION_1, count=MUTATIONS // 2) > MUTATIONS // 200


def test_mutations_of_version_2():
    """Each mutation gives rows or one of our errors; some still give rows."""
    known = KnownSeries()

    assert fuzz(lambda body: decode_v2(body, NOW_NS, known), VERSION_2, count=MUTATIONS // 5) > MUTATIONS // 500


def test_mutations_of_snappy():
    """Each mutation of what is compressed gives bytes or one of our errors."""
    fuzz(snappy.decompress, (compress(PLAIN * 3),), count=MUTATIONS // 2)
