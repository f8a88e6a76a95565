"""``tables``: what SQL may read."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from sightline.server.mcp.asking import Ask, ToolFailed
from sightline.server.mcp.tool import Tool


class TablesArguments(msgspec.Struct, forbid_unknown_fields=True):
    """Which table."""

    table: Annotated[
        str, msgspec.Meta(max_length=64, description="Show the columns of this one; without it, tables are listed.")
    ] = ""


async def _run(ask: Ask, asked: TablesArguments) -> dict[str, Any]:
    tables = (await ask("/api/v1/schema", {}))["tables"]
    if not asked.table:
        return {"tables": [{"name": table["name"], "row": table["row"]} for table in tables]}
    for table in tables:
        if table["name"] == asked.table:
            return dict(table)
    raise ToolFailed(f"There is no table {asked.table!r}. There are: {', '.join(table['name'] for table in tables)}.")


TOOL: Final = Tool(
    "tables",
    "Tables and columns",
    "Name the tables that the tool sql may read; of one, the columns with what they mean, and examples.",
    TablesArguments,
    _run,
)
