"""``/api/v1/export``: records as Parquet, day by day."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from sightline.query.export import ExportPlan, Kind, everything, parquet, plan
from sightline.server.answers import Range, answer, ask, described, known_parameters
from sightline.server.pouring import poured

router = APIRouter(prefix="/api/v1/export", tags=["Store"], dependencies=[Depends(known_parameters())])

MEDIA_TYPE: Final = "application/vnd.apache.parquet"

KindOf = Annotated[Kind, Query(description="What is exported.", examples=["logs"])]
Search = Annotated[
    str, Query(description="A search, for logs, traces and events only.", examples=["level:error service:shop"])
]

_PLAN: Final = {
    "kind": "logs",
    "days": [
        {"day": "2026-11-20", "start": "2026-11-20T00:00:00.000000000Z", "end": "2026-11-21T00:00:00.000000000Z",
         "rows": 120000}
    ],
    "rows": 120000,
}  # fmt: skip


@router.get(
    "/days", summary="What an export would have", responses=described(ExportPlan, _PLAN), response_class=Response
)
async def days(request: Request, kind: KindOf, range_: Range, query: Search = "") -> Response:
    """Count the records of each day."""
    return answer(await ask(plan, request.app.state.sightline.store, kind, query, range_))


def _described() -> dict[int | str, dict[str, Any]]:
    found = described(ExportPlan, _PLAN)
    return found | {
        200: {
            "description": "A Parquet file.",
            "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        }
    }


@router.get("", summary="Export records as Parquet", responses=_described(), response_class=Response)
async def export(request: Request, kind: KindOf, range_: Range, query: Search = "") -> Response:
    """Give a Parquet file as it is written. An answer that breaks off has no footer, so nobody takes it for whole."""
    told = everything()
    begin = partial(parquet, request.app.state.sightline.store, kind, query, range_, told)
    return await poured(begin, told, MEDIA_TYPE, {})
