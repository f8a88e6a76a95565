"""Instruments of OpenTelemetry's metrics API, recorded with our metrics as they are."""

from __future__ import annotations

import pytest
from opentelemetry import metrics as otel
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from tests.support.program import run_python
from tests.support.spool import read_spool

import sightline
from sightline.base.errors import MetricConflict
from sightline.sdk import metrics
from sightline.sdk.exposition import expose
from sightline.sdk.families import MOST_SERIES
from sightline.testing import capture

meter = otel.get_meter("test")


@pytest.fixture(autouse=True)
def captured():
    """Record into memory."""
    with capture() as found:
        yield found


def told(captured, name):
    """Write all metrics down, and give the type and the values of one family by sample and labels."""
    captured.clear()
    metrics.record()
    found = [family for family in captured.metrics if family.name == name]
    values = {
        (sample.name, *(sample.attributes or {}).items()): sample.value
        for family in found for sample in family.samples
    }  # fmt: skip
    return found[0].type, values


def test_what_goes_up_is_a_counter(captured):
    """Attributes are labels, in any order; the unit is in the name."""
    made = meter.create_counter("test.sent", unit="By", description="Bytes sent")
    made.add(2, {"net.host": "a", "ok": True})
    made.add(3, {"ok": True, "net.host": "a"})

    assert told(captured, "test_sent_bytes") == (
        "counter", {("test_sent_bytes_total", ("net_host", "a"), ("ok", "true")): 5},
    )  # fmt: skip


def test_a_counter_does_not_go_down(captured, monkeypatch):
    """It is said, and the count stays."""
    made = meter.create_counter("test.once")
    made.add(1)
    with pytest.raises(ValueError, match="cannot go down by -1"):
        made.add(-1)
    monkeypatch.setenv("SIGHTLINE_RAISE", "0")
    made.add(-1)

    assert told(captured, "test_once") == ("counter", {("test_once_total",): 1})


def test_steps_and_values_are_gauges(captured):
    """An up-down counter adds up, a gauge is what was said last."""
    waiting, share = meter.create_up_down_counter("test.waiting"), meter.create_gauge("test.share", unit="1")
    waiting.add(5)
    waiting.add(-2)
    share.set(0.5)
    share.set(0.25)

    assert told(captured, "test_waiting") == ("gauge", {("test_waiting",): 3})
    assert told(captured, "test_share_ratio") == ("gauge", {("test_share_ratio",): 0.25})


def test_a_histogram_has_the_bounds_that_are_advised(captured):
    """As GenAI's conventions advise them for tokens; the values add up."""
    made = meter.create_histogram(
        "gen_ai.client.token.test", unit="{token}", explicit_bucket_boundaries_advisory=[1, 4]
    )
    for value in (1, 3, 9):
        made.record(value, {"gen_ai.token.type": "input"})

    name, label = "gen_ai_client_token_test", ("gen_ai_token_type", "input")
    assert told(captured, name) == ("histogram", {
        (f"{name}_bucket", label, ("le", "1.0")): 1, (f"{name}_bucket", label, ("le", "4.0")): 2,
        (f"{name}_bucket", label, ("le", "+Inf")): 3, (f"{name}_count", label): 3, (f"{name}_sum", label): 13,
    })  # fmt: skip


def test_seconds_have_buckets_for_seconds(captured):
    """Where none are advised, those of our own; OpenTelemetry's are made for milliseconds."""
    meter.create_histogram("test.took", unit="s").record(0.003)

    _, values = told(captured, "test_took_seconds")
    assert values["test_took_seconds_bucket", ("le", "0.005")] == 1


def test_what_is_observed_is_asked_for(captured):
    """Functions and generators are called when metrics are written down; one that fails is noted, others are asked."""
    depth = [3]

    def generator():
        while True:
            yield [otel.Observation(depth[0], {"queue": "b"})]

    def queue(_):
        return [otel.Observation(depth[0], {"queue": "a"})]

    meter.create_observable_gauge("test.depth", [queue, generator()])
    meter.create_observable_counter("test.read", [lambda _: [otel.Observation(depth[0])]])
    meter.create_observable_up_down_counter("test.open", [lambda _: [otel.Observation(-depth[0])]])
    told(captured, "test_depth")
    depth[0] = 4

    both = {("test_depth", ("queue", "a")): 4, ("test_depth", ("queue", "b")): 4}
    assert told(captured, "test_depth") == ("gauge", both)
    assert told(captured, "test_read") == ("counter", {("test_read_total",): 4})
    assert told(captured, "test_open") == ("gauge", {("test_open",): -4})


def test_metrics_page_has_them_with_exemplars():
    """OpenMetrics shows what was counted, and the trace in which it was."""
    made = meter.create_histogram("test.shown", unit="s")
    with sightline.span("work") as span:
        made.record(0.2)

    text = expose("application/openmetrics-text; version=1.0.0")[1].decode()
    [family] = [each for each in text_string_to_metric_families(text) if each.name == "test_shown_seconds"]
    [sample] = [sample for sample in family.samples if sample.exemplar]
    assert sample.labels == {"le": "0.25"}
    assert sample.exemplar.labels == {"trace_id": span.trace_id, "span_id": span.span_id}


def test_instruments_of_one_name_share_their_series(captured, monkeypatch):
    """Two libraries may ask for the same; another kind of metric under the name is a conflict, and harmless."""
    meter.create_counter("test.shared").add(1)
    otel.get_meter("other").create_counter("test.shared").add(1)
    with pytest.raises(MetricConflict, match="'test_shared' cannot be made as a gauge: it is a counter already"):
        meter.create_gauge("test.shared")
    monkeypatch.setenv("SIGHTLINE_RAISE", "0")
    meter.create_gauge("test.shared").set(7)

    assert told(captured, "test_shared") == ("counter", {("test_shared_total",): 2})


def test_series_are_bounded(captured):
    """Attributes without end fill one series more, under OpenTelemetry's label for it."""
    made = meter.create_counter("test.bounded")
    for number in range(MOST_SERIES + 3):
        made.add(1, {"user": number})

    _, values = told(captured, "test_bounded")
    assert values["test_bounded_total", ("otel_metric_overflow", "true")] == 3
    assert len(values) == MOST_SERIES + 1


def test_labels_have_no_secrets_and_any_value(captured):
    """They are redacted as everything is; lists become text."""
    meter.create_counter("test.odd").add(1, {"db.password": "hunter2", "url": "http://u:hunter2@h/", "hosts": ["a"]})

    _, values = told(captured, "test_odd")
    assert "hunter2" not in str(values)
    assert ("hosts", "['a']") in next(iter(values))


def test_a_library_that_comes_later_is_recorded(tmp_path):
    """Nothing is imported for it before the library does, and a forked child begins at zero."""
    source = """
import sys, os, sightline
sightline.configure()
assert "opentelemetry.metrics" not in sys.modules
from opentelemetry import metrics
made = metrics.get_meter("library").create_counter("library.calls")
made.add(1)
if os.fork() == 0:
    made.add(10)
    sightline.shutdown()
    os._exit(0)
os.wait()
"""
    run_python(source, tmp_path)

    assert sorted(value for _, _, value in read_spool(tmp_path).samples("library_calls_total")) == [1, 10]


def test_instruments_from_before_are_recorded(tmp_path):
    """A library that is imported before ``configure`` has proxies, which find us."""
    source = """
from opentelemetry import metrics
made = metrics.get_meter("library").create_counter("library.calls")
import sightline
sightline.configure()
made.add(1)
"""
    run_python(source, tmp_path)

    assert read_spool(tmp_path).total("library_calls_total") == 1
