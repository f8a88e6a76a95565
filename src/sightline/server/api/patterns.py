"""``/api/v1/logs/patterns``: the messages behind the lines."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from sightline.query.analyses.patterns import MAX_BUCKETS, MAX_PATTERNS, LogPatterns, Trend, find_patterns
from sightline.server.answers import Range, answer, ask, described, known_parameters

router = APIRouter(prefix="/api/v1/logs/patterns", tags=["Logs"], dependencies=[Depends(known_parameters())])

_PATTERNS: Final = {
    "patterns": [
        {
            "template": "Order <*> was not paid: card <*>",
            "search": '"Order" "card" "paid" ~"^\\\\s*Order\\\\s+\\\\S+\\\\s+was\\\\s+not\\\\s+paid"',
            "count": 40,
            "share": 0.02,
            "before": 2,
            "trend": "rising",
            "first_seen": "2026-11-20T18:47:12.000000000Z",
            "last_seen": "2026-11-20T18:59:58.123456789Z",
            "counts": [3, 37],
            "levels": {"ERROR": 40},
            "services": {"shop": 40},
            "examples": ["Order 7 was not paid: card declined"],
        }
    ],
    "found": 61,
    "lines": 2000,
    "ungrouped": 0,
    "one_in": 1,
    "step_seconds": 600,
    "times": ["2026-11-20T18:40:00.000000000Z", "2026-11-20T18:50:00.000000000Z"],
    "elapsed_ms": 31.0,
}


@router.get("", summary="Patterns of logs", responses=described(LogPatterns, _PATTERNS), response_class=Response)
async def patterns(
    request: Request,
    range_: Range,
    query: Annotated[
        str, Query(description="A search that the lines must match.", examples=["service:shop level:>=warning"])
    ] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PATTERNS, description="Most patterns of the answer.")] = 100,
    buckets: Annotated[int, Query(ge=1, le=MAX_BUCKETS, description="Most steps of the counts over time.")] = 30,
    trend: Annotated[
        Trend | None, Query(description="Only those that are new, rising, steady or falling against the time before.")
    ] = None,
) -> Response:
    """
    Group lines by what they have in common, and compare with the time before, as long as the one asked for.

    Where more than 100,000 lines match, an even share of them is read and counts are estimates: one_in says so.
    """
    store = request.app.state.sightline.store
    return answer(await ask(find_patterns, store, query, range_, limit=limit, buckets=buckets, trend=trend))
