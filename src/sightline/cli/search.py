"""``sightline search``: logs and traces that match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from sightline.cli import show
from sightline.cli.options import (
    Home,
    Json,
    Server,
    Since,
    Until,
    as_time,
)

if TYPE_CHECKING:
    from sightline.cli.answers import Answers

MOST: Final = 100_000
"""Most records of one search: they are held until the oldest is known, some 5 KiB each. An export has no such limit."""

_PAGE = 1000
"""Records asked for at once, the most that the API gives."""


def search(
    query: Annotated[
        str, typer.Argument(help='What to find, such as "level:error service:shop paid". Default: all.')
    ] = "",
    traces: Annotated[bool, typer.Option("--traces", help="Search traces instead of logs.")] = False,
    since: Since = "15m",
    until: Until = "",
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=MOST, help="Print at most so many, the newest.")
    ] = 100,
    server: Server = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    Search logs, or traces.

    The newest that match are printed, oldest first. Without a server the store is read directly.
    """
    from sightline.cli.answers import open_answers

    parameters = {"query": query, "start": as_time(since), "end": as_time(until)}
    path, key = ("/api/v1/traces", "traces") if traces else ("/api/v1/logs", "records")
    with open_answers(server, home) as answers:
        found = _collect(answers, path, key, parameters, limit)
    found.reverse()
    if as_json:
        show.json_lines(found)
    elif traces and found:
        _print_traces(found)
    else:
        for record in found:
            show.log_line(record)
    if not found:
        show.note(f"Nothing was found since {since}. Look further back, such as --since 7d, or search for less.")


def _collect(answers: Answers, path: str, key: str, parameters: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    while len(found) < limit:
        page = answers.get(path, {**parameters, "limit": min(limit - len(found), _PAGE), "cursor": cursor})
        found += page[key]
        cursor = page["next_cursor"]
        if not cursor:
            break
    return found


def _print_traces(traces: list[dict[str, Any]]) -> None:
    show.table(
        ["start", "trace", "service", "name", "spans", "errors", "ms"],
        [
            [
                trace["start"][:23].replace("T", " "), trace["trace_id"], trace["root_service"], trace["root_name"],
                trace["span_count"], trace["error_count"], f"{trace['duration_ms']:.1f}",
            ]
            for trace in traces
        ],
        right=frozenset({4, 5, 6}),
    )  # fmt: skip
