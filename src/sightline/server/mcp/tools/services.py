"""``services``: who has sent something, and who calls whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.server.mcp.fitting import fitting
from sightline.server.mcp.tool import End, Start, Tool

if TYPE_CHECKING:
    from sightline.server.mcp.asking import Ask


class ServicesArguments(msgspec.Struct, forbid_unknown_fields=True):
    """Of which time."""

    start: Start = "-24h"
    end: End = ""


async def _run(ask: Ask, asked: ServicesArguments) -> dict[str, Any]:
    when = {"start": asked.start, "end": asked.end}
    services = (await ask("/api/v1/services", when))["services"]
    endpoints = (await ask("/api/v1/endpoints", {**when, "limit": 30}))["endpoints"]
    shown, busiest = fitting(services, 12_000), fitting(endpoints, 10_000)
    answer = {"services": services[:shown], "count": len(services), "busiest_endpoints": endpoints[:busiest]}
    if shown < len(services):
        answer["more"] = f"{shown} of {len(services)} are shown; the tool sql has all."
    if not services:
        answer["hint"] = "Nothing was sent in this time. Look further back with start, such as -7d."
    return answer


TOOL: Final = Tool(
    "services",
    "Services and their endpoints",
    "List the services that sent something, when they did last and how much, and the busiest endpoints with rate, "
    "errors and latency.",
    ServicesArguments,
    _run,
)
