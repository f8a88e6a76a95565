"""Names of metrics and labels, as Prometheus's own OTLP receiver writes them."""

from __future__ import annotations

import pytest

from sightline.wire.metric_names import label_name, metric_name


@pytest.mark.parametrize(
    ("name", "unit", "kind", "expected"),
    [
        ("http.server.request.duration", "s", {}, "http_server_request_duration_seconds"),
        ("http.server.duration.seconds", "s", {}, "http_server_duration_seconds"),
        ("http_requests_total", "", {"monotonic": True}, "http_requests_total"),
        ("system.cpu.utilization", "1", {"gauge": True}, "system_cpu_utilization_ratio"),
        ("system.disk.io", "By", {"monotonic": True}, "system_disk_io_bytes_total"),
        ("disk.speed", "By/s", {"gauge": True}, "disk_speed_bytes_per_second"),
        ("jobs", "{job}", {}, "jobs"),
        ("jobs.rate", "{job}/s", {}, "jobs_rate_per_second"),
        ("5xx", "", {}, "_5xx"),
        ("größe", "", {}, "gr_e"),
    ],
)
def test_metric_names(name, unit, kind, expected):
    """Foreign characters become underscores, the unit is spelt out, counters end in total."""
    assert metric_name(name, unit, **kind) == expected


@pytest.mark.parametrize(("name", "expected"), [("http.route", "http_route"), ("1st", "key_1st"), ("ok_1", "ok_1")])
def test_label_names(name, expected):
    """A label has letters, digits and underscores, and no digit in front."""
    assert label_name(name) == expected
