"""``sightline patterns``: the messages behind the lines, and which are new."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from sightline.cli import show
from sightline.cli.options import Home, Json, Server, Since, Until, as_time

_BARS: Final = "▁▂▃▄▅▆▇█"


def patterns(
    query: Annotated[str, typer.Argument(help='Which logs, such as "level:>=warning". Default: all.')] = "",
    since: Since = "1h",
    until: Until = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Print at most so many.")] = 30,
    new: Annotated[bool, typer.Option("--new", help="Only what did not occur in the time before.")] = False,
    rising: Annotated[bool, typer.Option("--rising", help="Only what is clearly more than before.")] = False,
    server: Server = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    Group logs by what they have in common: sightline patterns level:error --new.

    Each pattern is compared with the time before, as long as the one asked for. With --json it has a search that finds
    its lines. Without a server the store is read directly.
    """
    from sightline.cli.answers import open_answers

    if new and rising:
        raise typer.BadParameter("A pattern is either new or rising; give one of --new and --rising.")
    trend = "new" if new else "rising" if rising else ""
    asked = {"query": query, "start": as_time(since), "end": as_time(until), "limit": limit, "trend": trend}
    with open_answers(server, home) as answers:
        found = answers.get("/api/v1/logs/patterns", asked)
    if as_json:
        show.json_lines(found["patterns"])
    elif found["patterns"]:
        show.table(
            ["count", "share", "over time", "trend", "levels", "services", "pattern"],
            [_row(pattern) for pattern in found["patterns"]],
            right=frozenset({0, 1}),
            whole=frozenset({2}),
        )
    _explain(found, since)


def _row(pattern: dict[str, Any]) -> list[object]:
    return [
        pattern["count"], f"{pattern['share']:.1%}", _drawn(pattern["counts"]), pattern["trend"],
        " ".join(pattern["levels"]), " ".join(list(pattern["services"])[:3]), pattern["template"],
    ]  # fmt: skip


def _drawn(counts: list[int]) -> str:
    """Draw counts as bars, one a step, the highest as high as a letter."""
    most = max(counts, default=0)
    return "".join(_BARS[-(-count * 7 // most)] if count else " " for count in counts)


def _explain(found: dict[str, Any], since: str) -> None:
    if not found["patterns"]:
        show.note(f"Nothing was found since {since}. Look further back, such as --since 7d, or search for less.")
    if found["one_in"] > 1:
        show.note(f"{found['lines']} lines match; one in {found['one_in']} was read, counts are estimates.")
    if found["ungrouped"]:
        show.note(f"{found['ungrouped']} lines are too varied to be grouped.")
    if found["found"] > len(found["patterns"]):
        show.note(f"{found['found'] - len(found['patterns'])} more patterns were found. Raise --limit.")
