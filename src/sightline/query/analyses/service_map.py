"""Which services there are, which calls which, and what else they call: databases, queues, other hosts."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.query.counts import SPANS, counted
from sightline.query.services import MAX_SERVICES
from sightline.query.timerange import IN_RANGE, NS_PER_S, TimeRange

if TYPE_CHECKING:
    from sightline.store.connect import Store
    from sightline.store.result import Result

SAMPLE: Final = 50_000
"""Calls that are looked at, the newest ones: their callers have to be found one by one."""

MAX_EDGES: Final = 500
"""Most edges of a map, those with most calls first; nobody reads a larger one."""

_BEFORE_NS: Final = 60 * NS_PER_S
"""How long before a call its caller may have begun, to be found."""

_CALLED: Final = {
    "database": ("db.system.name", "db.system"),
    "queue": ("messaging.system",),
    "model": ("gen_ai.provider.name", "gen_ai.system"),
    "service": ("peer.service", "server.address", "net.peer.name", "http.host"),
}
"""Attributes of a client's span that name what it calls, by what that is; the first one that is set counts."""


class MapNode(msgspec.Struct):
    """
    A service, or what services call.

    Attributes:
        name: of the service, database system or host.
        kind: ``service`` for one that sends spans, else ``database``, ``queue``, ``model`` or ``external``.
        calls: how many calls of it were looked at.
        errors: how many of them failed.
        requests: how many requests it answered in the whole range, spans of kind Server; null for what sends no spans,
            and for services behind the 1,000 with most of them.
        request_errors: how many of these failed, or null.
    """

    name: str
    kind: str
    calls: int
    errors: int
    requests: int | None = None
    request_errors: int | None = None


class MapEdge(msgspec.Struct):
    """Calls from one node to another; durations are those of the side that was called, where it sends spans."""

    caller: str
    called: str
    calls: int
    errors: int
    p50_ms: float
    p95_ms: float


class ServiceMap(msgspec.Struct):
    """Nodes and edges; *sampled* says that only the newest calls of the range were looked at."""

    nodes: list[MapNode]
    edges: list[MapEdge]
    sampled: bool
    elapsed_ms: float


def service_map(store: Store, range_: TimeRange, *, service: str = "") -> ServiceMap:
    """
    Draw who calls whom; services that neither call nor are called stand alone.

    Args:
        store: where.
        range_: when.
        service: only this service, what it calls, and what calls it; empty for all.
    """
    parameters = {**range_.parameters, "sample": SAMPLE, "edges": MAX_EDGES}
    taken = store.query(f"SELECT min(toUnixTimestamp64Nano(Timestamp)), count() FROM ({_taken()})", parameters)
    oldest_ns, answers = taken.rows[0]
    # Callers are found by their ids alone, which are looked at in all spans of that time.
    parameters["before"] = max(range_.start_ns, oldest_ns) - _BEFORE_NS
    inner = store.query(_between_services(), parameters)
    outer = store.query(_to_others(), parameters)
    told = _requests(store, range_)
    requests = {name: (total, failed) for name, total, failed in told.rows}
    edges = [MapEdge(*row) for row in inner.rows]
    senders = [*requests, *(name for row in inner.rows for name in row[:2]), *(row[0] for row in outer.rows)]
    kinds = dict.fromkeys(senders, "service")
    for caller, called, kind, *figures in (row[:7] for row in outer.rows):
        kinds.setdefault(called, "external" if kind == "service" else kind)
        edges.append(MapEdge(caller, called, *figures))
    sampled = answers >= SAMPLE or any(row[-1] >= SAMPLE for row in outer.rows[:1])
    took_ms = sum(found.elapsed_ms for found in (taken, inner, outer, told))
    edges = [edge for edge in edges if not service or service in {edge.caller, edge.called}]
    return ServiceMap(_nodes(kinds, edges, requests, service), edges, sampled, took_ms)


def _nodes(
    kinds: dict[str, str], edges: list[MapEdge], requests: dict[str, tuple[int, int]], only: str
) -> list[MapNode]:
    alone = [name for name in requests if only in {"", name}]
    ends = [name for edge in edges for name in (edge.caller, edge.called)]
    nodes = {name: MapNode(name, kinds[name], 0, 0, *requests.get(name, (None, None))) for name in (*alone, *ends)}
    for edge in edges:
        nodes[edge.called].calls += edge.calls
        nodes[edge.called].errors += edge.errors
    return sorted(nodes.values(), key=lambda node: (-node.calls, -(node.requests or 0), node.name))


def _requests(store: Store, range_: TimeRange) -> Result:
    """Count the requests of each service, and those that failed, from the sums by minute."""
    source, bounds = counted(SPANS, range_, "ServiceName != ''")
    return store.query(
        "SELECT ServiceName, sumIf(counted, SpanKind = 'Server'), "
        "sumIf(counted, SpanKind = 'Server' AND StatusCode = 'Error') "
        f"FROM ({source}) GROUP BY ServiceName ORDER BY sum(counted) DESC, ServiceName LIMIT {{services:UInt32}}",
        {**range_.parameters, **bounds, "services": MAX_SERVICES},
    )


_FIGURES: Final = (
    "count() AS calls, countIf(StatusCode = 'Error'), round(quantile(0.5)(Duration) / 1e6, 3), "
    "round(quantile(0.95)(Duration) / 1e6, 3)"
)


def _taken() -> str:
    """Select the newest spans that answer a call."""
    return (
        "SELECT TraceId, ParentSpanId, ServiceName, Duration, StatusCode, Timestamp "
        f"FROM otel_traces WHERE {IN_RANGE} "
        "AND SpanKind IN ('Server', 'Consumer') AND ParentSpanId != '' ORDER BY Timestamp DESC LIMIT {sample:UInt32}"
    )


def _between_services() -> str:
    return (
        f"SELECT caller.ServiceName, taken.ServiceName, {_FIGURES} "
        f"FROM ({_taken()}) AS taken INNER JOIN (SELECT TraceId, SpanId, ServiceName FROM otel_traces "
        "WHERE Timestamp >= fromUnixTimestamp64Nano({before:Int64}) "
        "AND Timestamp < fromUnixTimestamp64Nano({end:Int64}) "
        f"AND SpanId IN (SELECT ParentSpanId FROM ({_taken()}))) AS caller "
        "ON taken.TraceId = caller.TraceId AND taken.ParentSpanId = caller.SpanId "
        "WHERE caller.ServiceName != taken.ServiceName "
        "GROUP BY caller.ServiceName, taken.ServiceName ORDER BY calls DESC LIMIT {edges:UInt32}"
    )


def _to_others() -> str:
    made = (
        f"SELECT SpanId, ServiceName, Duration, StatusCode, SpanAttributes FROM otel_traces WHERE {IN_RANGE} "
        "AND SpanKind IN ('Client', 'Producer') ORDER BY Timestamp DESC LIMIT {sample:UInt32}"
    )
    return (
        f"SELECT ServiceName, {_first_named(_all_names())} AS called, {_kind()} AS kind, {_FIGURES}, "
        f"(SELECT count() FROM ({made})) FROM ({made}) "
        f"WHERE called != '' AND SpanId NOT IN (SELECT ParentSpanId FROM ({_taken()})) "
        "GROUP BY ServiceName, called, kind ORDER BY calls DESC LIMIT {edges:UInt32}"
    )


def _all_names() -> list[str]:
    return [name for names in _CALLED.values() for name in names]


def _first_named(names: Any) -> str:
    return f"arrayFirst(x -> x != '', [{', '.join(_attribute(name) for name in names)}])"


def _kind() -> str:
    choices = [f"{_first_named(names)} != '', '{kind}'" for kind, names in _CALLED.items()]
    return f"multiIf({', '.join(choices)}, 'service')"


def _attribute(name: str) -> str:
    return f"SpanAttributes['{name}']"
