"""``/api/v1/profiles``: where the time goes, as flame graphs."""

from __future__ import annotations

import time
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from sightline.query.profiles import (
    MAX_NODES,
    FlameDifference,
    FlameGraph,
    ProfileFilter,
    Weight,
    flame_difference,
    flame_graph,
)
from sightline.query.timerange import TimeRange, parse_range
from sightline.server.answers import Range, answer, ask, described, known_parameters

router = APIRouter(prefix="/api/v1/profiles", tags=["Profiles"], dependencies=[Depends(known_parameters())])

Kind = Annotated[Weight, Query(description="What is counted: cpu and wall in nanoseconds, or samples.")]
Nodes = Annotated[int, Query(ge=1, le=MAX_NODES, description="Most nodes of the answer, the heaviest.")]

_GRAPH: Final = {
    "weight": "cpu",
    "total": 900000000,
    "nodes": [
        {"name": "all", "parent": -1, "total": 900000000, "own": 0},
        {"name": "shop.orders:list_orders", "parent": 0, "total": 900000000, "own": 300000000},
        {"name": "shop.orders:sort", "parent": 1, "total": 600000000, "own": 600000000},
    ],
    "left_out": 0,
    "samples": 45,
    "elapsed_ms": 4.0,
}

_DIFFERENCE: Final = {
    "weight": "cpu",
    "before_total": 500000000,
    "after_total": 900000000,
    "nodes": [
        {"name": "all", "parent": -1, "before": 500000000, "after": 900000000, "own_before": 0, "own_after": 0,
         "change": 0.0},
        {"name": "shop.orders:sort", "parent": 0, "before": 200000000, "after": 600000000, "own_before": 200000000,
         "own_after": 600000000, "change": 0.266667},
    ],
    "elapsed_ms": 7.0,
}  # fmt: skip


def which(
    service: Annotated[str, Query(max_length=256, description="Only of this service.", examples=["shop"])] = "",
    span: Annotated[
        str, Query(max_length=512, description="Only within spans of this name, as of an endpoint: GET /orders/{id}.")
    ] = "",
    trace: Annotated[str, Query(max_length=32, description="Only within this trace.")] = "",
    thread: Annotated[str, Query(max_length=256, description="Only of threads of this name.")] = "",
) -> ProfileFilter:
    """Read which profiles are meant."""
    return ProfileFilter(service, span, trace.lower(), thread)


Which = Annotated[ProfileFilter, Depends(which)]


@router.get("", summary="A flame graph", responses=described(FlameGraph, _GRAPH), response_class=Response)
async def graph(
    request: Request, range_: Range, which: Which, weight: Kind = "cpu", max_nodes: Nodes = 5000
) -> Response:
    """Put the stacks together that the profiler saw: a tree of calls as a list, parents before their children."""
    store = request.app.state.sightline.store
    return answer(await ask(flame_graph, store, range_, which, weight=weight, max_nodes=max_nodes))


def earlier(
    range_: Range,
    before_start: Annotated[
        str | None, Query(description="Begin of the range to compare with, as start. Default: as long, just before.")
    ] = None,
    before_end: Annotated[str | None, Query(description="Its end, not included. Default: start.")] = None,
) -> TimeRange:
    """Read the range to compare with."""
    length = range_.end_ns - range_.start_ns
    if before_start is None and before_end is None:
        return TimeRange(max(0, range_.start_ns - length), range_.start_ns)
    return parse_range(before_start, before_end, time.time_ns(), length)


@router.get(
    "/diff",
    summary="What changed between two flame graphs",
    responses=described(FlameDifference, _DIFFERENCE),
    response_class=Response,
)
async def difference(
    request: Request,
    range_: Range,
    before: Annotated[TimeRange, Depends(earlier)],
    which: Which,
    weight: Kind = "cpu",
    max_nodes: Nodes = 5000,
) -> Response:
    """Compare each function's share of the time with that in an earlier range, what changed most first."""
    store = request.app.state.sightline.store
    return answer(await ask(flame_difference, store, before, range_, which, weight=weight, max_nodes=max_nodes))
