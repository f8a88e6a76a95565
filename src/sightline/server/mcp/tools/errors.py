"""``errors``: issues, and one of them with its newest occurrence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from urllib.parse import quote

import msgspec

from sightline.server.mcp.fitting import shortened, without
from sightline.server.mcp.tool import Cursor, End, Limit, Search, Start, Tool, listed

if TYPE_CHECKING:
    from sightline.server.mcp.asking import Ask

_LONG: Final = 8_000
"""Longest text of one issue: its stack trace is what it is asked for."""


class ErrorsArguments(msgspec.Struct, forbid_unknown_fields=True):
    """Which issues."""

    fingerprint: Annotated[
        str, msgspec.Meta(max_length=128, description="Of one issue: show it whole, with its newest stack trace.")
    ] = ""
    query: Search = ""
    status: Annotated[
        Literal["all", "open", "unresolved", "regressed", "resolved", "ignored"],
        msgspec.Meta(description="open: unresolved and regressed."),
    ] = "open"
    sort: Annotated[
        Literal["last_seen", "first_seen", "count", "users"],
        msgspec.Meta(description="The newest, the latest to appear, the commonest, or what hits most users, first."),
    ] = "last_seen"
    start: Start = ""
    end: End = ""
    limit: Limit = 20
    cursor: Cursor = ""


async def _run(ask: Ask, asked: ErrorsArguments) -> dict[str, Any]:
    when = {"start": asked.start, "end": asked.end}
    if asked.fingerprint:
        found = await ask(f"/api/v1/errors/{quote(asked.fingerprint, safe='')}", {**when, "buckets": 24})
        found["example"] = without(found["example"], "resource", "severity")
        return dict(shortened(without(found, "times"), _LONG))
    parameters = {
        "query": asked.query, "status": asked.status, "sort": asked.sort, "limit": asked.limit, "cursor": asked.cursor,
    }  # fmt: skip
    return await listed(ask, "/api/v1/errors", {**parameters, **when}, "issues", dict)


TOOL: Final = Tool(
    "errors",
    "Errors, grouped into issues",
    "List issues: errors that are alike, with how many there were, how many users they hit, since which release, and "
    "the trend. With a fingerprint: one issue with its stack trace, what its occurrences have in common, and traces. "
    "Without start: the last day, of one issue the last 14.",
    ErrorsArguments,
    _run,
)
