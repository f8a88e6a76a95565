"""``GET /health``: whether records are taken in and found, and why not."""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request

from sightline.base.errors import SightlineError
from sightline.server.live import rfc3339
from sightline.server.room import disks
from sightline.server.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sightline.server.ingest.lines import LinesIngest
    from sightline.server.services import Counters, Services
    from sightline.store.connect import Store

STORE_CHECK_S: Final = 2.0
"""Seconds that the store may take to answer ``SELECT 1``."""

CACHE_S: Final = 1.0
"""Seconds for which a check's answer is given again: a health check must not become a load."""

DISK_DEGRADED: Final = 0.95
"""Share of the disk in use above which there soon is no room for parts and merges."""

DISK_LEAST_BYTES: Final = 256 * 1024 * 1024
"""Free bytes below which merges have no room, however small the disk's share in use."""

_checking: Final = Threads("health", 2)

router = APIRouter()


@dataclass(slots=True)
class Health:
    """
    The server's checks. Each is a dict with ``status`` (``ok`` or ``degraded``) and what else is known.

    ``noticed`` is what was wrong with the home when the server started, ``left_out`` says by protocol why its port is
    not listened on.
    """

    store: Store
    lines: LinesIngest
    counters: Counters
    home: Path
    noticed: Sequence[str] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)  # guards the two below
    _checked_at: float = -CACHE_S
    _checks: dict[str, dict[str, Any]] = field(default_factory=dict)

    def checks(self) -> dict[str, dict[str, Any]]:
        """Run all checks, or give the answers of a moment ago."""
        with self._lock:
            if time.monotonic() - self._checked_at >= CACHE_S:
                self._checks = {
                    "store": self._store(),
                    "spool": self._spool(),
                    "disk": self._disk(),
                    "ports": self._ports(),
                }
                self._checked_at = time.monotonic()
            return self._checks

    def _store(self) -> dict[str, Any]:
        started = time.perf_counter()
        try:
            self.store.ping(STORE_CHECK_S)
        except SightlineError as error:
            return {"status": "degraded", "reason": str(error)}
        found: dict[str, Any] = {"status": "ok", "answer_ms": round((time.perf_counter() - started) * 1000, 3)}
        return {**found, "status": "degraded", "reason": " ".join(self.noticed)} if self.noticed else found

    def _spool(self) -> dict[str, Any]:
        backlog = self.lines.backlog()
        found: dict[str, Any] = {
            "status": "ok",
            "segments": backlog.segments if backlog else 0,
            "bytes": backlog.bytes if backlog else 0,
            "behind_bytes": backlog.behind_bytes if backlog else 0,
            "lost_records": self.counters.lost,
            "quarantined_lines": self.counters.quarantined,
        }
        if broken := self.lines.broken:
            found |= {"status": "degraded", "broken_segments": broken}
            found["reason"] = f"{len(broken)} segments cannot be read."
        if not self.lines.running:
            found |= {"status": "degraded", "reason": "The spool is not being read."}
        if trouble := self.lines.trouble:
            found |= {"status": "degraded", "reason": trouble}
        return found

    def _ports(self) -> dict[str, Any]:
        if not self.left_out:
            return {"status": "ok"}
        return {"status": "degraded", "reason": " ".join(self.left_out.values()), "left_out": sorted(self.left_out)}

    def _disk(self) -> dict[str, Any]:
        usages = {place: shutil.disk_usage(place) for place in disks(self.home, self.store.directory)}
        place, usage = min(usages.items(), key=lambda found: found[1].free)
        share = 1 - usage.free / usage.total
        found = {"status": "ok", "free_bytes": usage.free, "used_percent": round(share * 100, 1)}
        if share > DISK_DEGRADED or usage.free < DISK_LEAST_BYTES:
            free = f"{usage.free / 1024**2:,.0f} MiB are free"
            found |= {"status": "degraded", "reason": f"The disk of {place} is {share:.0%} full: {free}."}
        return found


_HEALTH: Final = {
    "status": "ok", "timestamp": "2026-11-20T19:00:00.000000000Z", "version": "1.0.0", "uptime_seconds": 42.0,
    "checks": {"store": {"status": "ok", "place": "/home/me/.local/share/sightline/store"}},
}  # fmt: skip


@router.get(
    "/health",
    summary="Whether records are taken in and found",
    responses={200: {"content": {"application/json": {"example": _HEALTH}}}},
)
async def health(request: Request) -> dict[str, Any]:
    """Answer ``ok``, or ``degraded`` with the reason at the check it belongs to."""
    services: Services = request.app.state.sightline
    checks = await _checking.run(services.health.checks)
    degraded = any(check["status"] != "ok" for check in checks.values())
    return {
        "status": "degraded" if degraded else "ok",
        "timestamp": rfc3339(time.time_ns()),
        "version": services.version,
        "uptime_seconds": services.uptime_seconds(),
        "checks": checks,
    }
