"""
Metrics that you record: ``counter("orders").inc()``, ``gauge("queue_depth").set(3)``, ``histogram("charge_seconds")``.

They are ``prometheus_client``'s own, in its one registry; what other libraries register there is recorded as well.
"""

from sightline.sdk.metrics import counter, gauge, histogram

__all__ = ["counter", "gauge", "histogram"]
