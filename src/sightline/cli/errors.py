"""``sightline errors``: issues, and what is decided about them."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from sightline.cli import show
from sightline.cli.options import Home, Json, Server, Since, Until, as_time

if TYPE_CHECKING:
    from sightline.cli.answers import Answers

Listed = Literal["all", "open", "unresolved", "resolved", "ignored", "regressed"]
"""Which issues may be listed, as ``GET /api/v1/errors`` has them."""

Sort = Literal["last_seen", "first_seen", "count", "users"]

_STATUSES: Final = {"resolve": "resolved", "ignore": "ignored", "reopen": "unresolved"}
_ACTIONS: Final = ("list", "show", *_STATUSES)


def errors(
    action: Annotated[str, typer.Argument(help="list, show, resolve, ignore or reopen.")] = "list",
    fingerprint: Annotated[
        str, typer.Argument(help="The issue, as the list names it; of a list, a search.", metavar="[ID|QUERY]")
    ] = "",
    status: Annotated[
        Listed, typer.Option("--status", help="List these: all, open, unresolved, resolved, ignored or regressed.")
    ] = "open",
    sort: Annotated[Sort, typer.Option("--sort", help="List by last_seen, first_seen, count or users.")] = "last_seen",
    since: Since = "14d",
    until: Until = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="List at most so many.")] = 50,
    release: Annotated[
        str, typer.Option("--release", help="Resolve in this release: earlier ones do not open the issue again.")
    ] = "",
    by: Annotated[str, typer.Option("--by", help="Who decides. Default: this system's user.")] = "",
    server: Server = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    List issues, which are groups of errors; show one; or resolve, ignore or reopen it.

    What was resolved and happens again is opened as regressed. Without a server the store is read directly.
    """
    from sightline.cli.answers import open_answers

    _check(action, fingerprint)
    when = {"start": as_time(since), "end": as_time(until)}
    with open_answers(server, home) as answers:
        if action == "list":
            asked = {"query": fingerprint, "status": status, "sort": sort, "limit": limit, **when}
            _list(answers.get("/api/v1/errors", asked)["issues"], since, as_json=as_json)
        elif action == "show":
            _show(answers.get(f"/api/v1/errors/{fingerprint}", when), as_json=as_json)
        else:
            decision = {"status": _STATUSES[action], "release": release, "by": by or _user()}
            _decide(answers, fingerprint, decision, as_json=as_json)


def _check(action: str, fingerprint: str) -> None:
    if action not in _ACTIONS:
        raise typer.BadParameter(f"There is no action {action!r}; expected one of {', '.join(_ACTIONS)}.")
    if action != "list" and not fingerprint:
        raise typer.BadParameter("Name an issue, as sightline errors lists them.")
    if action != "list" and not fingerprint.isalnum():
        raise typer.BadParameter("An issue's name has letters and digits only.")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""  # a container's user may have no name


def _list(issues: list[dict[str, Any]], since: str, *, as_json: bool) -> None:
    if as_json:
        show.json_lines(issues)
    elif issues:
        show.table(
            ["issue", "status", "last seen", "count", "users", "service", "error"],
            [
                [
                    issue["fingerprint"], issue["status"], issue["last_seen"][:19].replace("T", " "), issue["count"],
                    issue["users"], issue["service"], f"{issue['type']}: {issue['message']}",
                ]
                for issue in issues
            ],
            right=frozenset({3, 4}),
        )  # fmt: skip
    else:
        show.note(f"No such issue was seen since {since}. Look further back with --since 90d, or at --status all.")


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show.json_object(found)
        return
    issue = found["issue"]
    print(show.clean(f"{issue['type']}: {issue['message']}"))
    print(
        show.clean(
            f"{issue['fingerprint']}  {issue['status']}  {issue['count']} times  {issue['users']} users  "
            f"first {found['first_seen_ever'][:19]} {found['first_release_ever']}  "
            f"last {issue['last_seen'][:19]} {issue['last_release']}"
        )
    )
    for line in found["stacktrace"].splitlines():
        print(show.clean(line))
    for facet in found["facets"]:
        values = ", ".join(f"{value['value']} ({value['count']})" for value in facet["values"])
        print(show.clean(f"{facet['field']}: {values}"))
    for trace in found["traces"][:5]:
        print(f"trace {trace['trace_id']}")
    for change in found["history"]:
        print(show.clean(f"{change['time'][:19]} {change['status']} {change['release']} {change['by']}".rstrip()))


def _decide(answers: Answers, fingerprint: str, decision: dict[str, str], *, as_json: bool) -> None:
    made = answers.post(f"/api/v1/errors/{fingerprint}/status", decision)
    if as_json:
        show.json_object(made)
    else:
        where = f" in {made['release']}" if made["release"] else ""
        print(show.clean(f"{fingerprint} is {made['status']}{where}."))
