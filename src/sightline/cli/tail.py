"""``sightline tail``: records as they come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sightline.cli import show
from sightline.cli.main import NoServerAnswers
from sightline.cli.options import Home, Json, Server  # noqa: TC001 - Typer reads the annotations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def tail(
    query: Annotated[
        str, typer.Argument(help='What to follow, such as "level:error service:shop". Default: all.')
    ] = "",
    server: Server = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    Follow logs as they come in; Ctrl-C ends it.

    It needs a server that runs.
    """
    import httpx

    from sightline.cli import answers

    directory = answers.find_home(home)
    url = answers.find_server(server, directory)
    if url is None:
        raise NoServerAnswers(
            f"No server runs on {directory}, and only a server can be followed. Start one: sightline serve. "
            "What was stored before: sightline search"
        )
    parameters = answers.given({"query": query})
    try:
        with (
            answers.connect(url, timeout_s=None) as client,
            client.stream("GET", "/api/v1/logs/tail", params=parameters) as answer,
        ):
            if not answer.is_success:
                answer.read()
                answers.read(answer)
            _print(read_events(answer.iter_lines()), as_json=as_json)
    except httpx.TransportError as error:
        raise answers.unreachable(url, error) from None
    except KeyboardInterrupt:
        return
    raise NoServerAnswers(f"The server at {url} has ended. Start it again: sightline serve")


def _print(events: Iterable[tuple[str, Any]], *, as_json: bool) -> None:
    for name, told in events:
        if name == "dropped":
            show.note(f"{told.get('count', 'some')} records were left out: they came faster than they could be shown.")
        elif name == "record" and as_json:
            show.json_lines([told])
        elif name == "record":
            show.log_line(told)


def read_events(lines: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Read server-sent events: the name and the decoded data of each. Comments are heartbeats and left out."""
    import json

    name, told = "message", ""
    for line in lines:
        if not line:
            if told:
                yield name, json.loads(told)
            name, told = "message", ""
            continue
        field, _, value = line.partition(":")
        if field == "event":
            name = value.strip()
        elif field == "data":
            told = f"{told}\n{value.removeprefix(' ')}" if told else value.removeprefix(" ")
