"""``compare``: what tells records apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec

from sightline.server.mcp.tool import End, Limit, Search, Start, Tool

if TYPE_CHECKING:
    from sightline.server.mcp.asking import Ask


class CompareArguments(msgspec.Struct, forbid_unknown_fields=True):
    """What is compared with what."""

    selection: Annotated[
        str, msgspec.Meta(max_length=4096, description="The search that selects some, such as status:error.")
    ]
    among: Search = ""
    signal: Annotated[
        Literal["logs", "traces", "events"], msgspec.Meta(description="Which records: traces means spans.")
    ] = "traces"
    start: Start = "-1h"
    end: End = ""
    limit: Limit = 15


async def _run(ask: Ask, asked: CompareArguments) -> dict[str, Any]:
    found = await ask(
        "/api/v1/search/compare",
        {
            "selection": asked.selection, "among": asked.among, "signal": asked.signal, "start": asked.start,
            "end": asked.end, "limit": asked.limit,
        },
    )  # fmt: skip
    answer = dict(found)
    if not found["selected"] or not found["others"]:
        which = "selection finds nothing" if not found["selected"] else "selection finds everything"
        answer["hint"] = f"The {which}: there is nothing to compare. Change selection, among or start."
    return answer


TOOL: Final = Tool(
    "compare",
    "What tells records apart",
    "Find the attributes that slow or failing records have more often than the others, ranked: which version, host, "
    "customer or route is behind it.",
    CompareArguments,
    _run,
)
