"""``sightline sql``: read-only SQL on everything that is stored."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path  # noqa: TC003 - Typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sightline.cli import show
from sightline.cli.options import Home, Json, Server  # noqa: TC001 - Typer reads the annotations

if TYPE_CHECKING:
    from sightline.cli.answers import Answers


class Form(StrEnum):
    """Forms of what is printed or written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"
    PARQUET = "parquet"


def sql(
    query: Annotated[str, typer.Argument(help="The statement, in ClickHouse's SQL; - reads it from standard input.")],
    form: Annotated[Form, typer.Option("--format", "-f", help="Form of the rows; json is an object a line.")] = (
        Form.TABLE
    ),
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write this file, which is whole or not.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", "-n", min=1, help="At most so many rows. Default: 1000; as a file the most, 1000000."),
    ] = None,
    server: Server = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    Ask in SQL: sightline sql "SELECT count() FROM otel_logs" --format csv --output logs.csv.

    Tables: otel_logs, otel_traces, metric_series, metric_samples, events; SHOW TABLES names all. Nothing can be
    changed, and queries are limited in time, memory and rows. Without a server the store is read directly.
    """
    from sightline.cli.answers import open_answers

    form = Form.JSON if as_json else form
    if form in {Form.ARROW, Form.PARQUET} and output is None and show.is_terminal():
        raise typer.BadParameter(f"A terminal cannot show {form}. Name a file: --output answer.{form}")
    if form is Form.TABLE and output is not None:
        raise typer.BadParameter("A file has a form of its own: --format csv, json, arrow or parquet.")
    question = {"query": sys.stdin.read() if query == "-" else query}
    question |= {"limit": limit} if limit else {}
    with open_answers(server, home) as answers:
        if form in {Form.TABLE, Form.JSON}:
            _print(answers, question, form, output)
        else:
            from sightline.cli.sql_files import write

            write(answers, question, form, output)


def _print(answers: Answers, question: dict[str, Any], form: Form, output: Path | None) -> None:
    answer = answers.post("/api/v1/sql", question)
    names = [column["name"] for column in answer["columns"]]
    if form is Form.JSON:
        found = (dict(zip(names, row, strict=True)) for row in answer["rows"])
        if output is None:
            show.json_lines(found)
        else:
            from sightline.cli.sql_files import write_lines

            write_lines(found, output)
    else:
        numbers = {at for at, column in enumerate(answer["columns"]) if column["type"].startswith(_NUMERIC)}
        show.table(names, answer["rows"], right=frozenset(numbers))
    if answer["truncated"]:
        show.note(f"Only the first {answer['row_count']} rows are shown; there are more. Raise --limit.")


_NUMERIC = ("UInt", "Int", "Float", "Decimal")
