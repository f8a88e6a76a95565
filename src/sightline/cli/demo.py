"""``sightline demo``: a shop with customers, watched; and a check that nothing of it was lost."""

from __future__ import annotations

import signal
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sightline.base.errors import SightlineError
from sightline.cli import show

if TYPE_CHECKING:
    from sightline.cli.stage.counts import Counts
    from sightline.cli.stage.play import Outcome, Play


class RecordsLost(SightlineError):
    """What the demo's programs wrote is not what queries find."""


def demo(
    seconds: Annotated[float | None, typer.Option(min=1, help="Stop after so many. Default: at Ctrl-C.")] = None,
    rate: Annotated[float, typer.Option(min=0.1, help="Customers a second; each sends about five requests.")] = 8.0,
    port: Annotated[int, typer.Option(min=0, help="Port of the server, where it is free.")] = 4318,
    home: Annotated[Path | None, typer.Option(help="Keep all in this directory. Default: a temporary one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
) -> None:
    """
    Show Sightline with real traffic: a server, a shop, its payment service and customers.

    At the end, what the applications wrote is compared with what queries find: the exit code is 1 where that differs.
    """
    from sightline.cli.stage.play import Play

    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: stop.set())
    say = _silent if as_json else _say
    with ExitStack() as stack:
        if home is None:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-demo-"))
            home = Path(directory)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        play = Play(home.resolve(), port, rate)
        say("Starting a server, a shop, a payment service and customers…")
        outcome = play.run(stop, seconds, lambda: say(_introduce(play)), lambda *seen: _tell(say, *seen))
        say("")
    if as_json:
        show.json_object(outcome)
    else:
        _conclude(outcome)
    if outcome.lost or outcome.accepted != outcome.stored or outcome.first_visible_ms is None:
        raise RecordsLost(
            f"The demo's programs wrote {_told(outcome.accepted)}; queries find {_told(outcome.stored)}, and "
            f"{'some' if outcome.first_visible_ms else 'no'} probes were seen."
        )


def _introduce(play: Play) -> str:
    return f"""
  Dashboard   {play.url}
  Shop        {play.shop_url}/products

What to look at:
  {play.url}/         requests, errors and latency of the two services as they happen
  {play.url}/logs     try  level:error   or  service:shop "payment declined"
  {play.url}/traces   try  name:"GET /bestsellers": it asks the database once for each product

In another terminal:
  sightline tail --server {play.url} level:warning
  sightline search --server {play.url} --traces status:error

Ctrl-C stops everything.
"""


def _say(text: str, *, end: str = "\n") -> None:
    print(text, end=end, flush=True)


def _silent(text: str, *, end: str = "\n") -> None:
    """Say nothing: the JSON object is all that is printed."""


def _tell(say: Any, passed: float, counts: Counts) -> None:
    """Keep one line up to date on a terminal; where nobody watches, the sum at the end is enough."""
    if sys.stdout.isatty():
        say(f"\r{passed:5.0f} s   {_told(counts)} \x1b[K", end="")


def _told(counts: Counts) -> str:
    return f"{counts.logs:,} logs, {counts.spans:,} spans, {counts.samples:,} samples, {counts.events:,} events"


def _conclude(outcome: Outcome) -> None:
    first, p95 = outcome.first_visible_ms, outcome.p95_visible_ms
    print(f"In {outcome.seconds:.0f} s the applications wrote {_told(outcome.accepted)}.")
    print(f"Queries find {_told(outcome.stored)}: {outcome.lost:,} lost.")
    if first is not None and p95 is not None:
        print(f"From a log's call until a search finds it: {first:.0f} ms the first time, {p95:.0f} ms at p95.")
