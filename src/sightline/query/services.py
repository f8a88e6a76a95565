"""Services that have sent something."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from sightline.query.timerange import IN_RANGE, NS_PER_S, TimeRange

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
    found = store.query(
        "SELECT ServiceName, max(seen), sum(spans), sum(logs) FROM ("
        "SELECT ServiceName, max(Timestamp) AS seen, count() AS spans, 0 AS logs FROM otel_traces "
        f"WHERE {IN_RANGE} GROUP BY ServiceName UNION ALL "
        "SELECT ServiceName, max(Timestamp), 0, count() FROM otel_logs "
        f"WHERE {IN_RANGE} GROUP BY ServiceName) GROUP BY ServiceName ORDER BY ServiceName LIMIT {MAX_SERVICES}",
        range_.parameters,
    )
    return Services([Service(*row) for row in found.rows], found.elapsed_ms)
