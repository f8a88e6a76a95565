"""Processes that have sent something, and how much is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

import msgspec

from sightline.query.timerange import NS_PER_S, rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sightline.store.connect import Store

ALIVE_NS: Final = 90 * NS_PER_S
"""A process of another machine that was not heard of for so long counts as gone: six snapshots of its metrics."""

RECENT_NS: Final = 24 * 3600 * NS_PER_S
"""How long a process that is gone is still listed."""

MAX_PROCESSES: Final = 500
"""Most processes that are listed."""


class Process(msgspec.Struct):
    """One process that sends, by its ``service.instance.id``; *pid* is 0 where it is not known."""

    instance: str
    pid: int
    service: str
    host: str
    last_seen: str
    alive: bool

    @classmethod
    def of(cls, instance: str, pid: int, resource: Mapping[str, str], now_ns: int) -> Self:
        """Describe a process that writes now."""
        return cls(
            instance, pid, resource.get("service.name", ""), resource.get("host.name", ""), rfc3339(now_ns), alive=True
        )


def list_processes(store: Store, now_ns: int, writing: Mapping[str, Process]) -> list[Process]:
    """
    List processes, those that live first.

    Args:
        store: who knows which processes sent metrics.
        now_ns: the time.
        writing: processes that hold a segment now, by instance.
    """
    found = store.query(
        "SELECT instance, any(pid), any(ServiceName), any(host), max(toUnixTimestamp64Milli(seen)) AS last FROM ("
        "SELECT any(ResourceAttributes)['service.instance.id'] AS instance, "
        "any(ResourceAttributes)['process.pid'] AS pid, "
        "any(ResourceAttributes)['host.name'] AS host, ServiceName, max(LastSeen) AS seen FROM metric_series "
        "GROUP BY SeriesId, ServiceName HAVING instance != '') GROUP BY instance "
        "HAVING last >= {since:Int64} ORDER BY last DESC, instance LIMIT {limit:UInt32}",
        {"since": (now_ns - RECENT_NS) // 1_000_000, "limit": MAX_PROCESSES},
    )
    processes = dict(writing)
    for instance, pid, service, host, last_ms in found.rows:
        if instance not in processes:
            seen_ns = last_ms * 1_000_000
            number = int(pid) if pid.isascii() and pid.isdigit() else 0
            processes[instance] = Process(
                instance, number, service, host, rfc3339(seen_ns), alive=now_ns - seen_ns < ALIVE_NS
            )
    return sorted(processes.values(), key=lambda process: (not process.alive, process.service, process.instance))


def stored_bytes(store: Store) -> int:
    """Tell how many bytes the store's tables take on disk."""
    found = store.query(
        "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase()"
    ).scalar()
    return int(found or 0)
