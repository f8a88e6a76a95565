"""The processes that record, and what is instrumented in each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sightline.cli.checks.finding import Finding
from sightline.sdk.presence import DIRECTORY, Presence, is_alive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_decode = msgspec.json.Decoder(Presence).decode


def check(home: Path) -> Iterator[Finding]:
    """Look at the file that every process writes about itself."""
    directory = home / DIRECTORY
    paths = sorted(directory.glob("[0-9]*.json")) if directory.is_dir() else []
    living = [path for path in paths if is_alive(path)]
    if not living:
        yield Finding(
            "processes", "warn", f"no process records to {home} now",
            "Start an application that calls sightline.configure(), or start any program with: sightline run CMD",
        )  # fmt: skip
    for path in living:
        try:
            yield from _describe(_decode(path.read_bytes()))
        except FileNotFoundError:
            continue
        except (OSError, msgspec.MsgspecError) as error:
            yield Finding("process", "warn", f"{path.name} cannot be read: {error}", "Delete the file.")


def _describe(told: Presence) -> Iterator[Finding]:
    name = f"process {told.pid}"
    done = [f"{entry.name} {entry.version}".strip() for entry in told.instrumented if entry.by]
    who = f"{told.service} ({told.program or 'python'}, Python {told.python}, by {told.started_by})"
    yield Finding(
        name, "ok", f"{who}: {'instrumented ' + ', '.join(done) if done else 'logs and metrics, nothing instrumented'}",
        details=msgspec.to_builtins(told),
    )  # fmt: skip
    for way in told.sending:
        if way.trouble:
            yield Finding(
                name, "warn", f"nothing is sent to {way.to}: {way.trouble}",
                "What is recorded waits in the spool. Check the address, and that the receiver runs.",
            )  # fmt: skip
    for entry in told.instrumented:
        if not entry.by:
            yield Finding(name, "warn", f"{entry.name} is not instrumented", entry.reason)
        elif entry.reason:
            yield Finding(
                name, "warn", f"{entry.name} is instrumented, with a doubt: {entry.reason}",
                "Look whether its spans are there; if not, install a version that fits.",
            )  # fmt: skip
