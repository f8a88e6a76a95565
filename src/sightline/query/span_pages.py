"""The spans of a trace of any size, page by page, as the JSON that the engine writes: nothing reads them on the way."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec

from sightline.base.limits import MAX_PAGE
from sightline.query.cursor import decode_cursor, encode_cursor
from sightline.query.json_rows import json_list, json_map, json_object, json_value
from sightline.query.timerange import IN_RANGE, parse_time
from sightline.query.trace_times import of_trace, spans_begun
from sightline.query.traces import MAX_SPANS, SpanRecord

if TYPE_CHECKING:
    from sightline.store.connect import Store

SECONDS: Final = 30.0
"""Longest that a page may take."""


class SpanPage(msgspec.Struct):
    """Spans of one trace by their start, and where the next page begins; null after the last one."""

    trace_id: str
    spans: list[SpanRecord]
    next_cursor: str | None
    elapsed_ms: float


class _Position(msgspec.Struct, array_like=True):
    """The last span of a page, and within which time the spans of the trace begin."""

    time_ns: int
    span_id: str
    start_ns: int
    end_ns: int


class _Last(msgspec.Struct):
    """What tells where a page ended."""

    span_id: str
    start: str


_ATTRIBUTES: Final = "attributes Map(LowCardinality(String), String)"
_SPAN: Final = json_object({
    **{name: json_value(column) for name, column in {
        "span_id": "SpanId", "parent_id": "ParentSpanId", "name": "SpanName", "kind": "SpanKind",
        "service": "ServiceName", "start": "Timestamp",
        "offset_ms": "(toUnixTimestamp64Nano(Timestamp) - {began:Int64}) / 1e6", "duration_ms": "Duration / 1e6",
        "status": "StatusCode", "status_message": "StatusMessage", "scope": "ScopeName",
    }.items()},
    "attributes": json_map("SpanAttributes"),
    "resource": json_map("ResourceAttributes"),
    "events": json_list(f"Tuple(time DateTime64(9), name String, {_ATTRIBUTES})",
                        ["Events.Timestamp", "Events.Name", "Events.Attributes"]),
    "links": json_list(f"Tuple(trace_id String, span_id String, trace_state String, {_ATTRIBUTES})",
                       ["Links.TraceId", "Links.SpanId", "Links.TraceState", "Links.Attributes"]),
})  # fmt: skip
"""A ``SpanRecord``."""

_BETWEEN: Final = b",\n"
"""Ends each row, and stands nowhere else: within a row there is no end of a line."""

_AFTER: Final = "AND (Timestamp, SpanId) > (fromUnixTimestamp64Nano({start:Int64}), {span:String})"


def page_spans(store: Store, trace_id: str, *, limit: int = MAX_PAGE, cursor: str | None = None) -> SpanPage | None:
    """Give what :func:`write_spans` writes, as Python values."""
    written = write_spans(store, trace_id, limit=limit, cursor=cursor)
    return msgspec.json.decode(written, type=SpanPage) if written else None


def write_spans(store: Store, trace_id: str, *, limit: int = MAX_PAGE, cursor: str | None = None) -> bytes | None:
    """
    Write a ``SpanPage`` of a trace of any size as JSON; None where no span of it is stored.

    Args:
        store: where.
        trace_id: of the trace.
        limit: most spans, up to ``MAX_SPANS``.
        cursor: where the page before ended.

    Raises:
        QueryInvalid: if the cursor cannot be read.
        QueryTooExpensive: if it takes too long.
    """
    asked = time.monotonic()
    trace_id, limit = trace_id.lower(), min(max(1, limit), MAX_SPANS)
    position = decode_cursor(cursor, _Position) if cursor else _begin(store, trace_id)
    if position is None:
        return None
    rows = _rows(store, trace_id, position, limit + 1, _AFTER if cursor else "")
    end, following = max(0, len(rows) - len(_BETWEEN)), None
    if rows.count(b"\n") > limit:
        end = rows.rindex(_BETWEEN, 0, end)
        following = _ended(rows, end, position)
    rest = {"next_cursor": following, "elapsed_ms": round((time.monotonic() - asked) * 1000, 3)}
    # A page weighs megabytes: it is copied no more often than it has to be.
    begin, ending = b'{"trace_id":%b,"spans":[' % msgspec.json.encode(trace_id), b"]," + msgspec.json.encode(rest)[1:]
    return b"".join((begin, memoryview(rows)[:end], ending))


def _rows(store: Store, trace_id: str, position: _Position, count: int, after: str) -> bytes:
    """Give the first spans from a position on, each of them on a line of its own."""
    # Within its own time the trace need not be looked for in all that is stored.
    began_ns, from_ns, end_ns = (
        max(0, min(at_ns, 2**63 - 2)) for at_ns in (position.start_ns, position.time_ns, position.end_ns)
    )
    times = {"began": began_ns, "start": from_ns, "end": end_ns + 1}
    pieces = store.stream(
        f"SELECT concat({_SPAN}, ',') FROM otel_traces WHERE {IN_RANGE} AND TraceId = {{trace:String}} {after} "
        "ORDER BY Timestamp, SpanId LIMIT {limit:UInt32}",
        "TSVRaw",
        {**times, "trace": trace_id, "span": position.span_id, "limit": count},
        rows=count,
        seconds=SECONDS,
        whole=True,  # one piece: several would have to be copied once more
        short=True,
        raw=True,
    )
    return _utf8(b"".join(pieces))


def _utf8(text: bytes) -> bytes:
    """Give text back, with a sign in place of each byte that is no UTF-8: to look takes less than to write so."""
    if text.isascii():
        return text
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode(errors="replace").encode()
    return text


def _ended(rows: bytes, end: int, before: _Position) -> str:
    """Write the cursor behind the row that ends there."""
    last = msgspec.json.decode(rows[rows.rfind(b"\n", 0, end) + 1 : end], type=_Last)
    return encode_cursor(_Position(parse_time(last.start, 0), last.span_id, before.start_ns, before.end_ns))


def _begin(store: Store, trace_id: str) -> _Position | None:
    """Give the position before the first span of a trace; None where no span of it is stored."""
    if known := spans_begun(store, trace_id):
        condition, parameters = of_trace(trace_id, known)
        first = f"SELECT toUnixTimestamp64Nano(Timestamp) FROM otel_traces WHERE {condition} ORDER BY Timestamp LIMIT 1"
        for (first_ns,) in store.query(first, parameters).rows:
            return _Position(first_ns, "", first_ns, known.end_ns - 1)
    condition, parameters = of_trace(trace_id, None)
    first_ns, last_ns, count = store.query(
        "SELECT toUnixTimestamp64Nano(min(Timestamp)), toUnixTimestamp64Nano(max(Timestamp)), count() "
        f"FROM otel_traces WHERE {condition}",
        parameters,
    ).rows[0]
    return _Position(first_ns, "", first_ns, last_ns) if count else None
