"""``sightline serve``: the server, in the foreground."""

from __future__ import annotations

import logging
from pathlib import Path  # noqa: TC003 - Typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from sightline.base import interrupts
from sightline.base import settings as table

if TYPE_CHECKING:
    from collections.abc import Mapping


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Only loopback is open.")] = None,
    port: Annotated[int | None, typer.Option(help="HTTP port; 0 takes a free one.  [default: 4318]")] = None,
    home: Annotated[Path | None, typer.Option(help="Directory of the spool and of the embedded store.")] = None,
    store: Annotated[str | None, typer.Option(help="chdb:///path or clickhouse://user@host:8123/database.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object when the server answers.")] = False,
    by_application: Annotated[bool, typer.Option("--by-application", hidden=True)] = False,
) -> None:
    """
    Run the server: take in, store, answer, show. Stops on Ctrl-C or SIGTERM, after storing what is written.
    """
    loaded = table.load({"host": host, "port": port, "home": home, "store": store})
    values = {name: found.value for name, found in loaded.items()}
    values["home"] = values["home"].expanduser().resolve()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

    def ready(url: str, listening: Mapping[str, str]) -> None:
        if json:
            told = {"url": url, "home": str(values["home"]), "listening": listening}
            print(msgspec.json.encode(told).decode(), flush=True)
        else:
            for protocol, address in listening.items():
                print(f"Sightline takes {protocol} on {address}.", flush=True)
            print(f"Sightline serves {url}, with its records in {values['home']}. Ctrl-C stops it.", flush=True)

    interrupts.end_at_once()
    from sightline.server.run import run

    # An application that starts a server cannot choose other ports; a person can, and is told to.
    spare = {name for name, found in loaded.items() if found.source == "default"} if by_application else ()
    run(values, ready, spare=frozenset(spare))
