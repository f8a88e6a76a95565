"""``/api/v1/errors``: issues, which are groups of errors, and what is decided about them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response

from sightline.query.errors import Sort  # noqa: TC001 - FastAPI reads the annotations
from sightline.query.issue_detail import is_known
from sightline.query.issues import (
    MAX_PAGE,
    Change,
    IssueDetail,
    IssuePage,
    StatusFilter,
    list_issues,
    read_issue,
)
from sightline.query.timerange import NS_PER_S, TimeRange, parse_range, rfc3339
from sightline.server.answers import End, Start, answer, ask, described, known_parameters
from sightline.server.api.logs import LOG
from sightline.server.json_bodies import body_described, read_json

if TYPE_CHECKING:
    from sightline.server.services import Services

router = APIRouter(prefix="/api/v1/errors", tags=["Errors"], dependencies=[Depends(known_parameters())])

DEFAULT_NS: Final = 24 * 3600 * NS_PER_S
"""What a question covers that says no time: the last day."""

LATELY_NS: Final = 14 * 24 * 3600 * NS_PER_S
"""What the question for one issue covers that says no time."""


def lately(start: Start = None, end: End = None) -> TimeRange:
    """Read ``start`` and ``end``; the last day where nothing is said."""
    return parse_range(start, end, time.time_ns(), DEFAULT_NS)


def fortnight(start: Start = None, end: End = None) -> TimeRange:
    """Read ``start`` and ``end``; the last 14 days where nothing is said."""
    return parse_range(start, end, time.time_ns(), LATELY_NS)


Fingerprint = Annotated[
    str, Path(min_length=1, max_length=128, description="The issue's fingerprint.", examples=["9c1f0e2d3b4a5968"])
]
Buckets = Annotated[int, Query(ge=1, le=500, description="Most steps of a trend.")]

_TIME: Final = "2026-11-20T19:00:00.000000000Z"
_ISSUE: Final = {
    "fingerprint": "9c1f0e2d3b4a5968", "type": "ConnectionError", "message": "the bank does not answer for order 4711",
    "service": "shop", "where": "charge /app/shop/pay.py:41", "category": "external_service", "severity": "high",
    "handled": True, "count": 12, "users": 7, "first_seen": _TIME, "last_seen": _TIME, "first_release": "1.2.0",
    "last_release": "1.3.0", "trend": [12], "status": "regressed", "resolved_in": "1.3.0",
}  # fmt: skip
_PAGE: Final = {
    "issues": [_ISSUE], "total": 1, "step_seconds": 3600, "times": [_TIME], "next_cursor": "WzUwXQ",
}  # fmt: skip
_CHANGE: Final = {"status": "resolved", "release": "1.3.0", "time": _TIME, "by": "ada"}
_DETAIL: Final = {
    "issue": _ISSUE, "first_seen_ever": _TIME, "first_release_ever": "1.2.0", "step_seconds": 3600, "times": [_TIME],
    "example": LOG, "stacktrace": "Traceback (most recent call last):\n…",
    "facets": [{"field": "release", "values": [{"value": "1.3.0", "count": 12}], "missing": 0}],
    "affected_users": [{"user": "42", "count": 2, "last_seen": _TIME}],
    "traces": [{"trace_id": LOG["trace_id"], "span_id": LOG["span_id"], "time": _TIME}],
    "history": [_CHANGE],
}  # fmt: skip


class Decide(msgspec.Struct, forbid_unknown_fields=True):
    """What is decided: the status; for ``resolved`` also in which release, where versions count up; and by whom."""

    status: Literal["unresolved", "resolved", "ignored"]
    release: Annotated[str, msgspec.Meta(max_length=200)] = ""
    by: Annotated[str, msgspec.Meta(max_length=200)] = ""


@router.get("", summary="Issues", responses=described(IssuePage, _PAGE), response_class=Response)
async def issues(
    request: Request,
    range_: Annotated[TimeRange, Depends(lately)],
    query: Annotated[
        str, Query(description="A search of logs that the occurrences must match.", examples=["service:shop"])
    ] = "",
    status: Annotated[StatusFilter, Query(description="open: unresolved and regressed.")] = "all",
    sort: Annotated[Sort, Query(description="By what they are sorted, the highest or newest first.")] = "last_seen",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most issues of the answer.")] = 50,
    cursor: Annotated[str | None, Query(description="next_cursor of the answer before.")] = None,
    buckets: Buckets = 24,
) -> Response:
    """List the issues of the last day, or of another range; counts, users and first and last seen are of the range."""
    services: Services = request.app.state.sightline
    found = await ask(
        list_issues, services.store, services.issues, query, range_,
        status=status, sort=sort, limit=limit, cursor=cursor, buckets=buckets,
    )  # fmt: skip
    return answer(found)


@router.get(
    "/{fingerprint}", summary="One issue", responses=described(IssueDetail, _DETAIL, 404), response_class=Response
)
async def issue(
    request: Request, fingerprint: Fingerprint, range_: Annotated[TimeRange, Depends(fortnight)], buckets: Buckets = 48
) -> Response:
    """Give an issue with its newest occurrence, timeline, users, traces and history; the last 14 days by default."""
    services: Services = request.app.state.sightline
    found = await ask(read_issue, services.store, services.issues, fingerprint, range_, buckets=buckets)
    if found is None:
        raise HTTPException(404, "There is no such issue in this range; look further back, such as 90 days.")
    return answer(found)


@router.post(
    "/{fingerprint}/status",
    summary="Resolve, ignore or reopen an issue",
    responses=described(Change, _CHANGE, 404, 413, 415),
    response_class=Response,
    openapi_extra=body_described(Decide, {"status": "resolved", "release": "1.3.0", "by": "ada"}),
)
async def decide(request: Request, fingerprint: Fingerprint) -> Response:
    """Write a decision down. What was resolved and happens again is opened as ``regressed``."""
    services: Services = request.app.state.sightline
    wanted = await read_json(request, Decide)
    if not await ask(is_known, services.store, fingerprint):
        raise HTTPException(404, "There is no such issue, or its occurrences have passed their retention.")
    made = await ask(services.issues.change, fingerprint, wanted.status, release=wanted.release, by=wanted.by)
    return answer(Change(made.status, made.release, rfc3339(made.changed_ns), made.changed_by))
