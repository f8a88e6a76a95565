"""``/api/v1/monitoring``: machine, requests, health and alerts in the shapes that existing clients know."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response

from sightline.server import monitoring as answers
from sightline.server.answers import answer, ask, described, known_parameters
from sightline.server.api.monitoring_examples import ALERTS, API, HEALTH, OVERVIEW, STATUS, SUMMARY, SYSTEM

router = APIRouter(prefix="/api/v1/monitoring", tags=["Monitoring"], dependencies=[Depends(known_parameters())])

Minutes = Annotated[int, Query(ge=1, le=1440, description="How far back, in minutes.")]


@router.get(
    "/health", summary="Who watches", responses=described(answers.MonitoringHealth, HEALTH), response_class=Response
)
async def health(request: Request) -> Response:
    """Tell whether machines are being measured and rules evaluated."""
    return answer(await ask(answers.health, request.app.state.sightline))


@router.get(
    "/status", summary="Each component", responses=described(answers.MonitoringStatus, STATUS), response_class=Response
)
async def status(request: Request) -> Response:
    """Tell how the store, the spool, the disk, what measures and each protocol that brought something are."""
    return answer(await ask(answers.status, request.app.state.sightline))


@router.get(
    "/metrics/system",
    summary="Measurements of machines",
    responses=described(answers.SystemRows, SYSTEM),
    response_class=Response,
)
async def system(request: Request, minutes: Minutes = 60) -> Response:
    """Give what applications measured of their machines, one row a measurement."""
    return answer(await ask(answers.system_rows, request.app.state.sightline, minutes))


@router.get(
    "/metrics/api", summary="Requests one by one", responses=described(answers.ApiRows, API), response_class=Response
)
async def api(request: Request, minutes: Minutes = 60) -> Response:
    """Give requests to applications, one row a request; those that sampling left out are missing."""
    return answer(await ask(answers.api_rows, request.app.state.sightline, minutes))


@router.get(
    "/metrics/summary",
    summary="Machine and requests",
    responses=described(answers.SummaryAnswer, SUMMARY),
    response_class=Response,
)
async def summary(
    request: Request, hours: Annotated[int, Query(ge=1, le=720, description="How far back, in hours.")] = 24
) -> Response:
    """Sum up machine and requests. Errors are statuses from 400 on, and what failed otherwise."""
    return answer(await ask(answers.summary, request.app.state.sightline, hours))


@router.get("/alerts", summary="Alerts", responses=described(answers.Alerts, ALERTS), response_class=Response)
async def alerts() -> Response:
    """Give the alerts that are not resolved."""
    return answer(answers.alerts())


@router.post(
    "/alerts/{alert_id}/acknowledge",
    summary="Acknowledge an alert",
    responses=described(answers.Done, {"success": True, "message": "The alert a1 is acknowledged."}, 404),
    response_class=Response,
)
async def acknowledge(
    alert_id: Annotated[str, Path(max_length=64, description="The alert's id.", examples=["a1"])],
) -> Response:
    """Take note of an alert: somebody looks after it."""
    raise HTTPException(404, f"There is no alert {alert_id!r}.")


@router.get(
    "/dashboard/overview",
    summary="A first page",
    responses=described(answers.OverviewAnswer, OVERVIEW),
    response_class=Response,
)
async def overview(request: Request) -> Response:
    """Give the machine now, the requests of the last hour, alerts and trends."""
    return answer(await ask(answers.overview, request.app.state.sightline))
