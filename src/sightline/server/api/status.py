"""``/api/v1/status``: what came in, what became of it, and who sends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from sightline.query.processes import Process, list_processes, stored_bytes
from sightline.server.answers import answer, ask, described, known_parameters

if TYPE_CHECKING:
    from sightline.server.services import Services

router = APIRouter(prefix="/api/v1/status", tags=["Server"], dependencies=[Depends(known_parameters())])


class Records(msgspec.Struct):
    """Numbers of records by signal, since the server started."""

    logs: int
    spans: int
    samples: int
    events: int


class Spool(msgspec.Struct):
    """Segments on disk; *behind_bytes* are written and not yet stored."""

    segments: int
    bytes: int
    behind_bytes: int


class StoreStatus(msgspec.Struct):
    """Where the store is, and how large its tables are."""

    path: str
    bytes: int


class Status(msgspec.Struct):
    """How the server does."""

    version: str
    uptime_seconds: float
    accepted: Records
    stored: Records
    quarantined: int
    lost: int
    spool: Spool
    store: StoreStatus
    processes: list[Process]


_RECORDS: Final = {"logs": 2520, "spans": 4200, "samples": 9600, "events": 3}

_STATUS: Final = {
    "version": "0.1.0",
    "uptime_seconds": 912.4,
    "accepted": _RECORDS,
    "stored": _RECORDS,
    "quarantined": 0,
    "lost": 0,
    "spool": {"segments": 2, "bytes": 8388608, "behind_bytes": 0},
    "store": {"path": "/home/me/.local/share/sightline/store", "bytes": 1048576},
    "processes": [
        {
            "instance": "5f0c9d7e1a2b3c4d",
            "pid": 4711,
            "service": "shop",
            "host": "laptop",
            "last_seen": "2026-11-20T19:00:00.123000000Z",
            "alive": True,
        }
    ],
}


@router.get("", summary="How the server does", responses=described(Status, _STATUS), response_class=Response)
async def status(request: Request) -> Response:
    """Tell what was accepted and stored since the start, how far the spool was read, and which processes send."""
    services: Services = request.app.state.sightline
    return answer(await ask(_status, services))


def _status(services: Services) -> Status:
    counters, backlog = services.counters, services.lines.backlog()
    return Status(
        version=services.version,
        uptime_seconds=services.uptime_seconds(),
        accepted=Records(**counters.accepted.as_dict()),
        stored=Records(**counters.stored.as_dict()),
        quarantined=counters.quarantined,
        lost=counters.lost,
        spool=Spool(backlog.segments, backlog.bytes, backlog.behind_bytes) if backlog else Spool(0, 0, 0),
        store=StoreStatus(services.store.place, stored_bytes(services.store)),
        processes=list_processes(services.store, time.time_ns(), _writing(services)),
    )


def _writing(services: Services) -> dict[str, Process]:
    """Give the processes that hold a segment now."""
    now = time.time_ns()
    return {
        header.instance: Process.of(header.instance, header.pid, header.resource, now)
        for header in services.lines.alive().values()
    }
