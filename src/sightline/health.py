"""
Health: what the application needs, checked, and answered at ``/health`` and its kin.

``add_check("database", database(engine))`` is all; docs/howto/health.md shows every check and endpoint.
"""

from sightline.model.health import CheckResult, HealthReport, HealthStatus
from sightline.sdk.health import HealthChecker, checker
from sightline.sdk.health_checks import cpu, database, disk, http_service, load, memory, redis, vector_store
from sightline.sdk.surfaces import answer, surfaces

add_check = checker.add

__all__ = [
    "CheckResult",
    "HealthChecker",
    "HealthReport",
    "HealthStatus",
    "add_check",
    "answer",
    "checker",
    "cpu",
    "database",
    "disk",
    "http_service",
    "load",
    "memory",
    "redis",
    "surfaces",
    "vector_store",
]
