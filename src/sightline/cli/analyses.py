"""``sightline analyses``: error rates, slow requests, activity per user."""

from __future__ import annotations

from typing import Annotated

import typer

from sightline.cli import show
from sightline.cli.options import Home, Json, Server, as_time


def analyses(
    name: Annotated[str, typer.Argument(help="Which one to run; without a name they are listed.")] = "",
    since: Annotated[
        str, typer.Option("--since", help="Begin here, such as 7d ago. Default: as far as the analysis looks back.")
    ] = "",
    until: Annotated[str, typer.Option("--until", help="End here, as --since. Default: now.")] = "",
    server: Server = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    Run an analysis by its name, or list those there are.

    Without a server the store is read directly.
    """
    from sightline.cli.answers import open_answers

    with open_answers(server, home) as answers:
        if not name:
            listed = answers.get("/api/v1/analyses")["analyses"]
        else:
            found = answers.get(f"/api/v1/analyses/{name}", {"start": as_time(since), "end": as_time(until)})
    if not name and as_json:
        show.json_lines(listed)
    elif not name:
        show.table(["name", "shows", "hours"], [[each["name"], each["title"], each["hours"]] for each in listed])
    elif as_json:
        show.json_object(found)
    else:
        show.table(found["columns"], [[_cell(cell) for cell in row] for row in found["rows"]])
        if not found["rows"]:
            show.note(f"{found['title']}: nothing from {found['start'][:19]} to {found['end'][:19]}.")


def _cell(value: object) -> str:
    if isinstance(value, list):
        return " | ".join(map(str, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
