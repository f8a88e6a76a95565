"""``sightline trace``: one trace as a waterfall, with its logs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from sightline.cli import show
from sightline.cli.options import Home, Json, Server  # noqa: TC001 - Typer reads the annotations

if TYPE_CHECKING:
    from collections.abc import Iterator

_BAR = 24
"""Width of the waterfall in characters."""

_ID: Final = re.compile("[0-9a-f]{32}")


def trace(
    trace_id: Annotated[str, typer.Argument(help="The trace's id, 32 hex digits.", metavar="ID")],
    server: Server = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """
    Show one trace: its spans as a waterfall, and its logs.

    Without a server the store is read directly.
    """
    from sightline.cli.answers import open_answers

    asked = trace_id.strip().lower()
    if not _ID.fullmatch(asked):
        raise typer.BadParameter(f"A trace's id has 32 hexadecimal digits, as searches print it; found {trace_id!r}.")
    with open_answers(server, home) as answers:
        found = answers.get(f"/api/v1/traces/{asked}")
    if as_json:
        show.json_object(found)
        return
    print(
        f"trace {found['trace_id']}  {found['start'][:23].replace('T', ' ')}  {found['duration_ms']:.1f} ms  "
        f"{len(found['spans'])} spans  {', '.join(found['services'])}"
    )
    rows = [_row(depth, span, found["duration_ms"]) for depth, span in _walk(found["spans"])]
    show.table(["span", "service", "when", "ms", ""], rows, right=frozenset({3}), whole=frozenset(range(5)))
    for span in found["spans"]:
        if span["status_message"]:
            print(f"{span['name']}: {show.clean(span['status_message'])}")
    if found.get("truncated"):
        show.note("The trace is longer than is shown.")
    for record in found["logs"]:
        show.log_line(record)


def _row(depth: int, span: dict[str, Any], whole_ms: float) -> list[str]:
    failure = "error" if span["status"] == "Error" else ""
    name = f"{'  ' * depth}{span['name']}"
    return [name, span["service"], _bar(span, whole_ms), f"{span['duration_ms']:.1f}", failure]


def _walk(spans: list[dict[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Walk from parents to children, in the order of their starts; each span is given once, whatever its parent is."""
    ordered = sorted(spans, key=lambda span: span["offset_ms"])
    known = {span["span_id"] for span in spans}
    children: dict[str, list[dict[str, Any]]] = {}
    for span in ordered:
        children.setdefault(span["parent_id"], []).append(span)
    seen: set[str] = set()
    # Those without a parent first; then those that a broken sender made each other's parents.
    for root in (*(span for span in ordered if span["parent_id"] not in known), *ordered):
        waiting = [(0, root)]
        while waiting:
            depth, span = waiting.pop()
            if span["span_id"] not in seen:
                seen.add(span["span_id"])
                yield depth, span
                waiting += [(depth + 1, child) for child in reversed(children.get(span["span_id"], []))]


def _bar(span: dict[str, Any], whole_ms: float) -> str:
    scale = _BAR / whole_ms if whole_ms > 0 else 0
    begin = min(int(span["offset_ms"] * scale), _BAR - 1)
    width = max(1, min(round(span["duration_ms"] * scale), _BAR - begin))
    return f"{'·' * begin}{'█' * width}{'·' * (_BAR - begin - width)}"
