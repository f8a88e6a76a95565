"""``search``: logs, traces and events that match."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from sightline.server.mcp.asking import Ask, ToolFailed
from sightline.server.mcp.fitting import shortened, without
from sightline.server.mcp.tool import Cursor, End, Limit, Search, Start, Tool, listed

_PLACES: Final = {
    "logs": ("/api/v1/logs", "records"),
    "traces": ("/api/v1/traces", "traces"),
    "events": ("/api/v1/events", "records"),
}


class SearchArguments(msgspec.Struct, forbid_unknown_fields=True):
    """What is searched."""

    query: Search = ""
    signal: Annotated[
        Literal["logs", "traces", "events"],
        msgspec.Meta(
            description="logs: log records. traces: traces with a span that matches. events: business events."
        ),
    ] = "logs"
    start: Start = "-1h"
    end: End = ""
    limit: Limit = 30
    cursor: Cursor = ""
    around: Annotated[
        str,
        msgspec.Meta(max_length=128, description="The id of a log: give what its process logged around it instead."),
    ] = ""


async def _run(ask: Ask, asked: SearchArguments) -> dict[str, Any]:
    if asked.around:
        return await _context(ask, asked)
    path, key = _PLACES[asked.signal]
    parameters = {
        "query": asked.query, "start": asked.start, "end": asked.end, "limit": asked.limit, "cursor": asked.cursor,
    }  # fmt: skip
    return await listed(ask, path, parameters, key, _short)


async def _context(ask: Ask, asked: SearchArguments) -> dict[str, Any]:
    if asked.signal != "logs":
        raise ToolFailed("around takes the id of a log; leave signal out.")
    half = max(1, min(asked.limit // 2, 20))
    found = await ask("/api/v1/logs/context", {"id": asked.around, "before": half, "after": half})
    return {
        "before": [shortened(_short(record)) for record in found["before"]],
        "record": shortened(_short(found["record"])),
        "after": [shortened(_short(record)) for record in found["after"]],
    }


def _short(record: dict[str, Any]) -> dict[str, Any]:
    """Leave out the resource, and where in the code and in which thread it was: sql has them."""
    found = without(record, "resource", "severity")
    if "attributes" in found:
        found["attributes"] = {
            name: value for name, value in found["attributes"].items() if not name.startswith(("thread.", "code."))
        }
    return found


TOOL: Final = Tool(
    "search",
    "Search logs, traces and events",
    "Find log records, traces or business events, newest first. Begin here to see what happened. Each log has an id "
    "(for around) and, inside a request, a trace_id (for the tool trace).",
    SearchArguments,
    _run,
)
