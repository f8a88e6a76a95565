"""All of the application's half, begun by one call: ``initialize_monitoring_system(service="shop")``."""

from sightline.sdk.monitoring import MonitoringSystem, initialize_monitoring_system

__all__ = ["MonitoringSystem", "initialize_monitoring_system"]
