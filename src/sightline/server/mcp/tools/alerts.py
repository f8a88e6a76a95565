"""``alerts``: alerts that are not resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.server.mcp.fitting import fitting, shortened
from sightline.server.mcp.tool import Tool

if TYPE_CHECKING:
    from sightline.server.mcp.asking import Ask


class AlertsArguments(msgspec.Struct, forbid_unknown_fields=True):
    """Nothing is asked."""


async def _run(ask: Ask, _: AlertsArguments) -> dict[str, Any]:
    alerts = [shortened(alert) for alert in (await ask("/api/v1/monitoring/alerts", {}))["data"]]
    manager = (await ask("/api/v1/monitoring/health", {}))["services"]["alert_manager"]
    shown = fitting(alerts)
    answer: dict[str, Any] = {"alerts": alerts[:shown], "count": len(alerts), "rules_are_evaluated": manager["running"]}
    if not manager["running"]:
        answer["note"] = (
            "This server evaluates no alert rules, so that there is no alert does not mean that all is well. "
            "Look with the tools errors, services and patterns."
        )
    return answer


TOOL: Final = Tool(
    "alerts",
    "Alerts",
    "List the alerts that are not resolved, and say whether rules are evaluated at all.",
    AlertsArguments,
    _run,
)
