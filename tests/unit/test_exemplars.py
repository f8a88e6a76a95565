"""Exemplars: from a bucket on ``/metrics`` to a trace."""

from __future__ import annotations

import math

import prometheus_client
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

import sightline
from sightline.model.metric import Exemplar, MetricRecord, Sample
from sightline.sdk import metrics
from sightline.sdk.exposition import expose
from sightline.sdk.merge_metrics import merge
from sightline.testing import capture

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def exemplars(name):
    """Read the exemplars of a family as a client of OpenMetrics does: by the bucket's bound, or by the sample."""
    families = text_string_to_metric_families(expose(OPENMETRICS)[1].decode())
    return {
        sample.labels.get("le", sample.name): (sample.exemplar.labels, sample.exemplar.value)
        for family in families if family.name == name for sample in family.samples if sample.exemplar
    }  # fmt: skip


def test_counters_and_buckets_name_the_current_span():
    """OpenMetrics has the trace and span of the last observation of each bucket, under OpenTelemetry's names."""
    orders = sightline.counter("test_exemplar_orders", labels=["shop"])
    waits = sightline.histogram("test_exemplar_waits", buckets=[1, 2])
    with capture(), sightline.span("checkout") as span:
        orders.labels("a").inc(3)
        waits.observe(1)
        waits.observe(7)

    ids = {"trace_id": span.trace_id, "span_id": span.span_id}
    assert exemplars("test_exemplar_orders") == {"test_exemplar_orders_total": (ids, 3)}
    assert exemplars("test_exemplar_waits") == {"1.0": (ids, 1), "+Inf": (ids, 7)}


def test_what_is_not_recorded_is_no_exemplar():
    """Outside of spans, and in those that are sampled out, there is no trace that could be looked at."""
    orders = sightline.counter("test_exemplar_none")
    orders.inc()
    with capture(sampler="always_off"), sightline.span("checkout"):
        orders.inc()

    assert exemplars("test_exemplar_none") == {}


def test_an_exemplar_of_the_hosts_own_stays():
    """What is given by hand is exposed as it is given, also of a metric that the host made."""
    with capture(), sightline.span("checkout"):
        sightline.counter("test_exemplar_given").inc(1, {"order": "7"})
        prometheus_client.Counter("test_exemplar_host", "The host's").inc(2, {"order": "8"})

    assert exemplars("test_exemplar_given") == {"test_exemplar_given_total": ({"order": "7"}, 1)}
    assert exemplars("test_exemplar_host") == {"test_exemplar_host_total": ({"order": "8"}, 2)}


def test_lines_have_no_exemplars():
    """They are for who reads ``/metrics``; what is recorded every 15 seconds stays small."""
    orders = sightline.counter("test_exemplar_line")
    with capture() as captured:
        with sightline.span("checkout"):
            orders.inc()
        metrics.record()

    assert not any(b'"exemplar"' in line for line in captured.lines)


def test_series_are_those_of_prometheus_client():
    """Values that are no text, values by name, wrong values and what is no number: as in the original."""
    made = sightline.histogram("test_exemplar_same", labels=["a", "b"], buckets=[1])
    made.labels(1, "x").observe(0.5)
    made.labels(b="x", a="1").observe(math.nan)
    assert made.labels("1", "x") is made.labels(1, "x")
    with pytest.raises(ValueError, match="label count"):
        made.labels("1")
    with pytest.raises(ValueError, match="missing label values"):
        made.observe(1)
    with pytest.raises(ValueError, match="non-negative"):
        sightline.counter("test_exemplar_down").inc(-1)

    value = prometheus_client.REGISTRY.get_sample_value
    assert value("test_exemplar_same_bucket", {"a": "1", "b": "x", "le": "+Inf"}) == 1
    prometheus_client.REGISTRY.unregister(made)


def test_workers_keep_exemplars():
    """One ``/metrics`` for all workers has an exemplar of whichever has one."""
    seen = Exemplar("ab" * 16, "cd" * 8, 2.0)

    def told(exemplar):
        return [MetricRecord(1, "i", "orders", "counter", samples=[Sample("orders_total", 2, None, exemplar)])]

    [family] = merge([("1", told(seen)), ("2", told(None))], told(None))

    assert family.samples == [Sample("orders_total", 6.0, None, seen)]
