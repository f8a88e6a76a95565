"""
Metrics that you record: ``counter("orders").inc()``, ``gauge("queue_depth").set(3)``, histogram, summary and info.

They are ``prometheus_client``'s own, in its one registry; what other libraries register there is recorded as well.
``MetricsCollector`` keeps what machine and API did in the last day at hand in the process.
"""

from sightline.sdk.collector import APIMetrics, MetricsCollector, SystemMetrics
from sightline.sdk.metrics import counter, gauge, histogram, info, summary
from sightline.sdk.metrics_server import start_http_server

__all__ = [
    "APIMetrics",
    "MetricsCollector",
    "SystemMetrics",
    "counter",
    "gauge",
    "histogram",
    "info",
    "start_http_server",
    "summary",
]
