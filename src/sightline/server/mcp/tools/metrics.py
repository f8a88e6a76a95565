"""``metrics``: which there are, and one over time."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from sightline.server.mcp.asking import Ask, ToolFailed
from sightline.server.mcp.fitting import fitting
from sightline.server.mcp.tool import End, Start, Tool


class MetricsArguments(msgspec.Struct, forbid_unknown_fields=True):
    """Which metric."""

    name: Annotated[str, msgspec.Meta(max_length=512, description="The metric; without it, metrics are listed.")] = ""
    prefix: Annotated[str, msgspec.Meta(max_length=256, description="For the list: how names begin.")] = ""
    start: Start = "-1h"
    end: End = ""
    step: Annotated[str, msgspec.Meta(max_length=16, description="Width of a step: 30s, 5m, 1h.")] = ""
    by: Annotated[
        str,
        msgspec.Meta(
            max_length=1024, description="Labels that keep series apart, with commas; also service, instance."
        ),
    ] = ""
    aggregate: Annotated[
        Literal["", "avg", "sum", "max", "min", "rate", "p50", "p95", "p99"],
        msgspec.Meta(description="Default: rate for counters, else avg. Percentiles are for histograms."),
    ] = ""
    labels: Annotated[dict[str, str], msgspec.Meta(max_length=20, description="Only series with these labels.")] = {}


async def _run(ask: Ask, asked: MetricsArguments) -> dict[str, Any]:
    if not asked.name:
        return await _listed(ask, asked.prefix)
    found = await ask(
        "/api/v1/metrics/range",
        {
            "name": asked.name, "start": asked.start, "end": asked.end, "step": asked.step, "by": asked.by,
            "aggregate": asked.aggregate, **{f"label.{name}": value for name, value in asked.labels.items()},
        },
    )  # fmt: skip
    if not found["series"]:
        raise ToolFailed(
            f"No sample of {asked.name!r} in this time. Call metrics without a name to list what there is, or look "
            "further back with start."
        )
    series = [_summed_up(each) for each in found["series"]]
    shown = fitting(series)
    answer = {
        "name": found["name"], "aggregate": found["aggregate"], "step_seconds": found["step_seconds"],
        "series": series[:shown], "series_count": len(series),
    }  # fmt: skip
    if shown < len(series) or found["truncated"]:
        answer["more"] = (
            "Not all series are shown. Take fewer with labels, or keep fewer apart with by; or a wider step."
        )
    return answer


async def _listed(ask: Ask, prefix: str) -> dict[str, Any]:
    metrics = (await ask("/api/v1/metrics", {"prefix": prefix}))["metrics"]
    shown = fitting(metrics)
    answer = {"metrics": metrics[:shown], "count": len(metrics)}
    if shown < len(metrics):
        answer["more"] = f"{shown} of {len(metrics)} are shown. Give a prefix."
    return answer


def _summed_up(series: dict[str, Any]) -> dict[str, Any]:
    values = [value for _, value in series["points"] if value is not None]
    if not values:
        return {"labels": series["labels"], "points": []}
    return {
        "labels": series["labels"],
        "last": values[-1],
        "min": min(values),
        "max": max(values),
        "mean": sum(values) / len(values),
        "points": [[moment, value] for moment, value in series["points"] if value is not None],
    }


TOOL: Final = Tool(
    "metrics",
    "Metrics over time",
    "Without a name: list the metrics there are. With one: its values over time as [Unix seconds, value], and least, "
    "greatest, mean and last of each series.",
    MetricsArguments,
    _run,
)
