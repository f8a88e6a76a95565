"""By how much counters rose, from samples that come late, twice, anew and in any order."""

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa
import pytest
from tests.support.records import NS, now_ns

from sightline.query.metrics import RangeQuestion, metric_range
from sightline.query.timerange import TimeRange
from sightline.store.connect import Store

END_S = now_ns() // (86400 * NS) * 86400 + 1800
STEP_S = 60
RANGE = TimeRange((END_S - 3600) * NS, END_S * NS)
"""Midnight is in the middle of it: the day before has parts of its own."""


class Sample(NamedTuple):
    """What a series tells at a time."""

    series: str
    at_ms: int
    value: float


@pytest.fixture(scope="module")
def store(address, tmp_path_factory) -> Iterator[Store]:
    """Open an empty store."""
    store = Store.open(address(tmp_path_factory.mktemp("rises")), memory_bytes=512 * 1024 * 1024)
    yield store
    store.close()


def insert(store: Store, name: str, samples: Sequence[Sample], temporality: str = "cumulative") -> None:
    """Store samples in one part, or one for each day."""
    labels, times = pa.map_(pa.string(), pa.string()), pa.timestamp("ms", "UTC")
    rows = {
        "MetricName": pa.array([name] * len(samples)),
        "MetricType": pa.array(["counter"] * len(samples)),
        "Temporality": pa.array([temporality] * len(samples)),
        "Labels": pa.array([[("pod", one.series)] for one in samples], labels),
        "Timestamp": pa.array([one.at_ms for one in samples], times),
        "Value": pa.array([one.value for one in samples], pa.float64()),
    }
    store.insert_arrow("metric_points", pa.table(rows))


def seconds(values: Sequence[float], first_s: int = END_S - 600, apart_s: int = 10) -> list[Sample]:
    """Give samples of one series."""
    return [Sample("a", (first_s + apart_s * n) * 1000, value) for n, value in enumerate(values)]


def rises(store: Store, name: str, step_s: int = STEP_S, **more: object) -> list[list[float | None]]:
    """Ask by how much the counters of each line rose in each step."""
    found = metric_range(store, RangeQuestion(name, RANGE, step_s=step_s, aggregate="rate", **more))
    return [[None if value is None else value * step_s for _, value in line.points] for line in found.series]


def expected(parts: Sequence[Sequence[Sample]], step_s: int, *, delta: bool) -> list[float | None]:
    """Sum up one by one: of the same time the last counts, and one that is lower than before was started anew."""
    series: dict[str, dict[int, float]] = defaultdict(dict)
    for one in (one for part in parts for one in part if not math.isnan(one.value)):
        if END_S - 3600 - max(120, 2 * step_s) <= one.at_ms / 1000 < END_S:
            series[one.series][one.at_ms] = one.value
    steps: dict[int, float] = defaultdict(float)
    for values in series.values():
        was = None
        for at_ms, value in sorted(values.items()):
            rise = value if delta else 0.0 if was is None else value if value < was else value - was
            steps[at_ms // 1000 // step_s * step_s] += rise
            was = value
    first_s = (END_S - 3600) // step_s * step_s
    return [steps.get(at) for at in range(first_s, END_S, step_s)]


def test_a_sample_that_comes_again_replaces_the_earlier_one(store):
    """A sample of the same time, in another insert, counts instead of the one before."""
    insert(store, "again_total", seconds([0, 10, 20, 30]))
    insert(store, "again_total", seconds([0, 12]))

    assert rises(store, "again_total", 1800) == [[None, 30]]


def test_samples_that_come_late_are_put_in_order(store):
    """Samples between others that are stored already are no restart of the counter."""
    insert(store, "late_total", seconds([0, 20, 40], apart_s=20))
    insert(store, "late_total", seconds([10, 30], END_S - 590, apart_s=20))

    assert rises(store, "late_total", 1800) == [[None, 40]]


def test_restarts_within_a_step_are_counted(store):
    """A counter that is started anew in each minute rises by all that it shows, though it ends higher than it began."""
    insert(store, "crashing_total", seconds([100, 200, 100, 200, 150, 250]))

    assert rises(store, "crashing_total", 1800) == [[None, 100 + 100 + 100 + 150 + 100]]


def test_a_counter_that_stands_still_rose_by_nothing(store):
    """Where there is a sample, a counter that did not rise has a zero, and where there is none, nothing."""
    insert(store, "still_total", seconds([7] * 12))

    (line,) = rises(store, "still_total")
    assert line == [None] * 50 + [0, 0] + [None] * 8


def test_more_series_than_one_statement_names_are_summed_up(store):
    """Series are asked in turns, and their sums are those of all; each line is whole."""
    ends = (END_S - 90, END_S - 30)
    insert(store, "crowd_total", [Sample(f"p{n:04}", at * 1000, at % 60) for n in range(2_500) for at in ends])

    assert [one[-2:] for one in rises(store, "crowd_total")] == [[0.0, 0.0]]
    assert rises(store, "crowd_total", by=["pod"]) == [[None] * 58 + [0.0, 0.0]] * 200


@pytest.mark.parametrize("seed", range(6))
def test_rises_are_those_of_samples_one_by_one(store, seed):
    """With restarts, gaps, numbers that are none, late and repeated samples, in any parts, each step has its sum."""
    rng = random.Random(seed)
    temporality, every_ms = rng.choice(["cumulative", "", "delta"]), rng.choice([1_000, 15_000, 59_000, 400_000])
    samples = [one for series in "abc"[: rng.randint(1, 3)] for one in history(rng, series, every_ms)]
    if rng.random() < 0.5:
        samples.sort(key=lambda one: one.at_ms + 300_000 * (rng.random() < 0.1))
    cut = max(1, len(samples) // rng.choice([1, 3, 9]))
    parts = [samples[start : start + cut] for start in range(0, len(samples), cut)]
    parts.append(
        [one._replace(value=one.value + rng.choice([0, 5])) for one in rng.sample(samples, len(samples) // 50)]
    )
    for part in parts:
        insert(store, f"random_{seed}_total", part, temporality)

    for step_s in (STEP_S, 420, 3600):
        (line,) = rises(store, f"random_{seed}_total", step_s) or [[]]
        wanted = expected(parts, step_s, delta=temporality == "delta")
        wanted[-1] = wanted[-1] and wanted[-1] * step_s / min(step_s, END_S - END_S // step_s * step_s or step_s)
        assert line == [value if value is None else pytest.approx(value) for value in wanted]


def history(rng: random.Random, series: str, every_ms: int) -> Iterator[Sample]:
    """Give what one counter shows over the hour and before, no two at the same time."""
    at_ms, value = (END_S - 4000) * 1000, 0.0
    while (at_ms := at_ms + rng.choice([every_ms, every_ms, every_ms + 7, 5 * every_ms])) < END_S * 1000:
        value = rng.choice([0.0, 1.0, value / 2]) if rng.random() < 0.05 else value + rng.choice([0, 1, 0.25, 30])
        yield Sample(series, at_ms, value if rng.random() < 0.97 else math.nan)
