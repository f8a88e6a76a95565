"""Traces: search among spans, and one trace with all that belongs to it."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.base.limits import MAX_PAGE
from sightline.query.cursor import decode_cursor, encode_cursor
from sightline.query.logs import LogRecord, logs_of_trace
from sightline.query.search import TRACES, compile_search
from sightline.query.timerange import IN_RANGE, NS_PER_S, TimeRange, rfc3339
from sightline.query.trace_times import of_trace, spans_begun, widened
from sightline.store.limits import QUERY_THREADS

if TYPE_CHECKING:
    from sightline.store.connect import Store
    from sightline.store.result import Result

MAX_SPANS: Final = 10_000
"""Most spans of one trace that are given; a waterfall of more cannot be read, and a page of it weighs 10 MB."""

SPANS_A_TRACE: Final = 16
"""How many spans are read for each trace of a list at first; where traces have more of them, all are looked through."""

MAX_TRACE_LOGS: Final = 2_000
"""Most logs that are given with a trace."""

_AROUND_NS: Final = 3600 * NS_PER_S
"""How far from the spans that were found the rest of a trace, and its logs, are looked for."""

_LONG_NS: Final = 600 * NS_PER_S
"""How long the last spans of a trace may take for its logs to be looked for beside them, not after them."""


class TraceSummary(msgspec.Struct):
    """One trace of a list."""

    trace_id: str
    root_name: str
    root_service: str
    services: list[str]
    start: str
    duration_ms: float
    span_count: int
    error_count: int


class TracePage(msgspec.Struct):
    """Traces, and where the next page begins; null after the last one."""

    traces: list[TraceSummary]
    next_cursor: str | None
    elapsed_ms: float


class SpanEvent(msgspec.Struct):
    """Something that happened within a span."""

    time: str
    name: str
    attributes: dict[str, str]


class SpanLink(msgspec.Struct):
    """Another span that this one belongs with."""

    trace_id: str
    span_id: str
    trace_state: str
    attributes: dict[str, str]


class SpanRecord(msgspec.Struct):
    """One span; *offset_ms* counts from the start of its trace."""

    span_id: str
    parent_id: str
    name: str
    kind: str
    service: str
    start: str
    offset_ms: float
    duration_ms: float
    status: str
    status_message: str
    scope: str
    attributes: dict[str, str]
    resource: dict[str, str]
    events: list[SpanEvent]
    links: list[SpanLink]


class Trace(msgspec.Struct):
    """One trace: spans by their start, and the logs that carry its id."""

    trace_id: str
    start: str
    duration_ms: float
    services: list[str]
    spans: list[SpanRecord]
    logs: list[LogRecord]
    truncated: bool
    elapsed_ms: float


class _Position(msgspec.Struct, array_like=True):
    """The last trace of a page, by its newest span that was found, and the end that the first page had."""

    time_ns: int
    trace_id: str
    end_ns: int


_SPAN_COLUMNS: Final = (
    "SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, Timestamp, toUnixTimestamp64Nano(Timestamp), "
    "Duration, StatusCode, StatusMessage, ScopeName, SpanAttributes, ResourceAttributes, "
    "Events.Timestamp, Events.Name, Events.Attributes, "
    "Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes"
)


def search_traces(
    store: Store, query: str, range_: TimeRange, *, limit: int = 50, cursor: str | None = None
) -> TracePage:
    """
    Find traces that have a span for which the search holds, by their newest such span, newest first.

    Raises:
        QueryInvalid: if the search or the cursor cannot be read.
        QueryTooExpensive: if the search takes too long.
    """
    limit = min(max(1, limit), MAX_PAGE)
    condition = compile_search(query, TRACES)
    position = decode_cursor(cursor, _Position) if cursor else None
    if position:
        end_ns = min(max(range_.start_ns, position.end_ns), 2**63 - 1)
        range_ = TimeRange(range_.start_ns, end_ns)
    # Equal times are ordered by id, so a page ends at (time, id). A trace was given if it has a span up to there.
    given, parameters = "", {**condition.parameters, **range_.parameters}
    if position:
        given = (
            "AND Timestamp <= fromUnixTimestamp64Nano({after:Int64}) AND TraceId NOT IN ("
            f"SELECT TraceId FROM otel_traces WHERE {IN_RANGE} AND {condition.sql} "
            "AND Timestamp >= fromUnixTimestamp64Nano({after:Int64}) "
            "AND (Timestamp, TraceId) >= (fromUnixTimestamp64Nano({after:Int64}), {trace:String}))"
        )
        parameters |= {"after": max(0, min(position.time_ns, 2**63 - 1)), "trace": position.trace_id}
    found, searched_ms = _newest(store, f"{IN_RANGE} AND {condition.sql} {given}", parameters, limit + 1)
    rows = found[:limit]
    if not rows:
        return TracePage([], None, searched_ms)
    summaries, elapsed_ms = _summaries(store, rows)
    following = None
    if len(found) > limit:
        following = encode_cursor(_Position(rows[-1][1], rows[-1][0], range_.end_ns))
    return TracePage(summaries, following, searched_ms + elapsed_ms)


def _newest(
    store: Store, condition: str, parameters: dict[str, Any], count: int
) -> tuple[list[tuple[str, int]], float]:
    """
    Give the first traces by their newest span that was found, with its time, and how long that took in milliseconds.

    Spans sorted by time alone are read until there are enough of them; to tell one of each trace the engine reads all.
    """
    select = f"SELECT TraceId, toUnixTimestamp64Nano(Timestamp) FROM otel_traces WHERE {condition}"
    spans = store.query(
        f"{select} ORDER BY Timestamp DESC LIMIT {{spans:UInt32}}", {**parameters, "spans": count * SPANS_A_TRACE}
    )
    newest: dict[str, int] = {}
    for trace_id, time_ns in spans.rows:
        newest.setdefault(trace_id, time_ns)
    traces = sorted(((at, trace_id) for trace_id, at in newest.items()), reverse=True)
    if len(spans.rows) == count * SPANS_A_TRACE:
        # Of the last time there may be more spans than were read.
        traces = [each for each in traces if each[0] > spans.rows[-1][1]]
    if len(traces) >= count or len(spans.rows) < count * SPANS_A_TRACE:
        return [(trace_id, at) for at, trace_id in traces[:count]], spans.elapsed_ms
    found = store.query(
        f"{select} ORDER BY Timestamp DESC, TraceId DESC LIMIT 1 BY TraceId LIMIT {{limit:UInt32}}",
        {**parameters, "limit": count},
    )
    return found.rows, spans.elapsed_ms + found.elapsed_ms


def read_trace(store: Store, trace_id: str) -> Trace | None:
    """Give one trace, or None where no span of it is stored."""
    trace_id = trace_id.lower()
    known = spans_begun(store, trace_id)
    found, logs = _side_by_side(store, trace_id, known) if known else (None, None)
    if not found or not found.rows:
        found, logs = _spans(store, trace_id, None), None
    if not found.rows:
        return None
    rows = found.rows[:MAX_SPANS]
    start_ns, end_ns = rows[0][6], _ended(rows)
    if logs is None:
        logs = _logs(store, trace_id, widened(TimeRange(start_ns, end_ns), _AROUND_NS))
    return Trace(
        trace_id=trace_id,
        start=rfc3339(start_ns),
        duration_ms=(end_ns - start_ns) / 1e6,
        services=sorted({row[4] for row in rows}),
        spans=[_span(row, start_ns) for row in rows],
        logs=logs,
        truncated=len(found.rows) > MAX_SPANS,
        elapsed_ms=found.elapsed_ms,
    )


def _side_by_side(store: Store, trace_id: str, known: TimeRange) -> tuple[Result, list[LogRecord] | None]:
    """Read the spans that begin in a range, and the logs around it; None for these where a span lasts longer."""
    sought = widened(TimeRange(known.start_ns, known.end_ns + _LONG_NS), _AROUND_NS)
    with ThreadPoolExecutor(1) as beside:
        asked = beside.submit(copy_context().run, partial(_logs, store, trace_id, sought, threads=1))
        found, logs = _spans(store, trace_id, known, threads=1), asked.result()
    reached = not found.rows or _ended(found.rows[:MAX_SPANS]) <= known.end_ns + _LONG_NS
    return found, logs if reached else None


def _spans(store: Store, trace_id: str, within: TimeRange | None, threads: int = QUERY_THREADS) -> Result:
    """Give a trace's spans in their order, one more than are shown."""
    condition, parameters = of_trace(trace_id, within)
    return store.query(
        f"SELECT {_SPAN_COLUMNS} FROM otel_traces WHERE {condition} ORDER BY Timestamp, SpanId LIMIT {{limit:UInt32}}",
        {**parameters, "limit": MAX_SPANS + 1},
        threads=threads,
    )


def _logs(store: Store, trace_id: str, range_: TimeRange, threads: int = QUERY_THREADS) -> list[LogRecord]:
    return logs_of_trace(store, trace_id, range_, MAX_TRACE_LOGS, threads)


def _ended(rows: list[tuple[Any, ...]]) -> int:
    """Tell when the last span ended, in nanoseconds since the epoch."""
    return max(int(row[6] + row[7]) for row in rows)


def _summaries(store: Store, rows: list[tuple[Any, ...]]) -> tuple[list[TraceSummary], float]:
    """Describe traces in the order of *rows*, which are pairs of an id and a time in nanoseconds."""
    at = [row[1] for row in rows]
    found = store.query(
        "SELECT TraceId, argMin(SpanName, (ParentSpanId != '', Timestamp)), "
        "argMin(ServiceName, (ParentSpanId != '', Timestamp)), arraySort(groupUniqArray(100)(ServiceName)), "
        "min(Timestamp), "
        "(max(toUnixTimestamp64Nano(Timestamp) + Duration) - min(toUnixTimestamp64Nano(Timestamp))) / 1e6, "
        "count(), countIf(StatusCode = 'Error') FROM otel_traces "
        f"WHERE TraceId IN {{traces:Array(String)}} AND {IN_RANGE} GROUP BY TraceId",
        {
            "traces": [row[0] for row in rows],
            **widened(TimeRange(min(at), max(at)), _AROUND_NS).parameters,
        },
    )
    by_id = {row[0]: TraceSummary(*row) for row in found.rows}
    return [by_id[row[0]] for row in rows if row[0] in by_id], found.elapsed_ms


def _span(row: tuple[Any, ...], start_ns: int) -> SpanRecord:
    span, parent, name, kind, service, start, time_ns, duration, status, message, scope, attributes, resource = row[:13]
    events, links = row[13:16], row[16:]
    return SpanRecord(
        span_id=span,
        parent_id=parent,
        name=name,
        kind=kind,
        service=service,
        start=start,
        offset_ms=(time_ns - start_ns) / 1e6,
        duration_ms=duration / 1e6,
        status=status,
        status_message=message,
        scope=scope,
        attributes=attributes,
        resource=resource,
        events=[SpanEvent(*each) for each in zip(*events, strict=True)],
        links=[SpanLink(*each) for each in zip(*links, strict=True)],
    )
