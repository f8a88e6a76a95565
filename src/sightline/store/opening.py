"""Which engine an address asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sightline.base.errors import StoreUnavailable
from sightline.store import address as addresses
from sightline.store import refusal, tokens
from sightline.store.cluster import Cluster

if TYPE_CHECKING:
    from pathlib import Path

    from sightline.store.engine import Engine


def start(url: str, memory_bytes: int) -> tuple[Engine, Cluster | None]:
    """
    Start the embedded engine, or connect to a server; only the one that is asked for is imported.

    Raises:
        SettingInvalid, StoreLocked, StoreUnavailable: as ``Store.open``.
    """
    address = addresses.read(url)
    if isinstance(address, addresses.Embedded):
        return _embedded(address.directory, memory_bytes), None
    from sightline.store.remote import RemoteEngine

    return RemoteEngine(address), Cluster(address.cluster, address.database) if address.cluster else None


def _embedded(directory: Path, memory_bytes: int) -> Engine:
    from sightline.store.embedded import EmbeddedEngine

    try:
        before = tokens.stored(directory)
    except OSError as error:
        raise _unopened(directory, error) from None
    engine = EmbeddedEngine(directory, memory_bytes)
    try:
        forgotten = tokens.forget(engine, before)
    except (RuntimeError, OSError) as error:
        engine.close()
        raise _unopened(directory, error) from None
    if not forgotten:
        return engine
    engine.close()  # it reads its tokens when it starts
    return EmbeddedEngine(directory, memory_bytes)


def _unopened(directory: Path, error: Exception) -> StoreUnavailable:
    return StoreUnavailable(f"The store at {directory} cannot be opened: {refusal.sentence(str(error))}")
