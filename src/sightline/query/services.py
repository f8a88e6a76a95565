"""Services that have sent something."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from sightline.query.counts import LOGS, SPANS, counted
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
    """Services by their names."""

    services: list[Service]
    elapsed_ms: float


def list_services(store: Store, range_: TimeRange) -> Services:
    """
    List services with their spans and logs.

    Raises:
        QueryTooExpensive: if it takes too long.
    """
    (spans, bounds), (logs, _) = counted(SPANS, range_), counted(LOGS, range_)
    found = store.query(
        "SELECT ServiceName, max(seen), sum(spans), sum(logs) FROM ("
        f"SELECT ServiceName, newest AS seen, counted AS spans, 0 AS logs FROM ({spans}) "
        f"UNION ALL SELECT ServiceName, newest, 0, counted FROM ({logs})) "
        f"GROUP BY ServiceName ORDER BY ServiceName LIMIT {MAX_SERVICES}",
        {**range_.parameters, **bounds},
    )
    return Services([Service(*row) for row in found.rows], found.elapsed_ms)
