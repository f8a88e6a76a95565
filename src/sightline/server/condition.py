"""What is wrong with a home when a server starts on it; each with what it means and the next step."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sightline.server.copies import WRITING
from sightline.store import condition

if TYPE_CHECKING:
    from pathlib import Path

    from sightline.store.connect import Store


@dataclass(frozen=True, slots=True)
class Before:
    """
    A home as it was before its store was opened: the engine makes anew what it misses, and says nothing.

    Attributes:
        had_state: whether there was a ``state.db``.
        emptied: tables whose directory was gone.
    """

    had_state: bool
    emptied: list[str]


def look_before(home: Path, directory: Path | None) -> Before:
    """Look at a home whose store, in *directory* where it is an embedded one, is not open yet."""
    return Before((home / "state.db").exists(), condition.emptied(directory) if directory else [])


def sweep(home: Path, directory: Path | None) -> None:
    """Take away what a backup left behind that was cut off: parts that were linked aside, and half a copy."""
    linked = (directory / "shadow").glob("backup*") if directory else ()
    for left in (*linked, *(home / "backups").glob(f"{WRITING}*")):
        shutil.rmtree(left, ignore_errors=True)


def look(store: Store, home: Path, before: Before) -> list[str]:
    """
    Look at a home whose store was just opened.

    Args:
        store: its store.
        home: the directory.
        before: what ``look_before`` gave.
    """
    found = []
    if before.emptied:
        found.append(
            f"The files of {', '.join(before.emptied)} were gone from the store at {store.place}: their records are "
            "not found, new ones are kept. Restore a backup (sightline store restore), or go on without."
        )
    if damaged := condition.set_aside(store):
        told = ", ".join(f"{count} of {table}" for table, count in damaged.items())
        found.append(
            f"Damaged parts are set aside in the store at {store.place}: {told}. Their records are not found. Restore "
            "a backup (sightline store restore), or drop them to go on without: the directories named detached/broken*."
        )
    recorded = condition.has_records(store)
    if recorded and not before.had_state:
        found.append(
            f"{home / 'state.db'} is missing, and the store has records: what still lies in the spool is read from its "
            "beginning, so that some of it may be found twice, and what was decided about issues is gone."
        )
    if not recorded and before.had_state and store.created:
        found.append(
            f"The store at {store.place} is new, and {home / 'state.db'} is not: what was stored before is somewhere "
            "else or gone. Check SIGHTLINE_STORE, or restore a backup (sightline store restore)."
        )
    return found
