"""``GET /metrics``: the server's own figures, for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric

from sightline.base.errors import StoreError
from sightline.server.answers import HEADERS, ask, known_parameters
from sightline.store.stats import measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sightline.server.services import Services

router = APIRouter(tags=["Server"], dependencies=[Depends(known_parameters())])


_EXPOSED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The text that Prometheus reads.",
        "content": {"text/plain": {"schema": {"type": "string"}, "example": "sightline_uptime_seconds 42.0\n"}},
    }
}


@router.get(
    "/metrics",
    summary="The server's own figures, as Prometheus scrapes them",
    responses=_EXPOSED,
    response_class=Response,
)
async def metrics(request: Request) -> Response:
    """Tell what came in by each protocol, what was stored, refused and lost, what waits, and what the store holds."""
    body = await ask(_exposed, request.app.state.sightline)
    return Response(body, headers={**HEADERS, "Content-Type": CONTENT_TYPE_LATEST})


class _Families:
    """Shows families as a registry does; a registry itself would keep them."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        services = self._services
        yield InfoMetricFamily("sightline_server", "The server's version.", {"version": services.version})
        yield _gauge("uptime_seconds", "Seconds since the start.", services.uptime_seconds())
        yield from _records(services)
        yield from _protocols(services)
        yield from _spool(services)
        yield from _store(services)


def _exposed(services: Services) -> bytes:
    return generate_latest(_Families(services))


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"sightline_server_{name}", text, value)


def _counter(name: str, text: str, label: str, values: dict[str, float]) -> CounterMetricFamily:
    family = CounterMetricFamily(f"sightline_server_{name}", text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _records(services: Services) -> Iterator[Metric]:
    counters = services.counters
    accepted, stored = dict(counters.accepted.as_dict()), dict(counters.stored.as_dict())
    yield _counter("accepted_records", "Records taken in, by signal.", "signal", {**accepted})
    yield _counter("stored_records", "Records that were stored, by signal.", "signal", {**stored})
    yield CounterMetricFamily(
        "sightline_server_lost_records", "Records dropped by full spools, as processes told.", counters.lost
    )
    yield CounterMetricFamily(
        "sightline_server_quarantined_lines", "Broken lines that were set aside.", counters.quarantined
    )


def _protocols(services: Services) -> Iterator[Metric]:
    by_name = dict(services.counters.protocols)
    yield _counter(
        "protocol_requests", "Requests, chunks or datagrams that were stored, by protocol.", "protocol",
        {name: found.requests for name, found in by_name.items()},
    )  # fmt: skip
    yield _counter(
        "protocol_records", "Records in them, by protocol.", "protocol",
        {name: found.records for name, found in by_name.items()},
    )  # fmt: skip
    yield _counter(
        "protocol_rejected_records", "Records refused one by one, by protocol.", "protocol",
        {name: found.rejected for name, found in by_name.items()},
    )  # fmt: skip
    yield _counter(
        "protocol_refused_requests", "Requests that could not be taken at all, by protocol.", "protocol",
        {name: found.refused for name, found in by_name.items()},
    )  # fmt: skip


def _spool(services: Services) -> Iterator[Metric]:
    backlog = services.lines.backlog()
    yield _gauge("spool_segments", "Segments in the spool.", backlog.segments if backlog else 0)
    yield _gauge("spool_bytes", "Bytes of the spool's segments.", backlog.bytes if backlog else 0)
    yield _gauge("spool_behind_bytes", "Bytes written and not yet stored.", backlog.behind_bytes if backlog else 0)


def _store(services: Services) -> Iterator[Metric]:
    try:
        tables = measure(services.store, None).tables
        events = dict(services.store.query(_QUERIES).rows)
    except StoreError:
        yield _gauge("store_up", "Whether the store answers.", 0)
        return
    yield _gauge("store_up", "Whether the store answers.", 1)
    rows = GaugeMetricFamily("sightline_server_store_rows", "Rows of the store's tables.", labels=["table"])
    size = GaugeMetricFamily("sightline_server_store_bytes", "Bytes of the tables on disk.", labels=["table"])
    for table in tables:
        rows.add_metric([table.table], table.rows)
        size.add_metric([table.table], table.disk_bytes)
    yield rows
    yield size
    yield CounterMetricFamily(
        "sightline_server_queries", "Questions that the store was asked.", events.get("SelectQuery", 0)
    )
    yield CounterMetricFamily(
        "sightline_server_failed_queries", "Those that failed.", events.get("FailedSelectQuery", 0)
    )
    yield CounterMetricFamily(
        "sightline_server_query_seconds", "Time that they took.", events.get("SelectQueryTimeMicroseconds", 0) / 1e6
    )


_QUERIES = (
    "SELECT event, value FROM system.events "
    "WHERE event IN ('SelectQuery', 'FailedSelectQuery', 'SelectQueryTimeMicroseconds')"
)
"""The engine's own counts: they begin when it starts."""
