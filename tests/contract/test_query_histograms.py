"""Percentiles of exponential histograms, as OpenTelemetry and Prometheus send them."""

import json
import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.records import NS, now_ns

from sightline.query.histograms import exponential_quantile
from sightline.query.metrics import RangeQuestion, metric_range
from sightline.query.timerange import TimeRange
from sightline.store.connect import Store

END_S = now_ns() // (60 * NS) * 60
RANGE = TimeRange((END_S - 120) * NS, END_S * NS)
LABELS, TIME, COUNTS = pa.map_(pa.string(), pa.string()), pa.timestamp("ms", "UTC"), pa.list_(pa.uint64())


def side(values: Sequence[float], scale: int) -> tuple[int, list[int]]:
    """Count sizes by the number of their bucket."""
    found = Counter(math.ceil(math.log2(value) * 2**scale) - 1 for value in values)
    first, last = (min(found), max(found)) if found else (0, -1)
    return first, [found[number] for number in range(first, last + 1)]


def point(values: Sequence[float], at_s: int, scale: int, temporality: str = "cumulative", **labels: str) -> pa.Table:
    """Make what a histogram of these values tells at a time."""
    positive, negative = side([v for v in values if v > 0], scale), side([-v for v in values if v < 0], scale)
    row = {
        "MetricName": labels.pop("name", "sizes"), "MetricFamily": "sizes", "Labels": list(labels.items()),
        "Temporality": temporality, "Timestamp": at_s * 1000, "Count": len(values), "Sum": float(sum(values)),
        "Scale": scale, "ZeroCount": sum(v == 0 for v in values), "PositiveOffset": positive[0],
        "PositiveBuckets": positive[1], "NegativeOffset": negative[0], "NegativeBuckets": negative[1],
    }  # fmt: skip
    kinds = {
        "Labels": LABELS, "Timestamp": TIME, "Count": pa.uint64(), "ZeroCount": pa.uint64(), "Scale": pa.int32(),
        "PositiveOffset": pa.int32(), "NegativeOffset": pa.int32(), "PositiveBuckets": COUNTS,
        "NegativeBuckets": COUNTS,
    }  # fmt: skip
    return pa.table({name: pa.array([value], kinds.get(name)) for name, value in row.items()})


@pytest.fixture(scope="module")
def store(address, tmp_path_factory) -> Iterator[Store]:
    """Open an empty store."""
    store = Store.open(address(tmp_path_factory.mktemp("histograms")), memory_bytes=512 * 1024 * 1024)
    yield store
    store.close()


def ask(store: Store, name: str, aggregate: str = "p50", **more: object) -> list[list[float | None]]:
    """Give the values of each series, minute by minute."""
    found = metric_range(store, RangeQuestion(name, RANGE, step_s=60, aggregate=aggregate, **more))
    return [[value for _, value in one.points] for one in found.series]


def test_percentiles_merge_series_of_different_scales(store):
    """Two processes, one with finer buckets: the percentile of both is right to the width of the coarser ones."""
    chance = random.Random(5)
    values = [chance.lognormvariate(0, 1) for _ in range(2000)]
    for shard, scale in (("a", 5), ("b", 3)):
        mine = values[shard == "b" :: 2]
        store.insert_arrow("histogram_points", point([1.0], END_S - 150, scale, shard=shard))
        store.insert_arrow("histogram_points", point([1.0, *mine], END_S - 90, scale, shard=shard))

    ordered = sorted(values)
    for aggregate, rank in (("p50", 1000), ("p95", 1900), ("p99", 1980)):
        [[first, second]] = ask(store, "sizes", aggregate)
        assert first == pytest.approx(ordered[rank], rel=2 ** (2**-3) - 1)
        assert second is None
    assert len(ask(store, "sizes", by=["shard"])) == 2


def test_a_histogram_that_starts_anew_counts_from_nothing(store):
    """What was counted before a restart is not taken from what came after it."""
    for seconds, values in ((170, [4.0] * 10), (90, [4.0] * 10 + [0.0] * 3), (30, [-8.0] * 5)):
        store.insert_arrow("histogram_points", point(values, END_S - seconds, 20, name="restarted"))

    [[first, second]] = ask(store, "restarted")

    assert (first, second) == (0.0, pytest.approx(-8.0, rel=1e-6))


def test_deltas_are_counted_as_they_come(store):
    """Each point of a delta histogram has what was counted since the one before."""
    for seconds, values in ((90, [2.0] * 9), (80, [2.0] * 2), (30, [1024.0])):
        store.insert_arrow("histogram_points", point(values, END_S - seconds, 4, "delta", name="deltas"))

    [[first, second]] = ask(store, "deltas", "p99")

    assert (first, second) == (pytest.approx(2.0, rel=0.05), pytest.approx(1024, rel=0.05))


@given(
    values=st.lists(st.floats(-1e6, 1e6).filter(lambda v: v == 0 or abs(v) > 1e-6), min_size=1, max_size=50),
    share=st.sampled_from([0.5, 0.95, 0.99]),
)
def test_a_quantile_lies_in_the_bucket_of_its_rank(values, share):
    """Whatever the signs and sizes, the estimate is as near to the true value as buckets are wide."""
    above = 1 << 40
    numbers = Counter(
        0 if v == 0 else math.copysign(1, v) * (above + math.ceil(math.log2(abs(v)) * 16) - 1) for v in values
    )
    truth = sorted(values)[math.ceil(share * len(values)) - 1]

    found = exponential_quantile(share, 4, {str(int(n)): count for n, count in numbers.items()})

    assert found == pytest.approx(truth, rel=2 ** (1 / 16) - 1 + 1e-9)


@pytest.mark.parametrize("scale", [-2000, -10, 0, 20, 2000])
def test_absurd_scales_give_a_number_or_none(store, scale):
    """What a client sends as a scale is no reason to fail."""
    found = exponential_quantile(0.5, scale, {str((1 << 40) + 1_000_000): 3, str(-(1 << 40) - 7): 1, "0": 1})

    assert json.dumps(found)
