"""What waits for merges."""

from __future__ import annotations

from typing import Final, NamedTuple

UNMERGED: Final = """
SELECT
    (SELECT max(found) FROM (
        SELECT count() AS found FROM system.parts WHERE active AND database = currentDatabase()
        GROUP BY table, partition_id)),
    (SELECT sum(total_size_bytes_compressed) FROM system.merges),
    (SELECT count() FROM system.mutations WHERE NOT is_done AND database = currentDatabase())
"""

UNMERGED_S: Final = 5.0
"""Longest that asking for it may take, in seconds."""


class Unmerged(NamedTuple):
    """
    What waits for merges.

    Attributes:
        parts: of the partition, of any table, that has most.
        merging_bytes: bytes, compressed, of what is being merged.
        changes: changes of records that are not made yet, such as deletions: they wait where merges do.
    """

    parts: int
    merging_bytes: int
    changes: int
