"""Whether what was stored survives a power cut: then every insert waits for the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sightline.store.connect import Store

_SETTINGS: Final = {
    "fsync_after_insert": 1,
    "fsync_part_directory": 1,
    "min_rows_to_fsync_after_merge": 1,
}
"""Merged parts too: those that they were made of are removed some minutes later, and may have reached the disk."""

_TABLES: Final = """
SELECT name, engine_full FROM system.tables
WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name
"""


def apply(store: Store, *, fsync: bool) -> list[str]:
    """
    Tell the engine whether to wait for the disk, where it was told otherwise; gives the tables that were changed.

    Raises:
        StoreUnavailable: if the store does not answer.
    """
    changed = []
    everywhere = store.local("")[1]
    for name, described in store.query(_TABLES).rows:
        if all(setting in described for setting in _SETTINGS) is fsync:
            continue
        settings = ", ".join(f"{setting} = {value}" if fsync else setting for setting, value in _SETTINGS.items())
        store.query(
            f"ALTER TABLE {name}{everywhere} {'MODIFY' if fsync else 'RESET'} SETTING {settings}", readonly=False
        )
        changed.append(name)
    return changed
