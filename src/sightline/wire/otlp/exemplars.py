"""Exemplars of OTLP's data points: single observations that a point counts, with the span in which each was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from prometheus_client.utils import floatToGoString

from sightline.base.errors import BodyTooLarge
from sightline.base.limits import MAX_EXEMPLARS
from sightline.wire.otlp import descriptors
from sightline.wire.otlp.columns import (
    attribute_maps,
    has_number,
    hex_ids,
    numbers,
    offsets_of,
    parents,
    times_or,
    valid_times,
)
from sightline.wire.otlp.labels import each_distinct

if TYPE_CHECKING:
    from collections.abc import Mapping

MILLISECONDS: Final = pa.timestamp("ms", tz="UTC")


@dataclass(frozen=True, slots=True)
class Exemplars:
    """
    The exemplars of some points.

    Attributes:
        rows: for each the row of its point.
        columns: what they say, as ``exemplar_points`` has it.
    """

    rows: np.ndarray
    columns: Mapping[str, pa.Array]


def read(points: pa.StructArray, received_ns: int) -> Exemplars | None:
    """
    Read the exemplars of points; one without a value, or with a time more than a year ahead, is left out.

    One without a time has its point's. They come as bytes, so that points without any cost next to nothing.

    Raises:
        DecodeError: if one is no such message.
        BodyTooLarge: if there are more than ``MAX_EXEMPLARS``.
    """
    lists = points.field("exemplars")
    content = lists.flatten()
    if not len(content):
        return None
    if len(content) > MAX_EXEMPLARS:
        raise BodyTooLarge(f"The points have {len(content):,} exemplars; at most {MAX_EXEMPLARS:,} are taken.")
    found = descriptors.read_exemplars(content.to_pylist())
    good = has_number(found) & valid_times(found.field("time_unix_nano"), received_ns)
    found, rows = found.filter(pa.array(good)), parents(lists)[good]
    of_points = points.field("time_unix_nano").to_numpy()[rows]
    at = times_or(found.field("time_unix_nano"), np.where(of_points == 0, np.uint64(received_ns), of_points))
    return Exemplars(
        rows,
        {
            "Timestamp": at.cast(MILLISECONDS, safe=False),
            "TraceId": hex_ids(found.field("trace_id")),
            "SpanId": hex_ids(found.field("span_id")),
            "Value": numbers(found),
            "Attributes": attribute_maps(found.field("filtered_attributes")),
        },
    )


def bounds_of(points: pa.StructArray, exemplars: Exemplars) -> pa.Array:
    """Give the upper bound, as a label, of the bucket that each exemplar is in."""
    lists = points.field("explicit_bounds")
    bounds = lists.flatten()
    ends = offsets_of(pc.list_value_length(lists))
    values = exemplars.columns["Value"].to_numpy()
    low, high = ends[:-1][exemplars.rows], ends[1:][exemplars.rows]
    last = high.copy()
    each = np.append(bounds.to_numpy(), np.inf)
    while (searched := low < high).any():  # by halves, for all of them at once
        middle = (low + high) // 2
        above = searched & (each[middle] < values)
        low = np.where(above, middle + 1, low)
        high = np.where(searched & ~above, middle, high)
    texts = pa.concat_arrays([each_distinct(bounds, floatToGoString), pa.array(["+Inf"])])
    return texts.take(pa.array(np.where(low == last, len(bounds), low)))
