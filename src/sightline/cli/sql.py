"""``sightline sql``: read-only SQL on everything that is stored."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sightline.cli import show
from sightline.cli.options import Home, Json, Server  # noqa: TC001 - Typer reads the annotations


def sql(
    query: Annotated[str, typer.Argument(help="The statement, in ClickHouse's SQL; - reads it from standard input.")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many rows.")] = 1000,
    server: Server = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    Ask in SQL: sightline sql "SELECT count() FROM otel_logs".

    Tables: otel_logs, otel_traces, metric_series, metric_samples, events. Nothing can be changed, and queries are
    limited in time, memory and rows. Without a server the store is read directly.
    """
    from sightline.cli.answers import open_answers

    text = sys.stdin.read() if query == "-" else query
    with open_answers(server, home) as answers:
        answer = answers.post("/api/v1/sql", {"query": text, "limit": limit})
    names = [column["name"] for column in answer["columns"]]
    if as_json:
        show.json_lines(dict(zip(names, row, strict=True)) for row in answer["rows"])
    else:
        numbers = {at for at, column in enumerate(answer["columns"]) if column["type"].startswith(_NUMERIC)}
        show.table(names, answer["rows"], right=frozenset(numbers))
    if answer["truncated"]:
        show.note(f"Only the first {answer['row_count']} rows are shown; there are more. Raise --limit.")


_NUMERIC = ("UInt", "Int", "Float", "Decimal")
