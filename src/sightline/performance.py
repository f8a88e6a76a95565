"""
Performance: numbers and times with statistics at hand in the process.

``record_metric("queue_depth", 3)``, ``get_statistics("queue_depth")``; docs/howto/performance.md shows all of it.
"""

from sightline.sdk.endpoints import PerformanceTracker
from sightline.sdk.manual_traces import add_span, end_trace, start_trace
from sightline.sdk.performance import (
    DatabaseMonitor,
    PerformanceMonitor,
    TimingContext,
    get_all_statistics,
    get_statistics,
    record_metric,
    time_operation,
    track_execution_time,
)
from sightline.sdk.rings import Statistics

__all__ = [
    "DatabaseMonitor",
    "PerformanceMonitor",
    "PerformanceTracker",
    "Statistics",
    "TimingContext",
    "add_span",
    "end_trace",
    "get_all_statistics",
    "get_statistics",
    "record_metric",
    "start_trace",
    "time_operation",
    "track_execution_time",
]
