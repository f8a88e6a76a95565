"""``start_http_server``: ``/metrics`` on a port of its own, for programs that serve nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator
    from wsgiref.simple_server import WSGIServer

    from prometheus_client.metrics_core import Metric

LOOPBACK: Final = "127.0.0.1"


class _Everything:
    """What ``/metrics`` of an instrumented application shows, as a registry of ``prometheus_client``."""

    def __init__(self, names: frozenset[str] = frozenset()) -> None:
        self._names = names

    def collect(self) -> Iterator[Metric]:
        """Give every family; where names were asked for, those that have such a sample."""
        from sightline.sdk import exposition

        for family in exposition.registry().collect():
            if not self._names or self._names & {family.name, *(sample.name for sample in family.samples)}:
                yield family

    def restricted_registry(self, names: Iterable[str]) -> _Everything:
        """Give the part that ``?name[]=…`` asks for."""
        return _Everything(frozenset(names))


def start_http_server(port: int, addr: str = LOOPBACK, **more: Any) -> tuple[WSGIServer, threading.Thread]:
    """
    Answer every path of a port with the metrics of this process, or of all workers of its server, from a thread.

    Args:
        port: to listen on; 0 takes a free one.
        addr: to listen on. There is no authentication: name another than loopback only where the network is yours.
        more: as for ``prometheus_client.start_http_server``: ``certfile``, ``keyfile``, ….

    Returns:
        The server, which ``server.shutdown()`` and ``server.server_close()`` end, and its thread.

    Raises:
        OSError: if the port is not to be had.
    """
    # Imported by the first metric or here, not before: see metrics.py.
    import prometheus_client

    return prometheus_client.start_http_server(port, addr, cast("Any", _Everything()), **more)
