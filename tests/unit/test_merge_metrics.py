"""Metrics of several processes, added up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sightline.model.metric import MetricRecord, Sample
from sightline.sdk.merge_metrics import compact, merge


def family(name, kind, *samples):
    """Make a family of samples, each a name, a value and labels."""
    return MetricRecord(1, "i", name, kind, samples=[Sample(title, value, labels) for title, value, labels in samples])


def values(records):
    """Give the samples by name and labels."""
    return {
        (sample.name, tuple((sample.attributes or {}).items())): sample.value
        for record in records
        for sample in record.samples
    }


def test_what_is_counted_is_added_by_its_labels():
    """Counters and histograms of the living and the dead make one sum for each series."""
    one = family("hits", "counter", ("hits_total", 2.0, {"a": "x"}))
    other = family("hits", "counter", ("hits_total", 3.0, {"a": "x"}), ("hits_total", 1.0, {"a": "y"}))
    histogram = family("took", "histogram", ("took_bucket", 1.0, {"le": "+Inf"}), ("took_sum", 0.5, None))

    found = values(merge([("1", [one, histogram]), ("2", [other, histogram])], [one]))

    assert found == {
        ("hits_total", (("a", "x"),)): 7.0,
        ("hits_total", (("a", "y"),)): 1.0,
        ("took_bucket", (("le", "+Inf"),)): 2.0,
        ("took_sum", ()): 1.0,
    }


def test_gauges_are_told_apart_by_process_unless_their_sum_means_something():
    """What goes on is added, the machine counts once, health is the worst, the rest has the process's id."""
    parts = [
        (pid, [
            family("http_active_connections", "gauge", ("http_active_connections", 2.0, None)),
            family("system_load1", "gauge", ("system_load1", load, None)),
            family("health_check_status", "gauge", ("health_check_status", health, {"check": "db"})),
            family("depth", "gauge", ("depth", load, None)),
        ])
        for pid, load, health in (("10", 0.5, 1.0), ("11", 0.7, 0.0))
    ]  # fmt: skip

    assert values(merge(parts, [])) == {
        ("http_active_connections", ()): 4.0,
        ("system_load1", ()): 0.5,
        ("health_check_status", (("check", "db"),)): 0.0,
        ("depth", (("pid", "10"),)): 0.5,
        ("depth", (("pid", "11"),)): 0.7,
    }


def test_quantiles_are_left_out():
    """Quantiles of processes make no quantile of all; count and sum do."""
    summary = family("took", "summary", ("took", 0.5, {"quantile": "0.5"}), ("took_count", 3.0, None))

    assert values(merge([("1", [summary]), ("2", [summary])], [])) == {("took_count", ()): 6.0}


def test_what_the_dead_measured_is_no_more():
    """Of the dead the counts are kept, and no gauge."""
    kept = compact([[family("hits", "counter", ("hits_total", 2.0, None)), family("x", "gauge", ("x", 1.0, None))]])

    assert values(kept) == {("hits_total", ()): 2.0}


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 1000), min_size=1), min_size=1, max_size=6))
def test_it_does_not_matter_who_is_dead(parts):
    """However many of the processes have died, and in however many steps, the sums are the same."""
    records = [
        [family("hits", "counter", *(("hits_total", float(value), {"a": key}) for key, value in part.items()))]
        for part in parts
    ]
    living = [(str(number), part) for number, part in enumerate(records)]

    expected = values(merge(living, []))
    half = len(records) // 2
    in_steps = compact([compact(records[:half]), *records[half:]])
    assert values(merge(living[:half], compact(records[half:]))) == expected
    assert values(merge([], in_steps)) == expected
