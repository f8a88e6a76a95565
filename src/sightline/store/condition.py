"""What is wrong with a store's files, as far as the engine tells: it starts without what it could not read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from sightline.store.connect import Store

_TABLE: Final = re.compile(
    r"ATTACH TABLE _ UUID '(?P<id>[0-9a-f-]{36})'.*^ENGINE = \w*MergeTree\b", re.DOTALL | re.MULTILINE
)

_SET_ASIDE: Final = """
SELECT table, count() FROM system.detached_parts
WHERE database = currentDatabase() AND startsWith(reason, 'broken') GROUP BY table ORDER BY table
"""

_ROWS: Final = """
SELECT sum(rows) FROM system.parts
WHERE active AND database = currentDatabase() AND table != 'schema_migrations'
"""


def emptied(directory: Path) -> list[str]:
    """
    Name the tables of an embedded store whose directory is gone, before it is opened: the engine makes it anew.

    Args:
        directory: of the store; one that is not there has lost nothing.
    """
    found = []
    for path in sorted((directory / "metadata").glob("*/*.sql")):
        told = _TABLE.match(path.read_text(encoding="utf-8", errors="replace"))
        if told and not (directory / "store" / told["id"][:3] / told["id"]).is_dir():
            found.append(path.stem)
    return found


def set_aside(store: Store) -> dict[str, int]:
    """Count the damaged parts that the engine moved out of the way, by table."""
    return dict(store.query(_SET_ASIDE).rows)


def has_records(store: Store) -> bool:
    """Tell whether anything was ever stored and kept; on a cluster, on the node that answers."""
    return bool(store.query(_ROWS).scalar())
