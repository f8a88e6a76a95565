"""``sql``: one statement that reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from sightline.server.mcp.fitting import fitting, shortened
from sightline.server.mcp.tool import Tool

if TYPE_CHECKING:
    from sightline.server.mcp.asking import Ask


class SqlArguments(msgspec.Struct, forbid_unknown_fields=True):
    """The statement."""

    query: Annotated[
        str,
        msgspec.Meta(
            max_length=65536,
            description="One SELECT, WITH, SHOW TABLES, DESCRIBE or EXPLAIN in ClickHouse's SQL. Say a range of "
            "Timestamp. {name:Type} stands for a parameter.",
        ),
    ]
    parameters: Annotated[
        dict[str, Any], msgspec.Meta(max_length=50, description="Values of the parameters, bound by the engine.")
    ] = {}
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000, description="Most rows.")] = 100


async def _run(ask: Ask, asked: SqlArguments) -> dict[str, Any]:
    body = {"query": asked.query, "parameters": asked.parameters, "limit": asked.limit}
    found = await ask("/api/v1/sql", {}, body)
    rows = [shortened(row, whole=True) for row in found["rows"]]
    shown = fitting(rows)
    answer = {
        "columns": [f"{column['name']} {column['type']}" for column in found["columns"]],
        "rows": rows[:shown],
        "row_count": shown,
    }
    if shown < len(rows) or found["truncated"]:
        answer["more"] = f"Only the first {shown} rows are shown. Aggregate, select less, or page with LIMIT … OFFSET."
    return answer


TOOL: Final = Tool(
    "sql",
    "SQL that reads",
    "Run SQL over everything that is stored, where the other tools do not answer the question. The tool tables says "
    "which tables and columns there are; the most used are otel_logs, otel_traces, events, metric_series and "
    "metric_samples. Nothing can be changed.",
    SqlArguments,
    _run,
)
