"""Metrics that users record, and the snapshots of the registry."""

from __future__ import annotations

import math

import prometheus_client
import pytest
from tests.support.program import run_python
from tests.support.spool import read_spool

import sightline
from sightline.base.errors import MetricConflict
from sightline.base.limits import MAX_LINE_BYTES
from sightline.sdk import metrics
from sightline.testing import capture


@pytest.fixture
def registry():
    """Make a registry of its own."""
    return prometheus_client.CollectorRegistry()


def snapshot(registry):
    """Write a registry down: values by sample name and labels."""
    return {
        (sample.name, tuple((sample.attributes or {}).items())): sample.value
        for family in metrics.snapshot(registry)
        for sample in family.samples
    }


def test_the_same_metric_is_given_for_the_same_name():
    """Modules may each ask for a metric that they share."""
    first = sightline.counter("test_same", "What is counted", ["shop"])

    assert sightline.counter("test_same", labels=["shop"]) is first
    assert sightline.counter("test_same_total", labels=["shop"]) is first


def test_a_metric_of_the_host_is_found():
    """One that was made with ``prometheus_client`` is the one that is given."""
    own = prometheus_client.Gauge("test_own", "The host's")

    assert sightline.gauge("test_own") is own


@pytest.mark.parametrize("labels", [(), ("a", "b")])
def test_another_metric_under_the_name_is_a_conflict(labels, monkeypatch):
    """It is said clearly, and the host's code goes on with a metric that nobody sees."""
    sightline.counter("test_conflict", labels=["a"])
    with pytest.raises(MetricConflict, match=r"'test_conflict' is a Counter with the labels \['a'\] already; .* Gauge"):
        sightline.gauge("test_conflict", labels=labels)

    monkeypatch.setenv("SIGHTLINE_RAISE", "0")
    other = sightline.gauge("test_conflict", labels=labels)
    (other.labels(*labels) if labels else other).set(3)
    assert prometheus_client.REGISTRY.get_sample_value("test_conflict", dict.fromkeys(labels, "a")) is None


def test_a_name_that_is_not_allowed_does_not_raise_in_production(monkeypatch):
    """The metric works, and is recorded nowhere."""
    monkeypatch.setenv("SIGHTLINE_RAISE", "0")
    sightline.counter("").inc()


def test_every_kind_is_written_down(registry):
    """Counter, gauge, histogram, summary, info and state set have their samples; times of creation are left out."""
    prometheus_client.Counter("c", "A counter", ["shop"], registry=registry).labels("a").inc(2)
    prometheus_client.Gauge("g", "A gauge", registry=registry).set(-1.5)
    prometheus_client.Histogram("h", "A histogram", buckets=[1, 2], registry=registry).observe(1.5)
    prometheus_client.Summary("s", "A summary", registry=registry).observe(3)
    prometheus_client.Info("i", "An info", registry=registry).info({"version": "1"})
    prometheus_client.Enum("e", "A state", states=["on", "off"], registry=registry).state("off")

    assert {family.name: family.type for family in metrics.snapshot(registry)} == {
        "c": "counter", "g": "gauge", "h": "histogram", "s": "summary", "i": "info", "e": "stateset",
    }  # fmt: skip
    assert snapshot(registry) == {
        ("c_total", (("shop", "a"),)): 2, ("g", ()): -1.5, ("h_bucket", (("le", "1.0"),)): 0,
        ("h_bucket", (("le", "2.0"),)): 1, ("h_bucket", (("le", "+Inf"),)): 1, ("h_count", ()): 1, ("h_sum", ()): 1.5,
        ("s_count", ()): 1, ("s_sum", ()): 3, ("i_info", (("version", "1"),)): 1,
        ("e", (("e", "on"),)): 0, ("e", (("e", "off"),)): 1,
    }  # fmt: skip


@pytest.mark.parametrize(("value", "text"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")])
def test_numbers_that_json_does_not_have_are_texts(registry, value, text):
    """They are said as the format of lines asks."""
    prometheus_client.Gauge("g", "A gauge", registry=registry).set(value)

    assert snapshot(registry) == {("g", ()): text}


def test_a_large_family_takes_several_lines():
    """No line is longer than the smallest segment takes, and no sample is missing."""
    many = prometheus_client.Gauge("test_many", "Many series", ["name"])
    for number in range(2000):
        many.labels(f"{number:0100d}").set(number)
    with capture() as captured:
        metrics.record()
        prometheus_client.REGISTRY.unregister(many)

    found = [family for family in captured.metrics if family.name == "test_many"]
    assert sum(len(family.samples) for family in found) == 2000
    assert len(found) > 1
    assert max(map(len, captured.lines)) < 32 * 1024 < MAX_LINE_BYTES


def test_summaries_and_infos_are_found_and_recorded_as_the_other_kinds():
    """They are made once, a host's own is the one that is given, and each has its lines."""
    own = prometheus_client.Summary("test_own_bytes", "The host's")
    metrics.info("test_build").info({"version": "1"})
    metrics.summary("test_own_bytes").observe(3)
    with capture() as captured:
        metrics.record()

    told = {
        sample.name: (family.type, sample.value)
        for family in captured.metrics
        for sample in family.samples
        if family.name in {"test_own_bytes", "test_build"}
    }
    assert metrics.summary("test_own_bytes") is own
    assert told == {
        "test_own_bytes_count": ("summary", 1), "test_own_bytes_sum": ("summary", 3), "test_build_info": ("info", 1)
    }  # fmt: skip


class Broken:
    """A collector of the host that fails."""

    def describe(self):
        """Say nothing at the registration."""
        return []

    def collect(self):
        """Fail."""
        raise RuntimeError("no connection")


def test_a_collector_that_fails_takes_no_other_with_it(registry, monkeypatch):
    """The others are recorded, and the failure is noted."""
    monkeypatch.setenv("SIGHTLINE_RAISE", "0")
    registry.register(Broken())
    prometheus_client.Gauge("g", "A gauge", registry=registry).set(1)

    assert snapshot(registry) == {("g", ()): 1}


def test_prometheus_client_is_not_imported_before_it_is_needed(tmp_path):
    """A program without metrics is spared its memory; with the first metric it is there, and recorded at the end."""
    run_python(
        "import sys, sightline; sightline.configure(); assert 'prometheus_client' not in sys.modules;"
        "sightline.counter('jobs').inc(3)",
        tmp_path,
    )

    assert read_spool(tmp_path).total("jobs_total") == 3
