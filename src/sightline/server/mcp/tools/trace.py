"""``trace``: one trace, where its time went, and its logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from sightline.server.mcp.asking import ToolFailed
from sightline.server.mcp.fitting import MAX_CHARACTERS, fitting, shortened, without
from sightline.server.mcp.tool import Cursor, Limit, Tool

if TYPE_CHECKING:
    from sightline.server.mcp.asking import Ask

_SPANS_ROOM: Final = MAX_CHARACTERS * 2 // 3
"""Characters for spans; the critical path and the logs have the rest."""


class TraceArguments(msgspec.Struct, forbid_unknown_fields=True):
    """Which trace."""

    trace_id: Annotated[str, msgspec.Meta(max_length=64, description="The trace's id, 32 hexadecimal digits.")]
    limit: Limit = 60
    cursor: Cursor = ""


async def _run(ask: Ask, asked: TraceArguments) -> dict[str, Any]:
    path = f"/api/v1/traces/{_cleaned(asked.trace_id)}"
    if asked.cursor:
        return await _spans(ask, path, asked.limit, asked.cursor, MAX_CHARACTERS)
    try:
        whole = await ask(path, {})
    except ToolFailed as error:
        raise ToolFailed(f"{error} Find traces with the tool search and signal traces.") from None
    steps = (await ask(f"{path}/critical-path", {}))["shares"][:10]
    logs = [shortened(without(record, "resource", "severity", "trace_id")) for record in whole["logs"]]
    shown = fitting(logs, MAX_CHARACTERS // 4)
    return {
        "trace_id": whole["trace_id"],
        "start": whole["start"],
        "duration_ms": whole["duration_ms"],
        "services": whole["services"],
        "span_count": f"{len(whole['spans'])} or more" if whole["truncated"] else len(whole["spans"]),
        "errors": [span["name"] for span in whole["spans"] if span["status"] == "Error"][:20],
        "where_the_time_went": steps,
        **await _spans(ask, path, asked.limit, "", _SPANS_ROOM),
        "logs": logs[:shown],
        "log_count": len(logs),
    }


async def _spans(ask: Ask, path: str, limit: int, cursor: str, room: int) -> dict[str, Any]:
    """Give spans by their start; asked again for fewer where they are too long."""
    page = await ask(f"{path}/spans", {"limit": limit, "cursor": cursor})
    found = [shortened(without(span, "resource", "scope")) for span in page["spans"]]
    count = fitting(found, room)
    if count < len(found):
        page = await ask(f"{path}/spans", {"limit": count, "cursor": cursor})
    answer: dict[str, Any] = {"spans": found[:count]}
    if page["next_cursor"]:
        answer |= {"more_spans": "Call again with cursor.", "next_cursor": page["next_cursor"]}
    return answer


def _cleaned(trace_id: str) -> str:
    """Take away what an id is often copied with; what is no id then is refused by the API."""
    return "".join(letter for letter in trace_id.strip().lower() if letter.isascii() and letter.isalnum()) or "-"


TOOL: Final = Tool(
    "trace",
    "One trace",
    "Show one trace: its spans in the order of their start (parent_id tells the tree), which spans its end waited for, "
    "what failed, and the logs that belong to it.",
    TraceArguments,
    _run,
)
