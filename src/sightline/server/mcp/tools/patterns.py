"""``patterns``: the messages behind the lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec

from sightline.server.mcp.fitting import fitting, shortened, without
from sightline.server.mcp.tool import End, Limit, Search, Start, Tool

if TYPE_CHECKING:
    from sightline.server.mcp.asking import Ask


class PatternsArguments(msgspec.Struct, forbid_unknown_fields=True):
    """Of which logs."""

    query: Search = ""
    start: Start = "-1h"
    end: End = ""
    trend: Annotated[
        Literal["", "new", "rising", "steady", "falling"],
        msgspec.Meta(description="Only those that are so against the time before, which is as long."),
    ] = ""
    limit: Limit = 30


async def _run(ask: Ask, asked: PatternsArguments) -> dict[str, Any]:
    found = await ask(
        "/api/v1/logs/patterns",
        {
            "query": asked.query, "start": asked.start, "end": asked.end, "trend": asked.trend, "limit": asked.limit,
            "buckets": 12,
        },
    )  # fmt: skip
    patterns = [shortened(without(pattern, "share"), 300) for pattern in found["patterns"]]
    shown = fitting(patterns)
    answer = {"patterns": patterns[:shown], "found": found["found"], "lines": found["lines"]}
    if shown < found["found"]:
        answer["more"] = f"{shown} of {found['found']} are shown. Narrow the query, or ask for one trend."
    if found["one_in"] > 1:
        answer["note"] = f"One line in {found['one_in']} was read; counts are estimates."
    return answer


TOOL: Final = Tool(
    "patterns",
    "Messages behind the lines",
    "Group logs by what they have in common: how often each message came, whether it is new or rising against the time "
    "before, and a search that finds its lines. Use it to see what changed, before reading lines.",
    PatternsArguments,
    _run,
)
