"""
All of the application's half, begun by one call: ``initialize_monitoring_system(service="shop")``.

The names that monitoring is usually written with can be had from here as well; each has its own module.
"""

from sightline.sdk.collector import APIMetrics, MetricsCollector
from sightline.sdk.endpoints import PerformanceTracker
from sightline.sdk.health import HealthChecker
from sightline.sdk.monitoring import MonitoringSystem, initialize_monitoring_system
from sightline.sdk.performance import PerformanceMonitor

__all__ = [
    "APIMetrics",
    "HealthChecker",
    "MetricsCollector",
    "MonitoringSystem",
    "PerformanceMonitor",
    "PerformanceTracker",
    "initialize_monitoring_system",
]
