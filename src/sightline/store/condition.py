"""What is wrong with a store's files, as far as the engine tells: it starts without what it could not read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sightline.store.connect import Store

_SET_ASIDE: Final = """
SELECT table, count() FROM system.detached_parts
WHERE database = currentDatabase() AND startsWith(reason, 'broken') GROUP BY table ORDER BY table
"""

_ROWS: Final = """
SELECT sum(rows) FROM system.parts
WHERE active AND database = currentDatabase() AND table != 'schema_migrations'
"""


def set_aside(store: Store) -> dict[str, int]:
    """Count the damaged parts that the engine moved out of the way, by table."""
    return dict(store.query(_SET_ASIDE).rows)


def has_records(store: Store) -> bool:
    """Tell whether anything was ever stored and kept; on a cluster, on the node that answers."""
    return bool(store.query(_ROWS).scalar())
