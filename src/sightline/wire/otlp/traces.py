"""Spans of OTLP as columns of ``otel_traces``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sightline.wire.decoded import Decoded
from sightline.wire.otlp import descriptors
from sightline.wire.otlp.columns import (
    attribute_maps,
    hex_ids,
    names,
    offsets_of,
    times,
    valid_ids,
    valid_times,
)
from sightline.wire.otlp.resources import Flat

if TYPE_CHECKING:
    from collections.abc import Mapping

SPAN_KINDS: Final = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
"""Names of ``SpanKind``, as the Collector's exporter for ClickHouse writes them."""

STATUS_CODES: Final = ("Unset", "Ok", "Error")
"""Names of ``StatusCode``, likewise."""


def decode_traces(body: bytes, received_ns: int) -> Decoded:
    """
    Decode an ``ExportTraceServiceRequest`` into rows of ``otel_traces``.

    A span without a valid trace id or span id is rejected, as the protocol says, and one more than a year ahead of
    *received_ns*.

    Raises:
        DecodeError: if *body* is no such message.
        BodyTooLarge: if its resources, repeated for each span, would take too much.
    """
    flat = Flat.of(descriptors.read("traces", body), "scope_spans", "spans")
    offered = len(flat.records)
    flat = flat.keep(_valid(flat.records, received_ns))
    rejected = offered - len(flat.records)
    reason = (
        "A span needs a trace id of 16 bytes, a span id of 8, and times no more than a year ahead." if rejected else ""
    )
    if not len(flat.records):
        return Decoded({}, 0, rejected, reason)
    rows = pa.table(_columns(flat))
    return Decoded({"otel_traces": rows}, rows.num_rows, rejected, reason)


def _valid(spans: pa.StructArray, received_ns: int) -> np.ndarray:
    valid: np.ndarray = (
        valid_ids(spans.field("trace_id"), 16)
        & valid_ids(spans.field("span_id"), 8)
        & valid_times(spans.field("start_time_unix_nano"), received_ns)
        & valid_times(spans.field("end_time_unix_nano"), received_ns)
    )
    return valid


def _columns(flat: Flat) -> Mapping[str, pa.Array]:
    spans = flat.records
    status = spans.field("status")
    return {
        "Timestamp": times(spans.field("start_time_unix_nano")),
        "TraceId": hex_ids(spans.field("trace_id")),
        "SpanId": hex_ids(spans.field("span_id")),
        "ParentSpanId": hex_ids(spans.field("parent_span_id")),
        "TraceState": spans.field("trace_state"),
        "SpanName": spans.field("name"),
        "SpanKind": names(spans.field("kind"), SPAN_KINDS, "Unspecified"),
        **flat.resource_columns(),
        **flat.scope_columns(),
        "SpanAttributes": attribute_maps(spans.field("attributes")),
        "Duration": _durations(spans),
        "StatusCode": names(status.field("code"), STATUS_CODES, "Unset"),
        "StatusMessage": status.field("message"),
        **_events(spans.field("events")),
        **_links(spans.field("links")),
    }


def _durations(spans: pa.StructArray) -> pa.Array:
    start = spans.field("start_time_unix_nano").to_numpy()
    end = spans.field("end_time_unix_nano").to_numpy()
    return pa.array(np.where(end > start, end - start, np.uint64(0)))


def _events(events: pa.ListArray) -> dict[str, pa.Array]:
    flat = events.flatten()
    return _nested(
        "Events",
        events,
        {
            "Timestamp": times(flat.field("time_unix_nano")),
            "Name": flat.field("name"),
            "Attributes": attribute_maps(flat.field("attributes")),
        },
    )


def _links(links: pa.ListArray) -> dict[str, pa.Array]:
    flat = links.flatten()
    return _nested(
        "Links",
        links,
        {
            "TraceId": hex_ids(flat.field("trace_id")),
            "SpanId": hex_ids(flat.field("span_id")),
            "TraceState": flat.field("trace_state"),
            "Attributes": attribute_maps(flat.field("attributes")),
        },
    )


def _nested(name: str, lists: pa.ListArray, members: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    offsets = pa.array(offsets_of(pc.list_value_length(lists)).astype(np.int32))
    return {f"{name}.{member}": pa.ListArray.from_arrays(offsets, column) for member, column in members.items()}
