"""How much the store holds, what it costs on disk, and how fast it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from sightline.store.connect import Store

DAY_S: Final = 86400


class TableStats(msgspec.Struct, frozen=True):
    """
    One table.

    Attributes:
        table: its name.
        rows: how many it has.
        disk_bytes: bytes on disk, compressed, with indexes.
        raw_bytes: bytes of the values before compression.
        ratio: raw bytes to one byte on disk; 0 where there are none.
        bytes_a_row: bytes on disk for each row.
        grown_a_day_bytes: what the rows of the last 24 hours take on disk; 0 where rows have no time.
    """

    table: str
    rows: int
    disk_bytes: int
    raw_bytes: int
    ratio: float
    bytes_a_row: float
    grown_a_day_bytes: int


class StoreStats(msgspec.Struct, frozen=True):
    """
    All tables, and when the disk will be full.

    Attributes:
        place: where the store is.
        tables: the tables that keep rows, the largest first.
        disk_bytes: of all tables.
        free_bytes: free on the store's disk; None where the disk is a server's.
        grown_a_day_bytes: by all tables.
        days_to_full: at this pace, without what retention will free; None where that cannot be told.
    """

    place: str
    tables: list[TableStats]
    disk_bytes: int
    free_bytes: int | None
    grown_a_day_bytes: int
    days_to_full: float | None


_PARTS: Final = """
SELECT t.name, sum(p.rows), sum(p.bytes_on_disk), sum(p.data_uncompressed_bytes),
    hasAny(groupUniqArray(c.name), ['Timestamp'])
FROM system.tables AS t
LEFT JOIN system.columns AS c ON c.database = t.database AND c.table = t.name AND c.name = 'Timestamp'
LEFT JOIN (
    SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes_on_disk,
        sum(data_uncompressed_bytes) AS data_uncompressed_bytes
    FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table
) AS p ON p.table = t.name
WHERE t.database = currentDatabase() AND t.engine LIKE '%MergeTree'
GROUP BY t.name
ORDER BY sum(p.bytes_on_disk) DESC, t.name
"""


def measure(store: Store, free_bytes: int | None) -> StoreStats:
    """
    Measure every table that keeps rows; on a cluster, those of the node that answers.

    Raises:
        StoreUnavailable: if the store does not answer.
    """
    tables = [_measured(store, *row) for row in store.query(_PARTS).rows]
    grown = sum(table.grown_a_day_bytes for table in tables)
    days = round(free_bytes / grown, 1) if grown and free_bytes is not None else None
    return StoreStats(store.place, tables, sum(table.disk_bytes for table in tables), free_bytes, grown, days)


def _measured(store: Store, name: str, rows: int, disk: int, raw: int, timed: int) -> TableStats:
    each = disk / rows if rows else 0.0
    lately = 0
    if rows and timed:
        since = f"Timestamp > now() - {DAY_S} AND Timestamp <= now()"
        lately = store.query(f"SELECT count() FROM `{name}` WHERE {since}").scalar()  # noqa: S608 - the engine's own name
    return TableStats(name, rows, disk, raw, round(raw / disk, 2) if disk else 0.0, round(each, 1), int(each * lately))
