"""``/dashboard``, one page without scripts, and ``/api/dashboard``, its figures as JSON."""

from __future__ import annotations

import base64
import hashlib
import html
from string import Template
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response

from sightline.server import monitoring
from sightline.server.answers import HEADERS, answer, ask, described, known_parameters
from sightline.server.api.monitoring_examples import ALERTS, HEALTH, OVERVIEW

router = APIRouter(tags=["Monitoring"], dependencies=[Depends(known_parameters())])

_STYLE: Final = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:60rem;margin:2rem auto;padding:0 1rem}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:1rem}
div{border:1px solid #8886;border-radius:.5rem;padding:.75rem}dt{opacity:.7}dd{margin:0;font-size:1.5rem}
"""

_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'"
)

_PAGE: Final = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sightline</title>
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="30"><style>$style</style></head>
<body><h1>$status</h1><p>As of <time>$timestamp</time>, anew every 30 seconds. Requests are those of the last hour.</p>
<dl>$figures</dl></body></html>
""")


_SHOWN: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The page.",
        "content": {"text/html": {"schema": {"type": "string"}, "example": "<!doctype html>…"}},
    }
}


@router.get("/dashboard", summary="The figures on one page", responses=_SHOWN, response_class=Response)
async def page(request: Request) -> Response:
    """Show the figures of /api/dashboard/metrics on a page without scripts, fit to be passed on by an application."""
    found = await ask(monitoring.overview, request.app.state.sightline)
    headers = {**HEADERS, "Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
    return Response(_written(found.data), headers=headers, media_type="text/html; charset=utf-8")


def _written(found: monitoring.DashboardOverview) -> str:
    machine, requests, trends = found.system_health, found.api_performance, found.trends
    measured = machine.status != "unknown"
    figures = {
        "CPU": f"{machine.cpu_usage:.1f} %" if measured else "not measured",
        "Memory": f"{machine.memory_usage:.1f} %" if measured else "not measured",
        "Disk": f"{machine.disk_usage:.1f} %" if measured else "not measured",
        "Requests": f"{requests.total_requests:,}",
        "Mean time": f"{requests.avg_response_time:.1f} ms",
        "Errors": f"{requests.error_rate:.2f} %",
        "Endpoints": str(requests.unique_endpoints),
        "Active alerts": str(found.alerts.total_active),
        "CPU, last hour": f"{trends.cpu_trend}, {trends.avg_cpu_last_hour:.1f} %",
        "Memory, last hour": f"{trends.memory_trend}, {trends.avg_memory_last_hour:.1f} %",
    }
    return _PAGE.substitute(
        style=_STYLE,
        status=html.escape(f"The machine is {machine.status}" if measured else "No machine is being measured"),
        timestamp=html.escape(found.timestamp),
        figures="".join(
            f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>" for name, value in figures.items()
        ),
    )


@router.get(
    "/api/dashboard/metrics",
    summary="A first page",
    responses=described(monitoring.OverviewAnswer, OVERVIEW),
    response_class=Response,
)
async def metrics(request: Request) -> Response:
    """Give what /api/v1/monitoring/dashboard/overview gives."""
    return answer(await ask(monitoring.overview, request.app.state.sightline))


@router.get(
    "/api/dashboard/alerts", summary="Alerts", responses=described(monitoring.Alerts, ALERTS), response_class=Response
)
async def alerts() -> Response:
    """Give what /api/v1/monitoring/alerts gives."""
    return answer(monitoring.alerts())


@router.get(
    "/api/dashboard/health",
    summary="Who watches",
    responses=described(monitoring.MonitoringHealth, HEALTH),
    response_class=Response,
)
async def health(request: Request) -> Response:
    """Give what /api/v1/monitoring/health gives."""
    return answer(await ask(monitoring.health, request.app.state.sightline))
