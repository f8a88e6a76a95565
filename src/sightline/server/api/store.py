"""``/api/v1/store``: what the store holds, backups of it, and the deletion of what somebody may ask to be deleted."""

from __future__ import annotations

import shutil
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from sightline.base.errors import QueryInvalid
from sightline.server.answers import answer, ask, described, known_parameters
from sightline.store.erase import erase, find
from sightline.store.stats import StoreStats, measure

router = APIRouter(prefix="/api/v1/store", tags=["Store"], dependencies=[Depends(known_parameters())])


class Backup(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A backup: ``none``, ``running``, ``done`` or ``failed``, where it is, and how far."""

    state: str
    path: str = ""
    done_bytes: int = 0
    all_bytes: int = 0
    rows: dict[str, int] = {}
    reason: str = ""


class Deleted(msgspec.Struct):
    """Records by table, that were deleted or, with ``dry_run``, would be."""

    rows: dict[str, int]
    dry_run: bool


_STATS: Final = {
    "place": "/home/me/.local/share/sightline/store",
    "tables": [
        {"table": "otel_logs", "rows": 1000000, "disk_bytes": 30000000, "raw_bytes": 300000000, "ratio": 10.0,
         "bytes_a_row": 30.0, "grown_a_day_bytes": 3000000}
    ],
    "disk_bytes": 30000000, "free_bytes": 90000000000, "grown_a_day_bytes": 3000000, "days_to_full": 30000.0,
}  # fmt: skip
_BACKUP: Final = {"state": "running", "path": "/home/me/.local/share/sightline/backups/20261121T120000Z"}


@router.get("/stats", summary="What the store holds", responses=described(StoreStats, _STATS), response_class=Response)
async def stats(request: Request) -> Response:
    """Answer rows, bytes and growth of each table, and when the disk will be full."""
    services = request.app.state.sightline
    directory = services.store.directory
    free = shutil.disk_usage(directory).free if directory else None
    return answer(await ask(measure, services.store, free))


@router.post("/backups", summary="Begin a backup", responses=described(Backup, _BACKUP), response_class=Response)
async def begin(request: Request) -> Response:
    """Begin a backup of this moment, below the home's ``backups``; one at a time."""
    services = request.app.state.sightline
    return answer(msgspec.convert(services.copies.begin(services), Backup))


@router.get("/backups", summary="The last backup", responses=described(Backup, _BACKUP), response_class=Response)
async def last(request: Request) -> Response:
    """Answer how far the backup is that runs, or was the last since the start."""
    return answer(msgspec.convert(request.app.state.sightline.copies.told(), Backup))


@router.delete(
    "/records",
    summary="Delete the records of a user or of a trace",
    responses=described(Deleted, {"rows": {"otel_logs": 12}, "dry_run": True}),
    response_class=Response,
)
async def delete(
    request: Request,
    user: Annotated[str, Query(description="Whose records.", max_length=1024)] = "",
    trace: Annotated[str, Query(description="A trace's id.", max_length=1024)] = "",
    dry_run: Annotated[bool, Query(description="Only count.")] = True,  # noqa: FBT002 - of the query string
) -> Response:
    """Delete from every table; answers when none has them any more. Without ``dry_run=false`` it only counts."""
    if bool(user) == bool(trace):
        raise QueryInvalid("Name a user or a trace, one of the two.")
    work: Any = find if dry_run else erase
    return answer(Deleted(await ask(work, request.app.state.sightline.store, user=user, trace=trace), dry_run))
