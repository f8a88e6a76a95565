"""Services that have sent something."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from sightline.query.counts import counted_by_service
from sightline.query.cursor import After, decode_cursor, encode_cursor
from sightline.query.timerange import NS_PER_S, TimeRange

if TYPE_CHECKING:
    from sightline.store.connect import Store

DEFAULT_RANGE_NS: Final = 24 * 3600 * NS_PER_S
"""Services are remembered for a day unless a longer time is asked for."""

MAX_SERVICES: Final = 1000
"""Most services that are listed."""


class Service(msgspec.Struct):
    """One service: when it last sent something, and how much in the time that was asked for."""

    name: str
    last_seen: str
    spans: int
    logs: int


class Services(msgspec.Struct):
    """Services by their names, and where the next page begins; null after the last one."""

    services: list[Service]
    next_cursor: str | None
    elapsed_ms: float


def list_services(store: Store, range_: TimeRange, *, limit: int = MAX_SERVICES, cursor: str | None = None) -> Services:
    """
    List services with their spans and logs, page by page.

    Raises:
        QueryInvalid: if the cursor is none of this list.
        QueryTooExpensive: if it takes too long.
    """
    limit = min(max(1, limit), MAX_SERVICES)
    after = {"after": decode_cursor(cursor, After).name} if cursor else {}
    # Records without a service are one of the first page.
    source, bounds = counted_by_service(range_, "ServiceName > {after:String}" if cursor else "1")
    found = store.query(
        f"SELECT ServiceName, max(newest), sum(spans), sum(logs) FROM ({source}) "
        "GROUP BY ServiceName ORDER BY ServiceName LIMIT {most:UInt32}",
        {**range_.parameters, **bounds, **after, "most": limit + 1},
    )
    services = [Service(*row) for row in found.rows[:limit]]
    more = encode_cursor(After(services[-1].name)) if len(found.rows) > limit else None
    return Services(services, more, found.elapsed_ms)
