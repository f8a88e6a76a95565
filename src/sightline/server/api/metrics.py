"""``/api/v1/metrics``: which there are, and one over time."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from sightline.query.metrics import (
    MAX_METRICS,
    MetricRange,
    Metrics,
    RangeQuestion,
    list_metrics,
    metric_range,
    parse_aggregate,
    parse_step,
)
from sightline.server.answers import LABEL, Labels, Range, answer, ask, described, known_parameters

router = APIRouter(prefix="/api/v1/metrics", tags=["Metrics"])

_METRICS: Final = {
    "metrics": [
        {
            "name": "http_requests_total",
            "type": "counter",
            "unit": "",
            "description": "Requests that were answered.",
            "series": 12,
        }
    ],
    "next_cursor": "WyJzaG9wIl0",
    "elapsed_ms": 3.0,
}

_RANGE: Final = {
    "name": "http_requests_total",
    "aggregate": "rate",
    "step_seconds": 15,
    "series": [{"labels": {"endpoint": "/orders"}, "points": [[1795202100, 0.2], [1795202115, None]]}],
    "truncated": False,
    "elapsed_ms": 12.4,
}


@router.get(
    "",
    summary="List metrics",
    responses=described(Metrics, _METRICS),
    response_class=Response,
    dependencies=[Depends(known_parameters())],
)
async def metrics(
    request: Request,
    prefix: Annotated[str, Query(max_length=256, description="How the name begins.")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_METRICS, description="Most metrics of the answer.")] = MAX_METRICS,
    cursor: Annotated[str | None, Query(description="next_cursor of the answer before.")] = None,
) -> Response:
    """List metrics by the names of their families."""
    return answer(await ask(list_metrics, request.app.state.sightline.store, prefix, limit=limit, cursor=cursor))


@router.get(
    "/range",
    summary="A metric over time",
    responses=described(MetricRange, _RANGE),
    response_class=Response,
    dependencies=[Depends(known_parameters(LABEL))],
)
async def over_time(
    request: Request,
    range_: Range,
    labels: Labels,
    name: Annotated[
        str, Query(min_length=1, max_length=512, description="Its name.", examples=["http_requests_total"])
    ],
    step: Annotated[str | None, Query(description="Width of a step: seconds, or 30s, 5m, 1h.")] = None,
    by: Annotated[
        str, Query(max_length=1024, description="Labels that keep series apart, with commas; also service, instance.")
    ] = "",
    aggregate: Annotated[
        str | None,
        Query(description="avg, sum, max, min, rate, p50, p95 or p99. Default: rate for counters, else avg."),
    ] = None,
) -> Response:
    """Give a metric's points; ``label.<name>=<value>`` takes only series with that label."""
    question = RangeQuestion(
        name=name,
        range=range_,
        step_s=parse_step(step) if step else None,
        by=[label.strip() for label in by.split(",") if label.strip()],
        aggregate=parse_aggregate(aggregate) if aggregate else None,
        labels=labels,
    )
    return answer(await ask(metric_range, request.app.state.sightline.store, question))
