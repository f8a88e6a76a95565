"""Log records of OTLP as columns of ``otel_logs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sightline.model import severity
from sightline.wire.decoded import Decoded
from sightline.wire.otlp import descriptors
from sightline.wire.otlp.columns import attribute_maps, hex_ids, times_or, valid_ids, valid_times
from sightline.wire.otlp.resources import Flat
from sightline.wire.otlp.values import to_strings

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEVELS: Final = pa.array(["", *(severity.name_of(number) for number in range(1, 25))])
"""Name of each severity number, for records that come without a text."""


def decode_logs(body: bytes, received_ns: int) -> Decoded:
    """
    Decode an ``ExportLogsServiceRequest`` into rows of ``otel_logs``.

    A record without a time has the time at which it was observed, or else *received_ns*. An invalid trace or span id is
    taken for none, as the protocol says; a record is rejected only for a time more than a year ahead.

    Raises:
        DecodeError: if *body* is no such message.
        BodyTooLarge: if its resources, repeated for each record, would take too much.
    """
    flat = Flat.of(descriptors.read("logs", body), "scope_logs", "log_records")
    offered = len(flat.records)
    flat = flat.keep(
        valid_times(flat.records.field("time_unix_nano"), received_ns)
        & valid_times(flat.records.field("observed_time_unix_nano"), received_ns)
    )
    rejected = offered - len(flat.records)
    reason = "A log record's times must be no more than a year ahead." if rejected else ""
    if not len(flat.records):
        return Decoded({}, 0, rejected, reason)
    rows = pa.table(_columns(flat, received_ns))
    return Decoded({"otel_logs": rows}, rows.num_rows, rejected, reason)


def _columns(flat: Flat, received_ns: int) -> Mapping[str, pa.Array]:
    records = flat.records
    observed = records.field("observed_time_unix_nano").to_numpy()
    text = records.field("severity_text")
    numbers = _severity(records.field("severity_number").to_numpy(), text)
    return {
        "Timestamp": times_or(records.field("time_unix_nano"), np.where(observed == 0, received_ns, observed)),
        "TraceId": _ids(records.field("trace_id"), 16),
        "SpanId": _ids(records.field("span_id"), 8),
        "TraceFlags": pa.array((records.field("flags").to_numpy() & 0xFF).astype(np.uint8)),
        "SeverityText": pc.if_else(pc.equal(text, ""), _LEVELS.take(pa.array(numbers)), text),
        "SeverityNumber": pa.array(numbers),
        "Body": to_strings(records.field("body")),
        **flat.resource_columns(),
        **flat.scope_columns(),
        **flat.schema_columns(),
        "LogAttributes": attribute_maps(records.field("attributes")),
        "EventName": records.field("event_name"),
    }


def _severity(numbers: np.ndarray, text: pa.StringArray) -> np.ndarray:
    known = np.where((numbers > 0) & (numbers < len(_LEVELS)), numbers, 0).astype(np.uint8)
    if known.all():
        return known
    names = text.dictionary_encode()
    upper = [name.upper() for name in names.dictionary.to_pylist()]
    named = np.array([severity.NUMBERS.get(severity.ALIASES.get(name, name), 0) for name in upper], dtype=np.uint8)
    return np.where(known == 0, named[names.indices.to_numpy()], known)


def _ids(ids: pa.BinaryArray, size: int) -> pa.StringArray:
    valid = valid_ids(ids, size)
    return hex_ids(ids if valid.all() else pc.if_else(pa.array(valid), ids, b""))
