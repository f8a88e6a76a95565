"""Which engine an address asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sightline.store import address as addresses
from sightline.store.cluster import Cluster

if TYPE_CHECKING:
    from sightline.store.engine import Engine


def start(url: str, memory_bytes: int) -> tuple[Engine, Cluster | None]:
    """
    Start the embedded engine, or connect to a server; only the one that is asked for is imported.

    Raises:
        SettingInvalid, StoreLocked, StoreUnavailable: as ``Store.open``.
    """
    address = addresses.read(url)
    if isinstance(address, addresses.Embedded):
        from sightline.store.embedded import EmbeddedEngine

        return EmbeddedEngine(address.directory, memory_bytes), None
    from sightline.store.remote import RemoteEngine

    return RemoteEngine(address), Cluster(address.cluster, address.database) if address.cluster else None
