"""
What Sightline answers on the application's own port: ``/health``, ``/health/detailed``, ``/healthz``, ``/metrics``.

Where a setting says so, ``/dashboard`` and the monitoring API as well, which the server of the machine answers.

A path to status, headers and body; the integrations carry it over ASGI and WSGI, and only where the application has no
such route itself.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.base.errors import SettingInvalid
from sightline.model.health import HealthReport, HealthStatus
from sightline.sdk import guard
from sightline.sdk.recorder import recorder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sightline.sdk.health import HealthChecker

    Answer = tuple[int, list[tuple[str, str]], bytes]

_encode: Final = msgspec.json.Encoder(enc_hook=str, order=None).encode

DEFAULTS: Final[dict[str, str]] = {
    "health": "/health",
    "detailed": "/health/detailed",
    "healthz": "/healthz",
    "live": "/healthz/live",
    "ready": "/healthz/ready",
    "metrics": "/metrics",
}
"""The surfaces and their paths."""

PASSED_ON: Final = "passed on"
"""Names what the server of the machine answers."""

PASSED_PATHS: Final = (
    "/dashboard",
    "/api/dashboard/metrics",
    "/api/dashboard/alerts",
    "/api/dashboard/health",
    "/api/v1/monitoring/health",
    "/api/v1/monitoring/status",
    "/api/v1/monitoring/metrics/system",
    "/api/v1/monitoring/metrics/api",
    "/api/v1/monitoring/metrics/summary",
    "/api/v1/monitoring/alerts",
    "/api/v1/monitoring/dashboard/overview",
)
"""Paths that are passed on: no others, whatever else the server answers."""

BEACONS: Final = "/api/rum"
"""Where pages post what browsers recorded; passed on as well, with its body."""

LARGEST_BODY: Final = 256 * 1024
"""Bytes of a body that is passed on, as large as the server takes a beacon."""

LOOKED_AT: Final = ("accept", "host", "origin", "sec-fetch-site")
"""Headers of a request that are looked at."""

_ACKNOWLEDGE: Final = re.compile(r"/api/v1/monitoring/alerts/[\w.-]{1,64}/acknowledge", re.ASCII)
_NEEDS_CHECKS: Final = frozenset({"health", "detailed", "healthz", "ready"})
_METHODS: Final = frozenset({"GET", "HEAD"})
_BEGAN: Final = time.monotonic()


class Surfaces:
    """Knows at which path which surface is."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Have every surface at its own path again."""
        self._by_path = dict.fromkeys(PASSED_PATHS, PASSED_ON) | {path: name for name, path in DEFAULTS.items()}

    def move(self, **paths: str | None) -> None:
        """
        Put surfaces at other paths, or take them out: ``move(health="/status", metrics=None)``.

        Raises:
            SettingInvalid: if there is no such surface, or a path does not begin with a slash.
        """
        for name, path in paths.items():
            if name not in DEFAULTS:
                raise SettingInvalid(f"There is no surface {name!r}; expected one of {', '.join(DEFAULTS)}.")
            if path is not None and not path.startswith("/"):
                raise SettingInvalid(f"The path of the surface {name!r} is {path!r}; expected one that begins with /.")
        kept = {path: name for path, name in self._by_path.items() if name not in paths}
        self._by_path = kept | {path: name for name, path in paths.items() if path is not None}

    def at(self, method: str, path: str) -> str | None:
        """Name the surface that a request is for; None where it is for none."""
        name = self._by_path.get(path)
        if name is None and method == "POST" and (path == BEACONS or _ACKNOWLEDGE.fullmatch(path)):
            return PASSED_ON if _is_on("monitoring_surfaces") else None
        if name is None or method not in _METHODS:
            return None
        if name is PASSED_ON:
            return PASSED_ON if _is_on("monitoring_surfaces") else None
        setting = recorder.settings.get("surfaces")
        return name if setting is None or setting.value else None


def _is_on(setting: str) -> bool:
    found = recorder.settings.get(setting)
    return found is not None and bool(found.value)


surfaces: Final = Surfaces()
"""The surfaces of this process."""


def answer(
    name: str,
    headers: Mapping[str, str] | None = None,
    *,
    of: HealthChecker | None = None,
    method: str = "GET",
    path: str = "",
    query: str = "",
    body: bytes = b"",
) -> Answer:
    """
    Answer for a surface, waiting for its checks. From async code use ``answer_async``.

    Args:
        name: of the surface, as ``surfaces.at`` gives it.
        headers: of the request, their names in lower case; those of ``LOOKED_AT`` are looked at.
        of: the checker; the process's own where it is None.
        method: of the request; needed for what is passed on, as the next three.
        path: of the request.
        query: its query string.
        body: what was sent; of one above ``LARGEST_BODY``, a byte more than that is enough.

    Returns:
        Status, headers and body. Whatever fails inside is answered with 500, and never raised.
    """
    try:
        if name is PASSED_ON:
            from sightline.sdk.passing import pass_on

            return pass_on(method, path, query, headers or {}, body)
        return _answer(name, _checker(of).run() if name in _NEEDS_CHECKS else None, headers or {})
    except Exception as error:
        return _broken(error)


async def answer_async(
    name: str,
    headers: Mapping[str, str] | None = None,
    *,
    of: HealthChecker | None = None,
    method: str = "GET",
    path: str = "",
    query: str = "",
    body: bytes = b"",
) -> Answer:
    """Answer for a surface within an event loop, which is not held up; see ``answer``."""
    try:
        if name is PASSED_ON:
            from sightline.sdk.passing import pass_on_async

            return await pass_on_async(method, path, query, headers or {}, body)
        return _answer(name, await _checker(of).run_async() if name in _NEEDS_CHECKS else None, headers or {})
    except Exception as error:
        return _broken(error)


def _checker(of: HealthChecker | None) -> HealthChecker:
    if of is not None:
        return of
    # Imported by the first question, with asyncio, which a program of threads is spared until then.
    from sightline.sdk.health import checker

    return checker


def _broken(error: Exception) -> Answer:
    guard.failed("surfaces", error)
    return _json(500, {"status": "unhealthy", "error": "The answer could not be made; see the process's stderr."})


def _answer(name: str, report: HealthReport | None, headers: Mapping[str, str]) -> Answer:
    if name == "metrics":
        # Imported by the first scrape, as prometheus_client is.
        from sightline.sdk.exposition import expose

        kind, body = expose(headers.get("accept", ""))
        return 200, _headers(kind, body), body
    if report is None:
        return _json(200, {"status": "alive"})
    if name == "ready":
        return _ready(report)
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if name == "health":
        return _json(200, {
            "status": report.status,
            "timestamp": now,
            "version": recorder.resource.get("service.version", ""),
            "uptime": round(time.monotonic() - _BEGAN, 3),
        })  # fmt: skip
    if name == "detailed":
        return _json(200, _detailed(report, now))
    status = 200 if report.status is HealthStatus.HEALTHY else 503
    return _json(status, {"status": report.status, "timestamp": now, "checks": _checks(report)})


def _detailed(report: HealthReport, now: str) -> dict[str, Any]:
    return {
        "timestamp": now,
        "overall_status": report.status,
        "checks": _checks(report),
        "unhealthy_services": [
            name for name, result in report.checks.items() if result.status is HealthStatus.UNHEALTHY
        ],
        "check_duration_seconds": round(report.duration_s, 6),
    }


def _checks(report: HealthReport) -> dict[str, dict[str, Any]]:
    checks: dict[str, dict[str, Any]] = {}
    for name, result in report.checks.items():
        told: dict[str, Any] = {"status": result.status, "duration_ms": result.duration_ms}
        if result.error:
            told["error"] = result.error
        checks[name] = told | {key: value for key, value in result.details.items() if key not in told}
    return checks


def _ready(report: HealthReport) -> Answer:
    if report.status is not HealthStatus.UNHEALTHY:
        return _json(200, {"status": "ready"})
    bad = {
        name: result.error or result.status.value
        for name, result in report.checks.items()
        if result.status is HealthStatus.UNHEALTHY
    }
    return _json(503, {"status": "not_ready", "error": "; ".join(f"{name}: {why}" for name, why in bad.items())})


def _json(status: int, content: dict[str, Any]) -> Answer:
    body = _encode(content)
    return status, _headers("application/json", body), body


def _headers(kind: str, body: bytes) -> list[tuple[str, str]]:
    return [("content-type", kind), ("content-length", str(len(body))), ("cache-control", "no-store")]
