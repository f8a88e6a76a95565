"""``/api/v1/metrics/exemplars``: from a point of a chart to the traces behind it."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from sightline.query.exemplars import MAX_EXEMPLARS, Exemplars, find_exemplars
from sightline.server.answers import LABEL, Labels, Range, answer, ask, described, known_parameters

router = APIRouter(prefix="/api/v1/metrics/exemplars", tags=["Metrics"])

_USUAL: Final = 100
"""Exemplars of an answer when the caller does not say how many."""

_EXEMPLARS: Final = {
    "name": "http_server_request_duration_seconds",
    "exemplars": [
        {
            "timestamp": "2026-11-20T19:00:00.125Z",
            "value": 1.42,
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
            "span_id": "b7ad6b7169203331",
            "metric": "http_server_request_duration_seconds_bucket",
            "labels": {"http_route": "/orders", "le": "2.5"},
            "service": "shop",
            "attributes": {},
        }
    ],
    "truncated": False,
    "elapsed_ms": 4.1,
}


@router.get(
    "",
    summary="A metric's exemplars",
    responses=described(Exemplars, _EXEMPLARS),
    response_class=Response,
    dependencies=[Depends(known_parameters(LABEL))],
)
async def exemplars(
    request: Request,
    range_: Range,
    labels: Labels,
    name: Annotated[
        str,
        Query(
            min_length=1, max_length=512, description="Its name; of a histogram its family's, too.",
            examples=["http_server_request_duration_seconds"],
        ),
    ],
    limit: Annotated[int, Query(ge=1, le=MAX_EXEMPLARS, description="Most exemplars of the answer.")] = _USUAL,
) -> Response:  # fmt: skip
    """Give single observations, newest first, with their traces; ``label.<name>=<value>`` as for a metric over time."""
    return answer(await ask(find_exemplars, request.app.state.sightline.store, name, range_, labels, limit=limit))
